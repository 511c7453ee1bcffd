"""`lossmon show`: one run as a page of text: how it stands, its loss, its findings, its layers."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from typing import TYPE_CHECKING, Any

from lossmon.cli.codes import HEALTHY
from lossmon.cli.output import columns, emit, takes_signs, use_colour
from lossmon.cli.runs import read_each, runs_called
from lossmon.cli.source import LOGDIR, fetched
from lossmon.errors import UsageError

if TYPE_CHECKING:
    from lossmon.tui.choice import Entry
    from lossmon.tui.snapshot import RunView


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("show", help="print one run: loss, findings, layers")
    parser.add_argument("logdir", metavar="LOGDIR", help=LOGDIR)
    parser.add_argument(
        "--run", dest="name", metavar="NAME", help="which run (the one in most trouble)"
    )
    parser.add_argument("--once", action="store_true", help="print and end; it always does")
    parser.add_argument("--width", metavar="N", type=int, help="columns (those of the terminal)")
    parser.add_argument(
        "--charset", choices=("braille", "ascii"), help="signs to draw with (what stdout can take)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON (schema 1) for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the run; 0 whatever it is like: `check` is there to judge."""
    from lossmon.tui.choice import worst
    from lossmon.tui.page import NARROWEST, WIDEST

    width = columns() if args.width is None else args.width
    if args.width is not None and not NARROWEST <= width <= WIDEST:
        raise UsageError(f"--width takes {NARROWEST} to {WIDEST} columns, not {width}")
    names = [args.name] if args.name is not None else []
    with fetched(args.logdir) as root:
        view, entries = worst(read_each(runs_called(names, root)), time.time())
        return _print(args, view, entries, width)


def _print(args: argparse.Namespace, view: RunView, entries: list[Entry], width: int) -> int:
    if args.json:
        emit(_json(view, entries))
        return HEALTHY
    text = _text(view, entries, f"lossmon ls {shlex.quote(args.logdir)}", width)
    if args.charset == "ascii" or (args.charset is None and not takes_signs()):
        from lossmon.tui.plain import to_ascii

        text = to_ascii(text)
    emit(text)
    return HEALTHY


def _text(view: RunView, entries: list[Entry], more: str, width: int) -> str:
    from lossmon.tui.choice import listing
    from lossmon.tui.page import page

    assert view.report is not None
    listed = listing(entries, more, width=width) if len(entries) > 1 else []
    shown = page(view, view.report, width=width, colour=use_colour(sys.stdout))
    return "".join(f"{line}\n" for line in listed) + ("\n" if listed else "") + shown


def _json(view: RunView, entries: list[Entry]) -> str:
    from lossmon.report.json import SCHEMA, dump
    from lossmon.report.state import state_dict

    assert view.report is not None
    others = [one.name for one in entries if one.name != view.name]
    state = state_dict(view.run, view.report, view.life)
    return dump({"schema": SCHEMA, "run": state, "others": others})
