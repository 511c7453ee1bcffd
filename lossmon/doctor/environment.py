"""What a Python environment has of TensorBoard and of lossmon, asked of its own interpreter.

In a process of its own, because what is asked for may end it, print what it likes, or hang.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0
_FIRST_BYTES = 4096
# Without the folder that it is begun in, where anything may lie: `tensorboard` has it not either.
_ASK = """
import sys
if sys.path and sys.path[0] == "":
    del sys.path[0]
import importlib.metadata as metadata, json
def version(name):
    try:
        return metadata.version(name) or "?"
    except Exception:
        return ""
found = {name: version(name) for name in ("tensorboard", "lossmon", "bokeh")}
found.update(prefix=sys.prefix, registered=False, error="")
try:
    points = metadata.entry_points(group="tensorboard_plugins")
except TypeError:
    points = metadata.entry_points().get("tensorboard_plugins", ())
for point in points:
    if point.name == "lossmon":
        found["registered"] = True
        try:
            point.load()
            import tensorboard_plugin_lossmon.plugin
        except BaseException as error:
            found["error"] = "%s: %s" % (type(error).__name__, error)
print("\\n" + json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """What one environment has; a version is "" where the package is not there."""

    prefix: str
    tensorboard: str
    lossmon: str
    bokeh: str
    registered: bool
    """Whether lossmon's tab stands among TensorBoard's plugins."""
    error: str
    """What importing the tab ended with; "" where it went well."""


def ask(python: str | Path) -> Environment | None:
    """Return what the environment of an interpreter has; None where it does not answer."""
    try:
        done = subprocess.run(
            [str(python), "-c", _ASK],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        return _read(json.loads(done.stdout.splitlines()[-1]))
    except (OSError, ValueError, LookupError, TypeError, subprocess.SubprocessError):
        return None


def interpreter(program: Path) -> Path | None:
    """Return the Python that a script of an environment is begun by; None where it tells none."""
    try:
        with program.open("rb") as file:
            head = file.read(_FIRST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    return _named(head) or _beside(program)


def _named(head: str) -> Path | None:
    """Return the interpreter that the first lines of a script name."""
    if not head.startswith("#!"):
        return None
    first, *rest = head.splitlines()
    words = first[2:].split()
    # A path with blanks, or a long one, stands in a shell command behind the first line.
    shell = re.match(r"'''exec' \"?(.+?)\"? \"\$0\"", rest[0]) if rest else None
    if shell:
        return Path(shell[1])
    if words and Path(words[0]).name == "env":
        found = shutil.which(words[-1])
        return Path(found) if found else None
    return Path(words[0]) if words and "python" in Path(words[0]).name else None


def _beside(program: Path) -> Path | None:
    """Return the interpreter in the folder of a program that is no script."""
    names = ("python.exe",) if os.name == "nt" else ("python3", "python")
    return next((path for name in names if (path := program.parent / name).exists()), None)


def _read(found: dict[str, Any]) -> Environment:
    return Environment(
        prefix=str(found["prefix"]),
        tensorboard=str(found["tensorboard"]),
        lossmon=str(found["lossmon"]),
        bokeh=str(found["bokeh"]),
        registered=found["registered"] is True,
        error=str(found["error"]),
    )
