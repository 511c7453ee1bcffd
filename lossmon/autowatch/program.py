"""What a command line names: a script, `-m module`, or a launcher that begins one many times."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from lossmon.errors import UsageError

LAUNCHERS = ("torch.distributed.run", "torch.distributed.launch")
_PYTHON = re.compile(r"python(\d+(\.\d+)*)?")
_HARMLESS = ("-u", "-B", "-E", "-s", "-I")
"""Options of Python that are taken and passed over: it is running already."""


@dataclass(frozen=True, slots=True)
class Program:
    """A file, or a module."""

    name: str
    """As it was typed."""
    is_module: bool = False

    @property
    def stem(self) -> str:
        """What its runs are called by."""
        return self.name.rpartition(".")[2] if self.is_module else Path(self.name).stem

    @property
    def is_launcher(self) -> bool:
        """Whether it only begins other processes, which do the work."""
        return self.is_module and self.name in LAUNCHERS

    @property
    def search_path(self) -> str:
        """The folder that Python looks for its modules in first."""
        return str(Path.cwd() if self.is_module else Path(self.name).resolve().parent)


def program_of(
    word: str, arguments: Sequence[str], *, is_module: bool
) -> tuple[Program, list[str]]:
    """Return the program that the words name, and its arguments.

    `python train.py`, `python -m package` and `torchrun train.py` name what a shell takes them for.

    Raises:
        UsageError: They name none.
    """
    if is_module:
        return Program(word, is_module=True), list(arguments)
    path = Path(word)
    if path.name == "torchrun" and not path.is_dir():
        return Program(LAUNCHERS[0], is_module=True), list(arguments)
    if _PYTHON.fullmatch(path.name) and not path.is_dir():
        return _behind_python(word, arguments)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UsageError(f"script {word} {what}; pass the path of a Python file")
    return Program(word), list(arguments)


def _behind_python(word: str, arguments: Sequence[str]) -> tuple[Program, list[str]]:
    words = list(arguments)
    while words and words[0] in _HARMLESS:
        words.pop(0)
    is_module = words[:1] == ["-m"]
    words = words[is_module:]
    if not words or words[0].startswith("-"):
        raise UsageError(f"{word} needs a script or -m module; leave out its options")
    return program_of(words[0], words[1:], is_module=is_module)


def load(program: Program) -> tuple[CodeType, ModuleType]:
    """Return the code, and the `__main__` that it is to be executed in.

    Imports the packages around a module, which may raise anything.

    Raises:
        UsageError: It cannot be read, is no Python, or is not there.
    """
    return _load_module(program.name) if program.is_module else _load_script(Path(program.name))


def _load_script(script: Path) -> tuple[CodeType, ModuleType]:
    # As Python does: the file's own path is absolute, sys.argv[0] is what was typed.
    place = str(Path.cwd() / script)
    code = _compiled(script, place)
    loader = SourceFileLoader("__main__", place)
    return code, _main(place, loader, cached=None, package=None, spec=None)


def _load_module(name: str) -> tuple[CodeType, ModuleType]:
    spec = _found(name)
    if spec.submodule_search_locations is not None:
        spec = _found(f"{name}.__main__")
    get_code = getattr(spec.loader, "get_code", None)
    code = get_code(spec.name) if get_code is not None else None
    if code is None or spec.origin is None:
        raise UsageError(f"module {name} has no Python code to run")
    main = _main(spec.origin, spec.loader, cached=spec.cached, package=spec.parent, spec=spec)
    return code, main


def _found(name: str) -> ModuleSpec:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        # Of the packages around it, or of what these import: then it is theirs to say.
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        spec = None
    except ValueError:  # it is loaded, and says nothing of where it came from
        spec = None
    if spec is None:
        raise UsageError(f"there is no module {name}; pass it as you would pass it to python -m")
    return spec


def _main(place: str, loader: Any, *, cached: Any, package: Any, spec: Any) -> ModuleType:
    import builtins

    module = ModuleType("__main__")
    module.__dict__.update(
        __file__=place,
        __builtins__=builtins,
        __loader__=loader,
        __cached__=cached,
        __package__=package,
        __spec__=spec,
    )
    return module


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
