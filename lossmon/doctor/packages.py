"""What is installed, by the packages' metadata alone: importing them may take seconds, or fail."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import lossmon
from lossmon.doctor.answer import Answer, ok, problem, warning

_REQUIRED = re.compile(r"([\w.-]+)\s*\(?>=\s*([\w.]+)\)?(?:.*extra\s*==\s*['\"]([\w-]+)['\"])?")
_FOR = {
    "torch": "to watch a training; viewers do without",
    "tensorboard": "for the tab in TensorBoard and for HTML reports",
    "remote": "for logs in object stores; ssh:// does without",
    "gpu": "for utilisation, power and temperature of NVIDIA GPUs",
    "fast": "to check long logs faster",
    "completion": "for `lossmon completion`",
}
"""Extra -> what it is good for."""
UNREADABLE = "?"
"""Version of a package whose metadata cannot be read."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that lossmon needs, or has a use for."""

    package: str
    least: str
    extra: str = ""
    """The extra that brings it; "" for what is always needed."""


def installed(package: str) -> str:
    """Return the version of a package; "" where there is none, "?" where nobody can tell."""
    try:
        return importlib.metadata.version(package) or UNREADABLE
    except importlib.metadata.PackageNotFoundError:
        return ""
    except Exception:  # whatever lies in its folder, the other answers must come
        return UNREADABLE


def requirements(lines: Sequence[str] | None = None) -> tuple[Requirement, ...]:
    """Return what lossmon's own metadata asks for, or these lines of it; none where it has none.

    Each package once: the extra `all` brings what others bring.
    """
    if lines is None:
        try:
            lines = importlib.metadata.requires("lossmon") or ()
        except Exception:
            return ()
    found = [match.groups("") for line in lines if (match := _REQUIRED.match(line))]
    return tuple(Requirement(*words) for words in found if words[2] != "all")


def is_older(version: str, least: str) -> bool:
    """Return whether a version is below another, by its leading numbers."""
    return _numbers(version) < _numbers(least)


def packages() -> Iterator[Answer]:
    """Yield Python, lossmon, what it needs, and what its extras bring."""
    yield ok("python", f"{platform.python_version()}, {sys.executable}")
    yield _ourselves()
    for wanted in requirements():
        yield _package(wanted, installed(wanted.package))


def _ourselves() -> Answer:
    version, folder = installed("lossmon"), Path(lossmon.__file__).parent
    if not version:
        return warning(
            "lossmon",
            f"{lossmon.__version__} runs from {folder}, and is not installed: TensorBoard does not "
            "know it",
            "pip install it, or `pip install -e .` in its folder",
        )
    if version != lossmon.__version__:
        return warning(
            "lossmon",
            f"{lossmon.__version__} runs from {folder}, and {version} is installed",
            "take that folder out of PYTHONPATH, or install what it holds",
        )
    return ok("lossmon", f"{version}, {folder}")


def _package(wanted: Requirement, version: str) -> Answer:
    name, bring = wanted.package, f"pip install 'lossmon[{wanted.extra}]'"
    if version == UNREADABLE:
        return warning(name, "its metadata cannot be read", f"pip install --force-reinstall {name}")
    if version and not is_older(version, wanted.least):
        return ok(name, version)
    if not wanted.extra:
        seen = f"{version} is older than {wanted.least}" if version else "not installed"
        return problem(name, seen, f"pip install '{name}>={wanted.least}'")
    if version:
        return warning(name, f"{version} is older than {wanted.least}", f"{bring} --upgrade")
    use = _FOR.get(wanted.extra, f"for the extra {wanted.extra}")
    return ok(name, f"not installed; only {use}", bring)


def _numbers(version: str) -> list[int]:
    found = re.match(r"\d+(\.\d+)*", version)
    return [int(part) for part in found[0].split(".")] if found else []
