"""The command line. Imports nothing heavy: each command fetches what it needs when it runs.

Data goes to stdout, messages to stderr. The exit code is one of `lossmon.cli.codes`, always.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lossmon import __version__
from lossmon.cli.codes import FAULT, INTERRUPTED, USAGE
from lossmon.cli.output import flush, note
from lossmon.errors import LossmonError

COMMANDS = (
    "demo", "run", "tui", "tail", "alert", "check", "ls", "show", "report", "export", "explain",
    "doctor", "completion",
)  # fmt: skip
"""Modules of this package, in the order of the help; each has `add_parser` and `run`."""

EXIT_CODES = """\
exit codes:
  0 healthy   1 internal error   2 usage   3 findings at or above --fail-on
  4 no data   5 run stalled or dead (commands that watch)   6 ended by run --stop-on
  130 interrupted
"""


class _Command(argparse.ArgumentParser):
    """Complains of words it does not know itself: argparse would have the program do it."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return what `parse_args` returns, and an empty list."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line on stderr."""
    words = _with_command(list(sys.argv[1:] if argv is None else argv))
    named = words[:1] if words and words[0] in COMMANDS else COMMANDS
    parser = build_parser(named)
    if not words:
        parser.print_help(sys.stderr)
        return USAGE
    try:
        args = parser.parse_args(words)
    except SystemExit as end:  # argparse has said what is wrong, or has printed help or version
        return end.code if isinstance(end.code, int) else USAGE
    return _run(args)


def build_parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of all commands, or of those named: the rest need not be imported."""
    parser = argparse.ArgumentParser(
        prog="lossmon",
        description="See why a PyTorch loss does not decrease.",
        epilog=f"`lossmon LOGDIR` is short for `lossmon tui LOGDIR`.\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"lossmon {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_Command
    )
    for name in names:
        importlib.import_module(f"lossmon.cli.{name}").add_parser(commands)
    return parser


def _with_command(words: list[str]) -> list[str]:
    """Put `tui` before a first word that is a path or an address rather than a command."""
    if words and words[0] not in COMMANDS and _is_path(words[0]):
        return ["tui", *words]
    return words


def _is_path(word: str) -> bool:
    if word.startswith("-"):
        return False
    return word.startswith((".", "~")) or "/" in word or os.sep in word or Path(word).exists()


def _run(args: argparse.Namespace) -> int:
    try:
        code: int = args.run(args)
        flush()
    except LossmonError as error:
        note(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        note("interrupted")
        return INTERRUPTED
    except Exception as error:  # the last line of defence: whatever it is, it is our fault
        if os.environ.get("LOSSMON_TRACEBACK"):
            raise
        note(f"internal error: {type(error).__name__}: {error} (LOSSMON_TRACEBACK=1 shows where)")
        return FAULT
    return code
