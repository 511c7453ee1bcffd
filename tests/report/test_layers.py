from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.finding import Finding, Report
from lossmon.report.layers import MOST, LayerRow, layer_dict, layer_rows, render_layers

NAMES = tuple(synth.SHAPES)
CLEAR = Report("a", "learning", 300, None)


def finding(severity: str, *culprits: str) -> Finding:
    return Finding("a-rule", severity, 0, culprits, "", (), ())  # type: ignore[arg-type]


def by_name(rows: tuple[LayerRow, ...]) -> dict[str, LayerRow]:
    return {row.name: row for row in rows}


def test_a_row_holds_the_last_sampled_step() -> None:
    run = synth.run(300)
    row = by_name(layer_rows(run, CLEAR))["0.weight"]
    assert run.parameters is not None
    last = lambda signal: run.parameters.column(signal)[-1, 0]  # noqa: E731
    assert (row.step, row.shape) == (299, (64, 32))
    assert row.grad_norm == last(signals.GRAD_NORM)
    assert row.update_ratio == last(signals.UPDATE_NORM) / last(signals.WEIGHT_NORM)


def test_each_parameter_has_its_own_last_step() -> None:
    """Two optimizers that take turns sample their parameters at different steps."""
    there = np.ones((600, len(NAMES)))
    there[20:, 1] = np.nan
    grad, weight = there.copy(), there * 2
    run = synth.run(600, parameter={signals.GRAD_NORM: grad, signals.WEIGHT_NORM: weight})
    rows = by_name(layer_rows(run, CLEAR))
    assert rows[NAMES[0]].step == 599
    assert rows[NAMES[1]].step == 19


def test_those_that_findings_name_come_first_and_the_worst_of_them_before() -> None:
    report = replace(CLEAR, findings=(finding("info", NAMES[1]), finding("error", NAMES[4])))
    rows = layer_rows(synth.run(50), report)
    assert [row.name for row in rows] == [
        NAMES[4],
        NAMES[1],
        NAMES[0],
        NAMES[2],
        NAMES[3],
        NAMES[5],
    ]
    assert [row.severity for row in rows[:3]] == ["error", "info", ""]


def test_missing_gradient_and_a_gradient_that_is_not_a_number_read_differently() -> None:
    grad = np.ones((50, len(NAMES)))
    grad[:, :2] = np.nan
    bad = np.zeros((50, len(NAMES)))
    bad[:, 1] = 3
    run = synth.run(50, parameter={signals.GRAD_NORM: grad, signals.GRAD_NONFINITE: bad})
    rows = layer_rows(run, CLEAR)
    lines = render_layers(rows, width=80)
    assert "none" in lines[1].split()
    assert "nan" in lines[2].split()
    assert [layer_dict(row)["grad_norm"] for row in rows[:3]] == [None, "nan", 1.0]


def test_what_was_never_sampled_is_a_dash() -> None:
    run = replace(synth.run(50), parameters=None)
    rows = layer_rows(run, CLEAR)
    assert [row.step for row in rows] == [None] * len(NAMES)
    assert render_layers(rows, width=80)[1].split()[2:] == ["–"] * 5
    assert layer_dict(rows[0])["step"] is None


def test_a_log_without_parameters_has_no_rows() -> None:
    rows = layer_rows(synth.scalars_only([1.0, 2.0]), CLEAR)
    assert rows == ()
    assert render_layers(rows, width=80) == []


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_are_as_wide_as_asked_whatever_the_names(width: int) -> None:
    shapes = {f"transformer.h.{n}.attention.output.dense.weight": (64, 64) for n in range(3)}
    lines = render_layers(layer_rows(synth.run(50, shapes=shapes), CLEAR), width=width)
    assert max(map(len, lines)) <= width
    assert all("transf" in line or width < 60 for line in lines[1:])
    assert all("grad norm" in lines[0] and "update/w" in lines[0] for _ in lines)


def test_a_large_model_is_cut_after_the_first_rows() -> None:
    shapes = {f"{n}.weight": (2, 2) for n in range(MOST + 5)}
    assert len(render_layers(layer_rows(synth.run(50, shapes=shapes), CLEAR), width=80)) == MOST + 1


def test_a_shape_of_a_thousand_dimensions_leaves_room_for_the_rest() -> None:
    run = synth.run(50)
    assert run.meta is not None
    infos = [replace(info, shape=(2,) * 1000) for info in run.meta.parameters]
    run = replace(run, meta=replace(run.meta, parameters=tuple(infos)))
    assert max(map(len, render_layers(layer_rows(run, CLEAR), width=120))) <= 120
