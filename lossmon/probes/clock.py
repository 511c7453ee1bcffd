"""How long an experiment may take, and a line on the terminal that says how far it is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

PATIENCE_S = 1.0
"""Nothing is shown before."""
EVERY_S = 0.25


class Clock:
    """Counts down for all experiments of one probe. Writes to stderr where that is a terminal."""

    def __init__(self, seconds: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began = now()
        self._end = self._until = self._began + seconds
        self._next = self._began + PATIENCE_S
        self._name = ""
        self._shown = 0
        self._is_wanted = _is_terminal()

    def begin(self, name: str, share: float) -> None:
        """Give the next experiment a share, above 0 and up to 1, of the time that is left."""
        self._name = name
        now = self._now()
        self._until = now + share * max(0.0, self._end - now)

    @property
    def is_over(self) -> bool:
        """Whether the experiment under way has used up its time."""
        return self._now() >= self._until

    def tell(self, words: str) -> None:
        """Say how far the experiment is, unless it is too early to."""
        now = self._now()
        if self._is_wanted and now >= self._next:
            self._next = now + EVERY_S
            self._write(f"lossmon: {self._name}, {words}, {now - self._began:.0f} s")

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            self._write("")

    def _write(self, words: str) -> None:
        try:
            sys.stderr.write(f"\r{words.ljust(self._shown)}\r")
            sys.stderr.flush()
        except (OSError, ValueError):  # the terminal is gone
            self._is_wanted = False
        self._shown = len(words)


def _is_terminal() -> bool:
    is_dumb = os.environ.get("TERM", "dumb") in ("", "dumb")
    try:
        return not is_dumb and sys.stderr is not None and sys.stderr.isatty()
    except ValueError:  # it is closed
        return False
