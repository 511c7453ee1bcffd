"""Why TensorBoard has no tab "Stagnation": what is missing here, and which TensorBoard is started.

A `tensorboard` in PATH brings its own environment: it shows the tab only where lossmon is in that.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from lossmon.doctor.answer import Answer, ok, problem, warning
from lossmon.doctor.environment import Environment, ask, interpreter
from lossmon.doctor.packages import is_older, requirements

_BRING = "pip install 'lossmon[tensorboard]'"
_START = "python -m tensorboard.main --logdir LOGDIR"
"""Starts the one of this environment, whatever is in PATH."""


def tab() -> Iterator[Answer]:
    """Yield what TensorBoard has of lossmon, here and where the one in PATH belongs."""
    here = ask(sys.executable)
    if here is None:
        yield problem(
            "this Python", f"{sys.executable} does not answer", "make the environment anew"
        )
        return
    if here.tensorboard:
        yield from _state(here)
    else:
        yield ok("tensorboard", "not installed here, so there is no tab", _BRING)
    yield from _in_path(here)


def _state(here: Environment) -> Iterator[Answer]:
    least = next((r.least for r in requirements() if r.package == "tensorboard"), "")
    if least and is_older(here.tensorboard, least):
        seen = f"{here.tensorboard} is older than {least}"
        yield problem("tensorboard", seen, f"{_BRING} --upgrade")
    else:
        yield ok("tensorboard", here.tensorboard)
    if not here.registered:
        seen = "lossmon does not stand among the plugins of TensorBoard: it is not installed here"
        yield problem("plugin", seen, "pip install it, or `pip install -e .` in its folder")
    elif here.error:
        yield problem("plugin", f"it cannot be imported: {here.error}", f"{_BRING} --upgrade")
    else:
        yield ok("plugin", "registered, and can be imported")
    if here.bokeh:
        yield ok("figures", f"bokeh {here.bokeh}")
    else:
        yield problem("figures", "no bokeh: the tab has findings and no figures", _BRING)


def _in_path(here: Environment) -> Iterator[Answer]:
    """Yield what a person starts who types `tensorboard`."""
    about, found = "in PATH", shutil.which("tensorboard")
    if found is None:
        if here.tensorboard:
            yield warning(about, "there is no `tensorboard`", f"start it by `{_START}`")
        return
    python = interpreter(Path(found))
    there = ask(python) if python is not None else None
    if there is None:
        seen = f"{found} does not tell its environment"
        yield warning(about, seen, f"should it have no tab, start `{_START}`")
    elif there.prefix == here.prefix:
        yield ok(about, f"{found}, of this environment")
    else:
        yield _elsewhere(
            about, f"{found} belongs to another environment, {there.prefix}", there, here
        )


def _elsewhere(about: str, seen: str, there: Environment, here: Environment) -> Answer:
    lacks = f"{python_of(there)} -m pip install 'lossmon[tensorboard]'"
    instead = f"`{_START}`, or " if here.tensorboard else ""
    if not there.registered:
        return problem(about, f"{seen}, which has no lossmon", f"{instead}`{lacks}`")
    if there.error:
        return problem(about, f"{seen}, where the tab fails: {there.error}", f"`{lacks} --upgrade`")
    if there.lossmon != here.lossmon and here.lossmon:
        seen = f"{seen}, with lossmon {there.lossmon}; here it is {here.lossmon}"
        return warning(about, seen, f"{instead}`{lacks} --upgrade`")
    return ok(about, f"{seen}, which has lossmon {there.lossmon} too")


def python_of(there: Environment) -> Path:
    """Return the interpreter of an environment."""
    folder = "Scripts" if sys.platform == "win32" else "bin"
    return Path(there.prefix) / folder / "python"
