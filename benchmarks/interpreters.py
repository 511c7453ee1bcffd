"""Pythons of other versions on this machine: what PATH names, and what pyenv keeps."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path


def interpreter(version: str) -> Path | None:
    """Return a Python of that version ("3.12") that starts; None where there is none."""
    for candidate in _candidates(version):
        if _version(candidate) == version:
            return candidate
    return None


def _candidates(version: str) -> Iterator[Path]:
    for name in (f"python{version}", "python3"):
        if found := shutil.which(name):
            yield Path(found)
    if shutil.which("pyenv"):
        root = _output("pyenv", "root")
        yield from sorted(Path(root).glob(f"versions/{version}.*/bin/python"), reverse=True)


def _version(python: Path) -> str:
    return _output(str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])")


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
