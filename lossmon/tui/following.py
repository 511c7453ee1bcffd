"""Snapshots of a logdir, one after the other, for as long as somebody wants them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lossmon.tui.snapshot import Snapshot

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source

_READING_SHARE = 0.25
"""Share of the time that reading may take: a slow file system is asked less often."""
_LONGEST_S = 5.0


def follow(
    source: Source,
    interval_s: float,
    pause: Callable[[float], bool],
    *,
    longest_s: float = _LONGEST_S,
) -> Iterator[Snapshot]:
    """Poll every `interval_s` and yield what has changed; reading that fails is a problem to show.

    `pause` waits for so many seconds, `longest_s` at most, and returns whether to go on.
    """
    # Here and not above: numpy and the reader take 180 ms, and the first frame needs neither.
    from lossmon.tui.polling import Poller

    poller, last = Poller(source), Snapshot()
    while True:
        begun = time.monotonic()
        try:
            for last in poller.poll():
                yield last
        except Exception as error:  # a screen that stands still without a word would be worse
            problem = f"reading fails: {type(error).__name__}: {error}"
            if last.problem != problem:
                last = replace(last, problem=problem)
                yield last
        cost = time.monotonic() - begun
        if not pause(min(max(interval_s, cost / _READING_SHARE) - cost, longest_s)):
            return
