"""How far a long command is, on a terminal's last line, gone when the command ends.

Not a command.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

_PATIENCE_S = 1.0
"""Nothing is shown before: most commands are over by then."""
_EVERY_S = 0.25


class Progress:
    """Writes to stderr, where that is a terminal; `shared` where the data goes to the same one."""

    def __init__(self, *, shared: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = clock() + _PATIENCE_S
        self._shown = 0
        self._is_wanted = not shared and _is_terminal()

    def show(self, words: str) -> None:
        """Replace the line, unless it is too early to."""
        if self._is_wanted and self._clock() >= self._next:
            self._next = self._clock() + _EVERY_S
            self._write(words)

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            self._write("")

    def _write(self, words: str) -> None:
        sys.stderr.write(f"\r{words.ljust(self._shown)}\r")
        sys.stderr.flush()
        self._shown = len(words)


def _is_terminal() -> bool:
    is_dumb = os.environ.get("TERM", "dumb") in ("", "dumb")
    return not is_dumb and sys.stderr is not None and sys.stderr.isatty()
