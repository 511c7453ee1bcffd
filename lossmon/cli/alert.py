"""`lossmon alert`: tells somebody elsewhere what happens to the runs of a logdir."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossmon.cli.codes import HEALTHY, INTERRUPTED, NO_DATA
from lossmon.cli.output import emit, note
from lossmon.cli.source import ADDRESS, fetch, opened, refuse_file
from lossmon.cli.tail import is_over
from lossmon.cli.ways import add_ways, ways_of
from lossmon.errors import NoDataError, UsageError
from lossmon.numfmt import plural, printable
from lossmon.stopon import SEVERITIES

if TYPE_CHECKING:
    from lossmon.alerts.alert import Alert
    from lossmon.alerts.post import Post
    from lossmon.alerts.way import Way
    from lossmon.eventfile.sources import Source

KINDS = ("finding", "resolved", "dead", "stalled", "finished")
_POLL_S, _LONGEST_S = 0.5, 1.0
"""Between two looks; the longest where reading is slow, or the machine busy."""
_PATIENCE_S = 60.0
"""How long the end waits for alerts that are not sent yet."""


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("alert", help="send mail, webhooks, ... when runs need somebody")
    parser.add_argument(
        "logdir",
        metavar="LOGDIR",
        help=f"a run, or a folder of runs, {ADDRESS}; it need not exist yet",
    )
    parser.add_argument(
        "--on", metavar="LIST", default=",".join(KINDS), help=f"of what ({','.join(KINDS)})"
    )
    parser.add_argument(
        "--min-severity", choices=SEVERITIES, default="error", help="of findings (error)"
    )
    parser.add_argument(
        "--per-hour", metavar="N", type=int, default=30, help="most alerts an hour, each way (30)"
    )
    until = parser.add_mutually_exclusive_group()
    until.add_argument("--once", action="store_true", help="look once, and end: for cron")
    until.add_argument(
        "--until-end", action="store_true", help="end when every run has finished or died"
    )
    until.add_argument("--test", action="store_true", help="send one alert that is a test, and end")
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be sent, and remember nothing"
    )
    add_ways(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Follow until all has been said, or ctrl+c; 4 where something could not be sent."""
    kinds = _kinds(args.on)
    if args.per_hour < 1:
        raise UsageError(f"--per-hour takes 1 or more, not {args.per_hour}")
    ways = ways_of(args, os.environ)
    if not ways and not args.dry_run:
        raise UsageError("nobody to tell: add --webhook, --mail-to, --command or --notify")
    with opened(args.logdir) as source:
        refuse_file(source)
        if args.once:
            fetch(source)
        else:
            source.follow()
        post = _post(args, kinds, ways, source)
        try:
            _follow(args, source, post)
            left = post.close(_PATIENCE_S)
        except KeyboardInterrupt:
            _say_left(post.close(0.0))
            return INTERRUPTED
    return _say_left(left)


def wait(seconds: float) -> bool:
    """Wait, and go on: also where nobody reads stdout."""
    time.sleep(seconds)
    return True


def _kinds(text: str) -> Sequence[Any]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in KINDS:
            raise UsageError(f"--on takes {', '.join(KINDS)}, not '{printable(word, 80)}'")
    if not words:
        raise UsageError(f"--on takes {', '.join(KINDS)}")
    return words


def _post(
    args: argparse.Namespace,
    kinds: Sequence[Any],
    ways: dict[str, tuple[Way, str]],
    source: Source,
) -> Post:
    from lossmon.alerts.alarms import Alarms
    from lossmon.alerts.memory import Memory, state_folder
    from lossmon.alerts.post import Post

    if args.dry_run:
        # As if somebody had looked at a time before all runs: what has ended is shown too.
        alarms = Alarms(kinds, args.min_severity, source.shown, kept={"looked": 0.0})
        return Post(alarms, None, {}, note)
    only = {name: way for name, (way, _) in ways.items()}
    if args.test:
        return Post(Alarms(kinds, args.min_severity, source.shown), None, only, note)
    place = source.shown if "://" in source.shown else str(Path(source.root).resolve())
    secrets = [f"{name} {about}" for name, (_, about) in ways.items()]
    memory = Memory(state_folder(os.environ), place, *secrets)
    kept = memory.read()
    alarms = Alarms(kinds, args.min_severity, source.shown, kept=kept)
    return Post(alarms, memory, only, note, kept=kept, per_hour=args.per_hour)


def _follow(args: argparse.Namespace, source: Source, post: Post) -> None:
    from lossmon.tui.following import follow

    if args.test:
        _show(args, [_test(source)])
        post.send([] if args.dry_run else [_test(source)])
        return

    def pause(seconds: float) -> bool:
        post.remember()
        return not args.once and wait(seconds)

    problem = ""
    for snapshot in follow(source, _POLL_S, pause, longest_s=_LONGEST_S):
        if snapshot.problem and snapshot.problem != problem and not args.once:
            note(f"{source.shown}: {snapshot.problem}")
        problem = snapshot.problem
        _show(args, post.take(snapshot))
        if args.until_end and is_over(snapshot, once=False):
            return
    if problem:
        raise NoDataError(f"{source.shown}: {problem}")


def _show(args: argparse.Namespace, alerts: Iterable[Alert]) -> None:
    """Print a line for each alert; in a dry run all that would be sent."""
    for alert in alerts:
        emit(f"{alert.title}\n")
        if args.dry_run:
            for way, _ in ways_of(args, os.environ).values():
                emit("".join(f"  {way.name}: {line}\n" for line in way.preview(alert).splitlines()))


def _test(source: Source) -> Alert:
    from lossmon.alerts.alert import Alert

    return Alert(
        "finding",
        "a test",
        0,
        source.shown,
        wall_time=time.time(),
        rule="no-signal",
        severity="info",
        since_step=0,
        claim="This is a test of lossmon alert: nothing is wrong.",
    )


def _say_left(left: int) -> int:
    if left:
        note(f"{plural(left, 'alert')} could not be sent")
    return NO_DATA if left else HEALTHY
