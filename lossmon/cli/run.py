"""`lossmon run SCRIPT [ARGS]`: the script's own output and exit code, then the verdict on its trainings."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from lossmon.errors import UsageError


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "run",
        help="run a training script unchanged, watched, and say what is wrong with it",
        usage="lossmon run [--logdir DIR] [--fail-on SEVERITY] [--json] SCRIPT [ARGS ...]",
    )
    parser.add_argument("--logdir", help="folder for the runs (default: runs/<script name>)")
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning", "info", "never"),
        default="never",
        help="exit 3 when a finding is at least this severe and the script itself succeeded",
    )
    parser.add_argument("--json", action="store_true", help="end stdout with the report as JSON")
    parser.add_argument("script", metavar="SCRIPT", help="a Python training script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGS")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the script watched; return its exit code, or 3 where `--fail-on` asks for it."""
    from pathlib import Path

    from lossmon.autowatch.session import watched

    script = Path(args.script)
    if not script.is_file():
        what = "is a folder" if script.is_dir() else "does not exist"
        raise UsageError(f"script {args.script} {what}; pass the path of a Python file")
    session = watched(script, args.arguments, logdir=args.logdir)
    sys.stdout.flush()
    return report_session(session, args)
