"""A logdir as a person names it, a path or an address, opened for a command. Not a command.

A copy of a remote logdir is removed on every way out of the `with` block, signals included.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from lossmon.cli.output import named
from lossmon.cli.progress import Progress
from lossmon.errors import UsageError
from lossmon.numfmt import printable

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source

ADDRESS = "here or at ssh://[user@]host[:port]/path"
LOGDIR = f"a run, or a folder of runs, {ADDRESS}"
"""Help for the argument."""


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
    with _ended_by_signals(), open_source(logdir) as source, named(str(source.root), source.shown):
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
    """Copy what is there now; a terminal is told how far it is.

    Raises:
        RemoteError: See `fetched`.
    """
    progress = Progress(shared=False)

    def show(received: int, expected: int) -> None:
        progress.show(f"copied {received / 1e6:.0f} of {expected / 1e6:.0f} MB")

    try:
        source.fetch(show)
    finally:
        progress.clear()


def refuse_file(source: Source) -> None:
    """Complain of a file where a folder is to be watched, which need not exist yet.

    Raises:
        UsageError: It is a file.
    """
    if source.root.is_file():
        raise UsageError(f"{printable(source.shown)} is a file; pass the folder that holds it")


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
