"""torchrun's command line, with `lossmon run` put before the script of every rank."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lossmon.autowatch.program import Program
from lossmon.errors import UsageError

_MODULE = ("-m", "--module")


@dataclass(frozen=True, slots=True)
class Command:
    """A launcher's words, taken apart."""

    options: tuple[str, ...]
    """What stands before the script, without `-m`."""
    program: Program
    arguments: tuple[str, ...]
    """What stands behind it."""

    def words(self, logdir: Path, session: str, stop_on: Sequence[str] = ()) -> list[str]:
        """Return the words that begin each rank watched, as part of `session`."""
        ours = ["run", "--logdir", str(logdir), "--session", session]
        ours += ["--stop-on", ",".join(stop_on)] if stop_on else []
        module = ["-m"] if self.program.is_module else []
        script = [self.program.name, *self.arguments]
        return [*self.options, "--module", "lossmon", *ours, *module, *script]


def with_watched_ranks(arguments: Sequence[str]) -> Command:
    """Take torchrun's arguments apart.

    Raises:
        UsageError: torchrun would start something else than Python, or nothing.
    """
    parser = _parser()
    known = parser.parse_args(list(arguments))
    if known.no_python:
        raise UsageError("a program that torchrun starts with --no-python cannot be watched")
    words = [known.training_script, *known.training_script_args]
    options = arguments[: len(arguments) - len(words)]
    return Command(
        tuple(option for option in options if option not in _MODULE),
        Program(known.training_script, is_module=known.module),
        tuple(known.training_script_args),
    )


def _parser() -> argparse.ArgumentParser:
    try:
        from torch.distributed.run import get_args_parser
    except ImportError:
        raise UsageError("torchrun needs torch, which is not installed") from None
    parser: argparse.ArgumentParser = get_args_parser()
    # What torch.distributed.launch knows beside: the ranks read the environment anyway.
    parser.add_argument("--use-env", "--use_env", action="store_true")
    return parser
