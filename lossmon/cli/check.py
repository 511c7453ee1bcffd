"""`lossmon check`: the verdict on every run of a logdir; the exit code says whether to worry."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lossmon.cli.codes import FAIL_ON, exit_code
from lossmon.cli.output import columns, emit, note, use_colour
from lossmon.cli.runs import read_all
from lossmon.cli.source import LOGDIR, fetched
from lossmon.numfmt import plural

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Report
    from lossmon.records import Run


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("check", help="say what is wrong with the runs in a logdir")
    parser.add_argument("logdir", metavar="LOGDIR", help=LOGDIR)
    parser.add_argument("--json", action="store_true", help="print JSON (schema 1) for programs")
    parser.add_argument(
        "--fail-on", choices=FAIL_ON, default="error", help="least severity that exits 3 (error)"
    )
    parser.add_argument(
        "--ignore", metavar="RULE", action="append", default=[], help="silence a rule; repeatable"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the verdicts; return 3 where a finding is as severe as `--fail-on`."""
    from lossmon.cli.rules import known
    from lossmon.diagnosis.engine import diagnose
    from lossmon.report.json import render_json
    from lossmon.report.text import render_text

    ignore = tuple(known(slug).id for slug in args.ignore)
    with fetched(args.logdir) as root:
        runs = read_all(root)
        reports = [diagnose(run, ignore=ignore) for run in runs]
    for one in runs:
        _note_damage(one)
    if args.json:
        emit(render_json(reports))
    else:
        colour = use_colour(sys.stdout)
        emit(render_text(reports, colour=colour, width=columns()))
        emit(f"\n{next_command(reports, args.logdir)}\n")
    return exit_code(reports, args.fail_on)


def next_command(reports: Sequence[Report], logdir: str) -> str:
    """Return the line that says what to type next."""
    causes = [r.cause for r in reports if r.primary and r.primary.severity != "info"]
    look = f"lossmon tui {shlex.quote(logdir)}"
    return f"Next: lossmon explain {causes[0]}, or {look}" if causes else f"Next: {look}"


def _note_damage(run: Run) -> None:
    damage = run.damage
    if damage.records or damage.bytes:
        records, size = plural(damage.records, "damaged record"), plural(damage.bytes, "byte")
        note(f"{run.name}: passed over {records}, {size}")
    for file in damage.files:
        note(f"{run.name}: not read: {file}")
