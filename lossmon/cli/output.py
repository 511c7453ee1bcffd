"""Where text leaves the program: data to stdout, messages to stderr, whatever reads them.

A reader that goes away (`| head`) ends the output and changes neither the exit code nor the calm.
"""

from __future__ import annotations

import os
import select
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from lossmon.errors import LossmonError
from lossmon.numfmt import printable

MESSAGE = 1000
"""Characters of a message that are shown at most."""
_NAMES: dict[str, str] = {}
"""By the place, what `named` calls it."""


def emit(text: str) -> bool:
    """Write data to stdout; characters that its encoding lacks are written as escapes.

    Returns whether somebody still reads: what comes after False need not be made.
    """
    return _write(sys.stdout, text)


def note(message: str) -> None:
    """Write one line to stderr, after the program's name."""
    for place, name in _NAMES.items():
        message = message.replace(place, name)
    _write(sys.stderr, f"lossmon: {printable(message, MESSAGE)}\n")


@contextmanager
def named(place: str, name: str) -> Iterator[None]:
    """Have `note` call a place by the name that the user gave it: a copy by its address."""
    _NAMES[place] = name
    try:
        yield
    finally:
        del _NAMES[place]


def flush() -> None:
    """Flush stdout, so that a failing write is met here and not at the interpreter's end."""
    _write(sys.stdout, "")


def use_colour(stream: TextIO | None) -> bool:
    """Return whether `stream` is a terminal whose user has not refused colour (NO_COLOR)."""
    if stream is None or os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return False
    return stream.isatty()


def takes_signs() -> bool:
    """Return whether the encoding of stdout has the signs that lossmon draws with."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        "⣿│▒".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def wait_for_reader(seconds: float) -> bool:
    """Wait; return False, at once, where nobody reads stdout any more.

    Without it a command that has nothing to write would never learn that its reader has gone.
    """
    try:
        waiter = select.poll()
        waiter.register(sys.stdout.fileno(), 0)
    except (AttributeError, OSError, ValueError):  # Windows has no poll; a stream may be no file
        time.sleep(seconds)
        return True
    return not waiter.poll(seconds * 1000)


def columns() -> int:
    """Return the width to lay text out for: COLUMNS, else the terminal's, else 80."""
    return shutil.get_terminal_size((80, 24)).columns


def _write(stream: TextIO | None, text: str) -> bool:
    if stream is None:  # the program was started with this stream closed
        return False
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        # The interpreter flushes once more at its end; without this it would complain there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError) and stream is not sys.stderr:
            raise LossmonError(f"the output cannot be written: {error.strerror}") from error
        return False
    return True
