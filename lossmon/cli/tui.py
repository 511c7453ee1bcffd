"""`lossmon tui`: the runs of a logdir in the terminal, before, during and after the training."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from lossmon.cli.codes import HEALTHY
from lossmon.cli.output import columns, emit, note, use_colour
from lossmon.cli.runs import read_all
from lossmon.cli.source import ADDRESS, fetch, opened
from lossmon.errors import UsageError
from lossmon.numfmt import printable

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source
    from lossmon.tui.charset import Charset


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("tui", help="watch the runs of a logdir, live or afterwards")
    parser.add_argument(
        "logdir",
        metavar="LOGDIR",
        help=f"a run, or a folder of runs, {ADDRESS}; it need not exist yet",
    )
    parser.add_argument(
        "--charset",
        choices=("braille", "block", "ascii"),
        help="characters to draw with; default: ascii where the locale is not UTF-8, else braille",
    )
    parser.add_argument(
        "--no-mouse",
        dest="mouse",
        action="store_false",
        help="leave the mouse to the terminal, to select text without shift",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the interface until it is left; without a terminal print the verdicts once."""
    with opened(args.logdir) as source:
        if source.root.is_file():
            raise UsageError(f"{printable(source.shown)} is a file; pass the folder that holds it")
        return (
            _show(source, args.charset, mouse=args.mouse)
            if _has_terminal()
            else _print_once(source)
        )


def _show(source: Source, charset: Charset | None, *, mouse: bool) -> int:
    _prefer_256_colours()
    from lossmon.tui.app import LossmonApp

    app = LossmonApp(source, charset=charset)
    source.follow()
    app.run(mouse=mouse)
    if app.fault is not None:
        raise app.fault
    return app.return_code or HEALTHY


def _has_terminal() -> bool:
    """Return whether keys can be read and a screen drawn; Textual draws on stderr."""
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        return False
    return all(stream is not None and stream.isatty() for stream in streams)


def _prefer_256_colours() -> None:
    """Have a terminal of 16 million colours sent 256: lossmon uses no others, and bytes halve."""
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")


def _print_once(source: Source) -> int:
    from lossmon.diagnosis.engine import diagnose
    from lossmon.report.text import render_text

    note("no terminal: the verdicts once, as `lossmon check` prints them")
    fetch(source)
    reports = [diagnose(one) for one in read_all(source.root)]
    emit(render_text(reports, colour=use_colour(sys.stdout), width=columns()))
    return HEALTHY
