"""A logdir as a person names it, a path or an address, opened for a command. Not a command.

A copy of a remote logdir is removed on every way out of the `with` block, signals included.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from lossmon.cli.output import note

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source

ADDRESS = "here or at ssh://[user@]host[:port]/path"
LOGDIR = f"a run, or a folder of runs, {ADDRESS}"
"""Help for the argument."""
_PATIENCE_S = 1.0
"""A copy that takes longer says how far it is."""
_REPORTING_S = 0.5


@contextmanager
def opened(logdir: str) -> Iterator[Source]:
    """Open a path or an address; SIGTERM and SIGHUP end the block and the program.

    Raises:
        UsageError: The address cannot be used.
    """
    from lossmon.eventfile.sources import is_remote
    from lossmon.eventfile.sources import opened as open_source

    if not is_remote(logdir):
        with open_source(logdir) as source:
            yield source
        return
    with _ended_by_signals(), open_source(logdir) as source:
        yield source


@contextmanager
def fetched(logdir: str) -> Iterator[Path]:
    """Open a path or an address, and have everything in the folder that is there now.

    Raises:
        UsageError: The address cannot be used.
        RemoteError: The host, the folder or an event file in it cannot be had.
    """
    with opened(logdir) as source:
        fetch(source)
        yield source.root


def fetch(source: Source) -> None:
    """Copy what is there now; where that takes long, say how far it is.

    Raises:
        RemoteError: See `fetched`.
    """
    progress = _Progress(source.shown)
    try:
        source.fetch(progress)
    finally:
        progress.clear()


class _Progress:
    """One line on stderr that renews itself on a terminal; elsewhere one line, once."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._due = time.monotonic() + _PATIENCE_S
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._is_shown = False

    def __call__(self, received: int, expected: int) -> None:
        now = time.monotonic()
        if now < self._due or received >= expected:
            return
        self._due = now + _REPORTING_S
        text = f"copying {self._shown}: {received / 1e6:.0f} of {expected / 1e6:.0f} MB"
        if self._is_terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif not self._is_shown:
            note(text)
        self._is_shown = True

    def clear(self) -> None:
        """Leave no line on a terminal."""
        if self._is_terminal and self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn signals that would end the program on the spot into an exit that cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, _exit) for number in names}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
