"""Executes a script as Python would: same `__main__`, arguments, output, exit code, traceback."""

from __future__ import annotations

import builtins
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

from lossmon.errors import UsageError

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Ending:
    """How a script ended."""

    code: int
    error: BaseException | None = None
    """The exception that ended it; None for a plain end and for sys.exit."""


def execute(script: Path, arguments: Sequence[str]) -> Ending:
    """Run `script` to its end. Its exceptions are printed as Python prints them, not raised.

    Raises:
        UsageError: The script cannot be read or is no Python.
    """
    # As Python does: the file's own path is absolute, sys.argv[0] is what was typed.
    place = str(Path.cwd() / script)
    code = _compiled(script, place)
    module = ModuleType("__main__")
    module.__dict__.update(
        __file__=place,
        __builtins__=builtins,
        __loader__=SourceFileLoader("__main__", place),
        __cached__=None,
    )
    sys.modules["__main__"] = module
    sys.argv = [str(script), *arguments]
    sys.path[0] = str(script.resolve().parent)
    try:
        exec(code, module.__dict__)
    except SystemExit as ended:
        return Ending(_exit_code(ended.code))
    except BaseException as error:
        _show(error, place)
        return Ending(INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1, error)
    return Ending(0)


def _compiled(script: Path, place: str) -> CodeType:
    try:
        source = script.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"cannot read script {script}: {reason}") from None
    try:
        return compile(source, place, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        number = error.lineno if isinstance(error, SyntaxError) else None
        line = f", line {number}" if number else ""
        raise UsageError(f"script {script} is not valid Python{line}: {error.args[0]}") from None


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _show(error: BaseException, place: str) -> None:
    """Hand the exception to `sys.excepthook`, without the frames above the script's own."""
    frames: TracebackType | None = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != place:
        frames = frames.tb_next
    error = error.with_traceback(frames)
    try:
        sys.excepthook(type(error), error, frames)
    except Exception:
        # A hook of the script's own that fails must not hide what it was to show.
        traceback.print_exception(type(error), error, frames)
    sys.stderr.flush()
