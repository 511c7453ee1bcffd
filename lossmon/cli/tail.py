"""`lossmon tail`: what happens to the runs of a logdir, a line each, for pipes, logs and mails."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lossmon.cli.codes import FAIL_ON, FINDINGS, HEALTHY, INTERRUPTED, STOPPED, exit_code
from lossmon.cli.notify import add_notify, notifier
from lossmon.cli.output import emit, note, takes_signs, use_colour, wait_for_reader
from lossmon.cli.source import ADDRESS, fetch, opened, refuse_file
from lossmon.errors import NoDataError, UsageError

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source
    from lossmon.tui.news import News
    from lossmon.tui.notifier import Notifier
    from lossmon.tui.snapshot import Snapshot

_POLL_S = 1.0


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("tail", help="follow runs as plain lines, for pipes and logs")
    parser.add_argument(
        "logdir",
        metavar="LOGDIR",
        help=f"a run, or a folder of runs, {ADDRESS}; it need not exist yet",
    )
    until = parser.add_mutually_exclusive_group()
    until.add_argument("--once", action="store_true", help="print how things stand, and end")
    until.add_argument(
        "--until-end", action="store_true", help="end when every run has finished or died"
    )
    parser.add_argument(
        "--every", metavar="S", type=float, default=10.0,
        help="least seconds between two lines on how far a run got (10)",
    )  # fmt: skip
    parser.add_argument("--times", action="store_true", help="begin each line with date and time")
    parser.add_argument("--json", action="store_true", help="JSON lines (schema 1) for programs")
    parser.add_argument(
        "--fail-on", choices=FAIL_ON, default="never", help="least severity that exits 3 (never)"
    )
    add_notify(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print lines until all has been said, nobody reads them, or ctrl+c."""
    if not 0 <= args.every < math.inf:
        raise UsageError(f"--every takes seconds, 0 or more, not {args.every:g}")
    try:
        with opened(args.logdir) as source:
            refuse_file(source)
            if args.once:
                fetch(source)
            else:
                source.follow()
            with notifier(args.notify) as ringer:
                return _tail(args, source, ringer)
    except KeyboardInterrupt:
        return INTERRUPTED


def _tail(args: argparse.Namespace, source: Source, ringer: Notifier | None) -> int:
    from lossmon.tui.following import follow
    from lossmon.tui.news import Newsreader

    line, reader, problem = _line(args), Newsreader(every_s=args.every), ""
    ends = args.once or args.until_end
    for snapshot in follow(source, _POLL_S, lambda s: not args.once and wait_for_reader(s)):
        if snapshot.problem and snapshot.problem != problem and not args.once:
            note(f"{source.shown}: {snapshot.problem}")
        problem = snapshot.problem
        for news in reader.take(snapshot):
            if not emit(line(news)):
                return HEALTHY
        if ringer is not None:
            ringer.take(snapshot)
        if ends and is_over(snapshot, once=args.once):
            return _code(snapshot, args.fail_on)
    if args.once:
        raise NoDataError(f"{source.shown}: {problem}")
    return HEALTHY


def is_over(snapshot: Snapshot, *, once: bool) -> bool:
    """Return whether all that is to come has been read: at once, or once no run grows any more."""
    if not snapshot.runs or snapshot.is_behind:
        return False
    return once or not any(view.is_growing for view in snapshot.runs)


def _code(snapshot: Snapshot, fail_on: str) -> int:
    """Return 3 for findings, else 5 where a run has died or stalled, else 0."""
    reports = [view.report for view in snapshot.runs if view.report is not None]
    if exit_code(reports, fail_on) == FINDINGS:
        return FINDINGS
    stopped = any(view.life in ("dead", "stalled") for view in snapshot.runs)
    return STOPPED if stopped else HEALTHY


def _line(args: argparse.Namespace) -> Callable[[News], str]:
    """Return what makes news a line, as it was asked for."""
    from lossmon.tui.line import cells
    from lossmon.tui.newsline import json_line, text_line

    if args.json:
        return json_line
    colour, width = use_colour(sys.stdout), 0
    takes_all = takes_signs()

    def line(news: News) -> str:
        nonlocal width
        width = max(width, cells(news.view.name))
        text = text_line(news, name_width=width, colour=colour)
        if not takes_all:
            from lossmon.tui.plain import to_ascii

            text = to_ascii(text)
        return f"{_now()}  {text}\n" if args.times else f"{text}\n"

    return line


def _now() -> str:
    return datetime.fromtimestamp(time.time()).strftime("%Y-%m-%d %H:%M:%S")
