"""`lossmon completion SHELL`: what a shell needs to complete commands, options and rules."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from lossmon.cli.output import emit
from lossmon.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
_FILES = ("FILE", "SCRIPT")
_FOLDERS = ("LOGDIR", "DIR")
"""What an argument is, by the word that the help has for it."""


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("completion", help="print what a shell needs to complete lossmon")
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the script.

    Raises:
        UsageError: The package that writes it is not installed.
    """
    try:
        import shtab
    except ImportError as error:
        raise UsageError("completion needs shtab: pip install 'lossmon[completion]'") from error
    from lossmon.cli import build_parser
    from lossmon.diagnosis.rules import load_rules

    parser = build_parser()
    slugs = [rule.id for rule in load_rules()]
    for action in _actions(parser):
        word = action.metavar or action.dest.upper()
        if word == "RULE":
            action.choices = slugs
        elif word in _FILES or word in _FOLDERS:
            # It is how shtab is told; argparse has no such attribute.
            setattr(action, "complete", shtab.FILE if word in _FILES else shtab.DIRECTORY)  # noqa: B010
    emit(shtab.complete(parser, args.shell) + "\n")
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of all commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
