"""`lossmon run SCRIPT [ARGS]`: the script's own output and exit code, then the verdicts."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossmon.errors import LossmonError, UsageError

if TYPE_CHECKING:
    from lossmon.autowatch.session import Session
    from lossmon.diagnosis.finding import Report

RANKS_S = 5.0
"""How long rank 0 waits for the others' last words before it reports."""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "run",
        help="run a training script unchanged, watched, and say what is wrong with it",
        usage="lossmon run [--logdir DIR] [--fail-on SEVERITY] [--stop-on LIST] [--probe] "
        "[--hold-out] [--json] (SCRIPT | -m MODULE | torchrun ...) [ARGS ...]",
    )
    parser.add_argument("--logdir", help="folder for the runs (default: runs/<script name>)")
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning", "info", "never"),
        default="never",
        help="exit 3 when a finding is at least this severe and the script itself succeeded",
    )
    parser.add_argument(
        "--stop-on",
        metavar="LIST",
        default="",
        help="end the script, with exit code 6, at a finding of these rules or severities: "
        "nan-in-loss,error",
    )
    parser.add_argument(
        "--probe",
        action="store_true",
        help="once the script has ended, find out by experiments on copies of each model what "
        "watching cannot tell: a minute each at most",
    )
    parser.add_argument(
        "--hold-out",
        action="store_true",
        help="for a script without validation: train on four fifths of its examples, and record "
        "what the others cost as val/loss",
    )
    parser.add_argument("--json", action="store_true", help="end stdout with the report as JSON")
    parser.add_argument("--session", default="", help=argparse.SUPPRESS)
    parser.add_argument(
        "-m", dest="is_module", action="store_true", help="SCRIPT is a module, as in python -m"
    )
    parser.add_argument(
        "script", metavar="SCRIPT", help="a Python training script, or torchrun with its options"
    )
    rest = parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGS")
    rest.required = False
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the script watched; return its exit code, or 3 where `--fail-on` asks for it."""
    from lossmon.autowatch.program import program_of
    from lossmon.autowatch.session import watched
    from lossmon.eventfile.sources.address import is_remote

    if is_remote(args.logdir or ""):
        raise UsageError(f"a run is written here, not to {args.logdir}; pass a folder as --logdir")
    stop_on = _stop_on(args.stop_on)
    program, arguments = program_of(args.script, args.arguments, is_module=args.is_module)
    if program.is_launcher and args.probe:
        raise UsageError("--probe asks a script in one process, not the ranks of a launcher")
    if program.is_launcher and args.hold_out:
        raise UsageError("--hold-out is for a script in one process, not the ranks of a launcher")
    session = watched(
        program,
        arguments,
        logdir=args.logdir,
        session=args.session,
        stop_on=stop_on,
        probes=args.probe,
        holds_out=args.hold_out,
    )
    sys.stdout.flush()
    code = session.ending.code
    if args.session or session.rank:
        # One part of many: whoever began it reports, else rank 0.
        return code
    reports = _reports(session)
    _show(session, reports, as_json=args.json)
    if code == 0 and args.fail_on != "never":
        return _verdict_code(reports, args.fail_on)
    return code


def _stop_on(text: str) -> tuple[str, ...]:
    from lossmon.stopon import problem

    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if wrong := problem(words):
        raise UsageError(f"--stop-on {wrong}")
    return words


def _reports(session: Session) -> list[Report]:
    from lossmon.diagnosis.engine import diagnose
    from lossmon.eventfile.logdir import read_run

    reports = []
    for logdir in session.logdirs:
        try:
            _wait_for_ranks(logdir)
            reports.append(diagnose(read_run(logdir)))
        except LossmonError as error:
            print(f"lossmon: {error}", file=sys.stderr)
    return reports


def _wait_for_ranks(logdir: Path) -> None:
    """Let other ranks write what they have left: they end at about the same time."""
    from lossmon.eventfile.reader import RunReader

    reader = RunReader(logdir, logdir.name)
    deadline = time.monotonic() + RANKS_S
    while reader.poll() and reader.ranks_at_work and time.monotonic() < deadline:
        time.sleep(0.05)


def _show(session: Session, reports: list[Report], *, as_json: bool) -> None:
    """Print the verdicts on stderr: stdout is the script's."""
    from lossmon.report.json import render_json
    from lossmon.report.text import render_text

    if as_json:
        print(render_json(reports, indent=None), end="")
    if not reports:
        print(f"\nlossmon: {_why_none(session)}", file=sys.stderr)
        return
    root = _shown(session.root)
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    print(f"\n{render_text(reports, colour=colour).rstrip()}\n", file=sys.stderr)
    print(f"see the curves:   lossmon tui {root}", file=sys.stderr)
    print(f"in TensorBoard:   tensorboard --logdir {root}   (tab Stagnation)", file=sys.stderr)
    causes = dict.fromkeys(report.cause for report in reports if report.cause)
    for cause in causes:
        print(f"what it means:    lossmon explain {cause}", file=sys.stderr)


def _why_none(session: Session) -> str:
    if session.logdirs or session.refused:
        return "no verdict: nothing of the training could be recorded"
    if session.saw_backward:
        return "no training seen: no backward pass reached a parameter"
    missing = "called backward()" if session.torch_imported else "imported torch"
    return f"no training seen: the script never {missing}"


def _verdict_code(reports: list[Report], fail_on: str) -> int:
    from lossmon.diagnosis.finding import SEVERITIES

    if not reports:
        return 4
    counted = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return 3 if any(f.severity in counted for r in reports for f in r.findings) else 0


def _shown(path: Path) -> str:
    """Return `path` as short as the working directory allows, quoted for a shell."""
    import shlex

    from lossmon.autowatch.places import shortest

    return shlex.quote(str(shortest(path)))
