from __future__ import annotations

import numpy as np
import pytest

from lossmon.layersignals import LAYER_SIGNALS
from lossmon.numfmt import MISSING
from lossmon.records import LayerInfo, Run, RunMeta, Table
from lossmon.report.activations import activation_dict, activation_rows, render_activations

NAMES = tuple(signal.name for signal in LAYER_SIGNALS)


def a_run(*steps: dict[str, dict[str, float]]) -> Run:
    """A run of the layers fc, act and \\x1b, of which each step tells some signals."""
    layers = (
        LayerInfo("fc", "Linear", "relu"), LayerInfo("act", "ReLU", "relu", True),
        LayerInfo("\x1b[2J", "Linear"),
    )  # fmt: skip
    values = np.full((len(steps), 3, len(NAMES)), np.nan, np.float32)
    for at, known in enumerate(steps):
        for name, numbers in known.items():
            row = [layer.name for layer in layers].index(name)
            for signal, number in {"out_nonfinite": 0.0, **numbers}.items():
                values[at, row, NAMES.index(signal)] = number
    table = Table(NAMES, np.arange(len(steps)), np.arange(len(steps), dtype=float), values)
    meta = RunMeta("r", "s", layers=layers, layer_signals=NAMES)
    return Run("r", meta=meta, layers=table)


def test_layers_are_shown_as_they_were_last_looked_at() -> None:
    run = a_run({"fc": {"std_out": 1.0}}, {"fc": {"std_out": 2.0, "dead_share": 0.25}}, {})
    (row,) = activation_rows(run)
    assert (row.info.name, row.step, row.values["std_out"]) == ("fc", 1, 2.0)
    assert activation_dict(row)["dead_share"] == 0.25
    assert activation_dict(row)["dormant_share"] is None
    header, line = render_activations([row], width=100)
    assert header.split() == [
        "layer", "class", "goes", "into", "std", "in", "std", "out", "dead", "dormant", "saturated",
        "step",
    ]  # fmt: skip
    assert line.split() == [
        "fc", "Linear", "relu", MISSING, "2", "25%", MISSING, MISSING, "1",
    ]  # fmt: skip


def test_a_deviation_that_is_not_finite_is_shown_as_it_is() -> None:
    (row,) = activation_rows(a_run({"act": {"std_out": np.nan, "out_nonfinite": 3.0}}))
    assert activation_dict(row)["std_out"] == "nan"
    assert "nan" in render_activations([row], width=100)[1]


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_lines_are_no_longer_than_the_width_and_have_no_control_characters(width: int) -> None:
    run = a_run({"\x1b[2J": {"std_out": 1e-7}, "fc": {"std_in": 123.456, "std_out": 1e9}})
    lines = render_activations(activation_rows(run), width=width)
    assert max(map(len, lines)) <= width
    assert "\x1b" not in "".join(lines)
    assert all("std out" in line or "1" in line for line in lines)


def test_a_run_without_layers_has_no_rows() -> None:
    assert activation_rows(Run("r")) == ()
    assert render_activations((), width=80) == []
