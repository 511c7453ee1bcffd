"""Whatever is wrong with lossmon costs the tab, never TensorBoard; torch is never imported."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from tensorboard_plugin_lossmon.loader import LossmonLoader

Run = Callable[..., CompletedProcess[str]]

ANSWER_ALL = """
import sys, types
from tensorboard_plugin_lossmon import answers, assets, loader, pictures, places, plugin, store
import tensorboard_plugin_lossmon.drawing
flags = types.SimpleNamespace(logdir=sys.argv[1], logdir_spec="")
made = loader.LossmonLoader().load(types.SimpleNamespace(flags=flags, logdir=sys.argv[1]))
name = answers.runs(made._store, {})["runs"][0]["run"]
answers.report(made._store, {"run": [name]})
pictures.figure(made._store, {"run": [name]})
answers.rule(made._store, {"id": ["no-signal"]})
assert not {"torch", "textual"} & set(sys.modules), sorted(sys.modules)
"""

LOAD = """
import sys, types
sys.modules[sys.argv[1]] = None
from tensorboard_plugin_lossmon.loader import LossmonLoader
flags = types.SimpleNamespace(logdir="", logdir_spec="")
print(LossmonLoader().load(types.SimpleNamespace(flags=flags, logdir="")))
"""


def test_entry_point_names_the_loader() -> None:
    (found,) = importlib.metadata.entry_points(group="tensorboard_plugins", name="lossmon")
    assert found.load() is LossmonLoader


def test_plugin_answers_every_route_without_torch(
    run_python: Run, write_run: Callable[..., object]
) -> None:
    folder = write_run("a", [1.0, 0.5])
    done = run_python("-c", ANSWER_ALL, str(folder))
    assert done.returncode == 0, done.stderr


def test_loader_imports_nothing_of_ours_before_it_is_asked(run_python: Run) -> None:
    code = (
        "import sys, tensorboard_plugin_lossmon.loader\n"
        "ours = [m for m in sys.modules if m.startswith(('lossmon', 'bokeh'))]\n"
        "assert not ours, ours"
    )
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("missing", ["numpy", "lossmon.eventfile.reader", "lossmon.diagnosis"])
def test_broken_import_costs_the_tab_and_says_why(run_python: Run, missing: str) -> None:
    done = run_python("-c", LOAD, missing)
    assert (done.returncode, done.stdout.strip()) == (0, "None")
    assert 'no tab "Stagnation"' in done.stderr
    assert "Traceback" not in done.stderr
