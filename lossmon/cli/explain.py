"""`lossmon explain`: what a rule sees, where its limits come from, what to do."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from lossmon.cli.output import columns, emit, use_colour


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("explain", help="explain a rule, or list all of them")
    parser.add_argument("rule", metavar="RULE", nargs="?", help="name of a rule")
    parser.add_argument("--json", action="store_true", help="print JSON (schema 1) for programs")
    parser.add_argument("--markdown", action="store_true", help="print docs/rules.md: all rules")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one rule, or one line for each."""
    from lossmon.cli.rules import known
    from lossmon.diagnosis.rules import load_rules
    from lossmon.report.rules import (
        render_rule,
        render_rule_list,
        render_rules_markdown,
        rule_dict,
    )

    if args.markdown:
        emit(render_rules_markdown(load_rules()))
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


def _json(rules: list[dict[str, Any]]) -> str:
    from lossmon.report.json import SCHEMA, dump

    return dump({"schema": SCHEMA, "rules": rules})
