"""Executes a program as Python would: same `__main__`, arguments, output, exit code, traceback."""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from lossmon.autowatch.program import Program, load
from lossmon.errors import RunStopped, UsageError
from lossmon.numfmt import printable

INTERRUPTED = 130
_OURS = str(Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a script ended."""

    code: int
    error: BaseException | None = None
    """The exception that ended it; None for a plain end and for sys.exit."""


def execute(program: Program, arguments: Sequence[str]) -> Ending:
    """Run `program` to its end. Its exceptions are printed as Python prints them, not raised.

    Raises:
        UsageError: The program cannot be read, is no Python, or is not there.
    """
    with _surroundings():
        sys.argv = ["-m" if program.is_module else program.name, *arguments]
        if not getattr(sys.flags, "safe_path", False):
            sys.path[0] = program.search_path
        try:
            code, module = load(program)
        except UsageError:
            raise
        except BaseException as error:
            return _failed(error)
        if program.is_module:
            sys.argv[0] = str(module.__file__)
        sys.modules["__main__"] = module
        try:
            exec(code, module.__dict__)
        except SystemExit as ended:
            return Ending(_exit_code(ended.code))
        except RunStopped as stopped:
            print(f"lossmon: stopped by {printable(str(stopped), 1000)}", file=sys.stderr)
            return Ending(stopped.exit_code, stopped)
        except BaseException as error:
            return _failed(error)
        finally:
            _wait_for_threads()
    return Ending(0)


@contextlib.contextmanager
def _surroundings() -> Iterator[None]:
    """Put everything back where somebody goes on after the script: in a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    before = sys.argv, sys.path[0], sys.modules["__main__"]
    try:
        yield
    finally:
        if shell is not None:
            sys.argv, sys.path[0], sys.modules["__main__"] = before


def _wait_for_threads() -> None:
    """Wait as Python does at its end for what a script has left running."""
    # Workers of a pool are told to end later, when nothing can be submitted any more.
    pools = getattr(sys.modules.get("concurrent.futures.thread"), "_threads_queues", {})
    for thread in threading.enumerate():
        main = thread is threading.main_thread() or thread is threading.current_thread()
        if not (main or thread.daemon or thread in pools):
            thread.join()


def _failed(error: BaseException) -> Ending:
    _show(error)
    return Ending(INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1, error)


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _show(error: BaseException) -> None:
    """Hand the exception to `sys.excepthook`, without the frames above the script's own."""
    frames: TracebackType | None = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    error = error.with_traceback(frames)
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, frames
    try:
        sys.excepthook(type(error), error, frames)
    except Exception:
        # A hook of the script's own that fails must not hide what it was to show.
        traceback.print_exception(type(error), error, frames)
    sys.stderr.flush()


def _is_ours(file: str) -> bool:
    return file.startswith((_OURS, "<frozen importlib"))
