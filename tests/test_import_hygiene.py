"""What an import costs, seen in fresh interpreters: nobody loads what they do not need."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

COMMANDS = ("check", "tui", "run", "show", "export")
RunPython = Callable[..., "subprocess.CompletedProcess[str]"]

MODULES_BELOW = """
import importlib, pkgutil, sys
for name in {packages!r}:
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(found.name)
print("\\n".join(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def loaded_by(run_python: RunPython, code: str) -> set[str]:
    """Return the top-level packages in `sys.modules` after `code`, which prints them last."""
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def after(statement: str) -> str:
    return (
        f"{statement}\nimport sys\n"
        "print('\\n'.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )


def test_importing_lossmon_loads_neither_torch_nor_numpy(run_python: RunPython) -> None:
    assert not loaded_by(run_python, after("import lossmon")) & {"torch", "numpy", "textual"}


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        *([name, "--help"] for name in ("check", "tui", "run", "show", "export")),
    ],
)
def test_help_loads_nothing_heavy(run_python: RunPython, words: list[str]) -> None:
    code = after(
        f"import contextlib, io\nfrom lossmon.cli import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()):\n    assert main({words!r}) == 0"
    )
    heavy = {"torch", "numpy", "textual", "rich", "tensorboard", "bokeh"}
    assert not loaded_by(run_python, code) & heavy


@pytest.mark.parametrize(
    ("packages", "strangers"),
    [
        (["lossmon.diagnosis"], {"torch", "textual", "rich", "tensorboard", "bokeh"}),
        (["lossmon.eventfile"], {"torch", "textual", "rich", "tensorboard", "bokeh"}),
        (["lossmon.report"], {"torch", "textual", "rich", "tensorboard"}),
        (["lossmon.tui"], {"torch", "tensorboard", "bokeh"}),
        (["lossmon.alerts"], {"torch", "textual", "tensorboard", "bokeh"}),
        (["tensorboard_plugin_lossmon"], {"torch", "textual"}),
        (["lossmon.capture"], {"textual", "rich", "tensorboard", "bokeh"}),
        (["lossmon.probes"], {"textual", "rich", "tensorboard", "bokeh"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_package_never_loads_a_stranger(
    run_python: RunPython, packages: list[str], strangers: set[str]
) -> None:
    assert not loaded_by(run_python, MODULES_BELOW.format(packages=packages)) & strangers


def test_the_integrations_import_neither_torch_nor_a_framework_before_one_is_used(
    run_python: RunPython,
) -> None:
    statement = "import lossmon, lossmon.integrations; lossmon.integrations"
    frameworks = {"lightning", "pytorch_lightning", "transformers", "accelerate", "ignite"}
    assert not loaded_by(run_python, after(statement)) & {"torch", "numpy", "skorch", *frameworks}


def test_reading_and_judging_a_run_needs_no_torch(run_python: RunPython) -> None:
    statement = "import lossmon; lossmon.read_run; import lossmon.diagnosis.engine"
    assert "torch" not in loaded_by(run_python, after(statement))
