"""`lossmon explain`: what a rule sees, where its limits come from, what to do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from lossmon.cli.output import columns, emit, use_colour
from lossmon.errors import UsageError
from lossmon.numfmt import printable


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("explain", help="explain a rule, or list all of them")
    parser.add_argument("rule", metavar="RULE", nargs="?", help="name of a rule")
    parser.add_argument("--json", action="store_true", help="print JSON (schema 1) for programs")
    parser.add_argument(
        "--markdown", metavar="FOLDER", type=Path, help="write a page for each rule, and index.md"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one rule, or one line for each."""
    from lossmon.cli.rules import known
    from lossmon.diagnosis.rules import load_rules
    from lossmon.report.rules import render_rule, render_rule_list, rule_dict

    if args.markdown is not None:
        _write_pages(args.markdown)
        return 0
    if args.json:
        rules = [known(args.rule)] if args.rule else load_rules()
        emit(_json([rule_dict(rule) for rule in rules]))
        return 0
    colour = use_colour(sys.stdout)
    if args.rule:
        emit(render_rule(known(args.rule), colour=colour, width=columns()))
    else:
        emit(render_rule_list(load_rules(), colour=colour))
    return 0


def _write_pages(folder: Path) -> None:
    """Write the pages over those that are there; nothing else in the folder changes."""
    from lossmon.diagnosis.rules import load_rules
    from lossmon.report.rulepages import rule_pages

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in rule_pages(load_rules()).items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {printable(str(folder))}: {error.strerror}") from error


def _json(rules: list[dict[str, Any]]) -> str:
    from lossmon.report.json import SCHEMA, dump

    return dump({"schema": SCHEMA, "rules": rules})
