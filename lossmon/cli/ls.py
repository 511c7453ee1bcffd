"""`lossmon ls`: the runs of a logdir, a line each: how it stands, how far, how low, since when."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lossmon.cli.output import emit, use_colour
from lossmon.cli.runs import read_all
from lossmon.cli.source import LOGDIR, fetched
from lossmon.numfmt import fmt, fmt_duration, printable

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Report
    from lossmon.records import Run

HEADER = ("run", "status", "cause", "step", "loss", "last written")
NUMBERS = (3, 4)
"""Columns that hold numbers."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the table."""

    run: Run
    report: Report
    liveness: str
    is_silent: bool
    """Whether it counts as living and has missed two heartbeats."""
    loss: float | None
    """The last loss, finite or not; None where none was recorded."""


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("ls", help="list the runs in a logdir")
    parser.add_argument("logdir", metavar="LOGDIR", help=LOGDIR)
    parser.add_argument("--json", action="store_true", help="print JSON (schema 1) for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the table; 0 whatever the runs are like: `check` is there to judge."""
    with fetched(args.logdir) as root:
        now = time.time()
        listed = [_listed(one, now) for one in read_all(root)]
    emit(_json(listed) if args.json else _table(listed, now, colour=use_colour(sys.stdout)))
    return 0


def _listed(run: Run, now: float) -> Listed:
    from lossmon.diagnosis.engine import diagnose
    from lossmon.eventfile.liveness import liveness, silence
    from lossmon.signals import LOSS

    series = run.scalar(LOSS)
    loss = float(series.values[-1]) if series is not None and len(series) else None
    return Listed(run, diagnose(run), liveness(run, now), silence(run, now) > 0, loss)


def _table(listed: list[Listed], now: float, *, colour: bool) -> str:
    from lossmon.report.grid import paint
    from lossmon.report.table import align

    heading, *lines = align([HEADER, *(_cells(one, now) for one in listed)], right=NUMBERS)
    return "\n".join([paint(heading, "dim", colour=colour), *lines]) + "\n"


def _cells(one: Listed, now: float) -> tuple[str, ...]:
    step = one.run.last_step
    life = "silent" if one.is_silent else one.liveness
    age = f"{fmt_duration(now - one.run.last_wall)} ago" if one.run.last_wall else ""
    return (
        printable(one.run.name, 60),
        one.report.status.replace("-", " "),
        one.report.cause or fmt(None),
        str(step) if step >= 0 else fmt(None),
        fmt(one.loss),
        ", ".join(word for word in (age, life) if word),
    )


def _json(listed: list[Listed]) -> str:
    from lossmon.report.json import SCHEMA, dump, number

    runs = [
        {
            "run": one.run.name,
            "status": one.report.status,
            "cause": one.report.cause,
            "step": one.run.last_step,
            "loss": None if one.loss is None else number(one.loss),
            "liveness": one.liveness,
            "last_wall": number(one.run.last_wall),
        }
        for one in listed
    ]
    return dump({"schema": SCHEMA, "runs": runs})
