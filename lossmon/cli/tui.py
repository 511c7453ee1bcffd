"""`lossmon tui`: the runs of a logdir in the terminal, before, during and after the training."""

from __future__ import annotations

import argparse
import gc
import math
import os
import shutil
import sys
from operator import le
from typing import TYPE_CHECKING, Any

from lossmon.cli.codes import HEALTHY
from lossmon.cli.notify import add_notify
from lossmon.cli.output import columns, emit, note, takes_signs, use_colour
from lossmon.cli.runs import read_all
from lossmon.cli.source import ADDRESS, fetch, opened, refuse_file
from lossmon.errors import UsageError
from lossmon.numfmt import printable
from lossmon.tui.keymap import SCREENS

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source
    from lossmon.tui.app import LossmonApp


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("tui", help="watch the runs of a logdir, live or afterwards")
    parser.add_argument(
        "logdir",
        metavar="LOGDIR",
        help=f"a run, or a folder of runs, {ADDRESS}; it need not exist yet",
    )
    parser.add_argument("--once", action="store_true", help="print one screen as text, and end")
    parser.add_argument("--width", metavar="N", type=int, help="its columns (the terminal's)")
    parser.add_argument("--height", metavar="N", type=int, help="its rows (the terminal's)")
    parser.add_argument("--screen", choices=SCREENS, help="which (the first)")
    parser.add_argument(
        "--charset",
        choices=("braille", "block", "ascii"),
        help="characters to draw with; default: ascii where the locale is not UTF-8, else braille",
    )
    parser.add_argument(
        "--refresh",
        metavar="S",
        type=seconds,
        help="seconds between two looks at the log, at least; default: 0.5, over SSH 1",
    )
    parser.add_argument(
        "--no-mouse",
        dest="mouse",
        action="store_false",
        help="leave the mouse to the terminal, to select text without shift",
    )
    add_notify(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the interface until it is left; without a terminal print the verdicts once."""
    with opened(args.logdir) as source:
        refuse_file(source)
        if args.once:
            return _print_screen(args, source)
        return _show(args, source) if _has_terminal() else _print_once(source)


def _print_screen(args: argparse.Namespace, source: Source) -> int:
    from lossmon.tui.still import LEAST, MOST, still

    terminal = shutil.get_terminal_size((80, 24))
    width = terminal.columns if args.width is None else args.width
    size = width, terminal.lines if args.height is None else args.height
    if not all(map(le, LEAST, size)) or not all(map(le, size, MOST)):
        raise UsageError(
            f"a screen has {LEAST[0]} to {MOST[0]} columns and {LEAST[1]} to {MOST[1]} rows, "
            f"not {size[0]} and {size[1]}"
        )
    fetch(source)
    rows = still(source, size, screen=args.screen or "", colour=use_colour(sys.stdout))
    text = "".join(f"{row}\n" for row in rows)
    if not takes_signs():
        from lossmon.tui.plain import to_ascii

        text = to_ascii(text)
    emit(text)
    return HEALTHY


def _show(args: argparse.Namespace, source: Source) -> int:
    _prefer_256_colours()
    # What is imported stays: to look for garbage in it takes a tenth of the start.
    gc.disable()
    from lossmon.tui.hangup import ended_by_hangup

    app = _app(args, source)
    source.follow()
    with ended_by_hangup():
        app.run(mouse=args.mouse)
    if app.fault is not None:
        raise app.fault
    return app.return_code or HEALTHY


def _app(args: argparse.Namespace, source: Source) -> LossmonApp:
    options = {"interval_s": args.refresh, "charset": args.charset}
    if args.notify:
        from lossmon.tui.noticing import NoticingApp

        return NoticingApp(source, args.notify, **options)
    from lossmon.tui.app import LossmonApp

    return LossmonApp(source, **options)


def seconds(text: str) -> float:
    """Return a length of time from 0.1 s to an hour."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.1 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{printable(text)} is not 0.1 to 3600 seconds")
    return value


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

    note("no terminal: the verdicts once; `lossmon tail` follows")
    fetch(source)
    reports = [diagnose(one) for one in read_all(source.root)]
    emit(render_text(reports, colour=use_colour(sys.stdout), width=columns()))
    return HEALTHY
