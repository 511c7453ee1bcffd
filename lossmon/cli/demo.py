"""`lossmon demo`: a small training that gets nowhere, watched, and why."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from lossmon.errors import UsageError

DEFAULT_LOGDIR = "runs/demo"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "demo", help="train a small model that gets nowhere, and see lossmon say why"
    )
    parser.add_argument(
        "--logdir", default=DEFAULT_LOGDIR, help=f"folder for its runs (default: {DEFAULT_LOGDIR})"
    )
    parser.add_argument("--fixed", action="store_true", help="the same training without its fault")
    parser.add_argument(
        "--steps", type=int, default=400, help="more of them to watch live (default: 400)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the example under `lossmon run`; return its exit code."""
    from lossmon.autowatch import example_path
    from lossmon.cli import build_parser

    if args.steps < 1:
        raise UsageError(f"--steps must be 1 or more, not {args.steps}")
    script = str(example_path())
    print(f"$ lossmon run --logdir {args.logdir} {script}", file=sys.stderr, flush=True)
    words = ["run", "--logdir", args.logdir, script, f"--steps={args.steps}"]
    running = build_parser(["run"]).parse_args([*words, *(["--fixed"] if args.fixed else [])])
    code: int = running.run(running)
    return code
