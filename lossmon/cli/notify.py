"""`--notify`, and the terminal that it speaks to. Not a command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lossmon.cli.output import note

if TYPE_CHECKING:
    from lossmon.tui.notice import Way
    from lossmon.tui.notifier import Notifier

WAYS = ("bell", "title", "osc9", "osc777", "osc99")


def add_notify(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--notify", metavar="WAY", choices=WAYS, action="append", default=[],
        help=f"tell of a new error by {', '.join(WAYS)}; repeatable",
    )  # fmt: skip


@contextmanager
def notifier(ways: list[Way]) -> Iterator[Notifier | None]:
    """Give what rings on the terminal, wherever stdout leads; None where there is nothing to do."""
    from lossmon.tui.notifier import Notifier

    streams = (sys.stderr, sys.stdout)
    stream = next((one for one in streams if one is not None and one.isatty()), None)
    if not ways or stream is None:
        if ways:
            note("no terminal: --notify does nothing")
        yield None
        return

    def write(sequence: str) -> None:
        stream.write(sequence)
        stream.flush()

    made = Notifier(ways, write, os.environ)
    made.begin()
    try:
        yield made
    finally:
        made.end()
