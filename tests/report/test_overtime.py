"""The numbers of the heatmap: medians, folds, and values that are not finite."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossmon import layersignals, signals
from lossmon.diagnosis import synth
from lossmon.records import Run
from lossmon.report.overtime import (
    DEAD,
    GRAD,
    UPDATE,
    WEIGHT,
    carried,
    deepest,
    folds,
    history,
    over_time,
)

ROWS = 6
"""Parameters of the synthetic model: 0.weight, 0.bias, 2.weight, ..."""


def run_of(**parameter: object) -> Run:
    known = {getattr(signals, name): value for name, value in parameter.items()}
    return synth.run(40, parameter=known)  # type: ignore[arg-type]


def columns(run: Run, count: int) -> np.ndarray:
    assert run.parameters is not None
    return np.arange(len(run.parameters)) * count // len(run.parameters)


def test_a_column_shows_the_median_of_its_records_for_each_parameter() -> None:
    norms = np.tile(np.arange(1.0, 41)[:, None], (1, ROWS))
    run = run_of(GRAD_NORM=norms)
    assert run.meta is not None
    found = over_time(run, GRAD, folds(run.meta.parameters, 0), columns(run, 4), 4)
    assert found.shape == (ROWS, 4)
    assert np.allclose(found[0], [5.5, 15.5, 25.5, 35.5])


def test_a_folded_row_shows_the_parameter_that_is_worst_off() -> None:
    norms = np.tile([1e-9, 1.0, 1.0, 2.0, 3.0, 4.0], (40, 1))
    run = run_of(GRAD_NORM=norms)
    assert run.meta is not None
    modules = folds(run.meta.parameters, 1)
    assert [one.name for one in modules] == ["0", "2", "4"]
    found = over_time(run, GRAD, modules, columns(run, 2), 2)
    assert np.allclose(found[:, 0], [1e-9, 1.0, 3.0])
    assert deepest(run.meta.parameters) == 1


def test_one_record_that_is_not_finite_marks_its_column_whatever_else_is_in_it() -> None:
    norms, broken = np.ones((40, ROWS)), np.zeros((40, ROWS))
    norms[17, 2], broken[17, 2] = np.nan, 3
    run = run_of(GRAD_NORM=norms, GRAD_NONFINITE=broken)
    assert run.meta is not None
    found = over_time(run, GRAD, folds(run.meta.parameters, 0), columns(run, 4), 4)
    assert np.argwhere(np.isinf(found)).tolist() == [[2, 1]]
    assert np.isinf(history(run, GRAD, folds(run.meta.parameters, 0)[2])[2]).sum() == 1


def test_a_gradient_that_was_not_there_is_no_value_and_no_zero() -> None:
    norms = np.ones((40, ROWS))
    norms[:, 1] = np.nan
    run = run_of(GRAD_NORM=norms)
    assert run.meta is not None
    found = over_time(run, GRAD, folds(run.meta.parameters, 0), columns(run, 4), 4)
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0]).all()


def test_update_ratio_weight_norm_and_dead_units_have_their_own_numbers() -> None:
    layer = {layersignals.DEAD_SHARE: np.tile([0.5, 0.1, 0.2, 0.2, np.nan], (40, 1))}
    changed = {signals.UPDATE_NORM: np.full((40, ROWS), 0.02), signals.WEIGHT_NORM: 10.0}
    run = synth.run(40, parameter=changed, layer=layer)
    assert run.meta is not None
    rows, column = folds(run.meta.parameters, 1), columns(run, 2)
    assert np.allclose(over_time(run, UPDATE, rows, column, 2), 2e-3)
    assert np.allclose(over_time(run, WEIGHT, rows, column, 2), 10.0)
    dead = over_time(run, DEAD, rows, column, 2)[:, 0]
    assert np.allclose(dead, [0.5, 0.2, np.nan], equal_nan=True)


def test_columns_that_are_known_are_not_computed_again_and_empty_ones_take_the_last() -> None:
    run = run_of()
    assert run.meta is not None
    rows = folds(run.meta.parameters, 0)
    sparse = columns(run, 4) * 2
    whole = over_time(run, GRAD, rows, sparse, 8)
    later = over_time(run, GRAD, rows, sparse, 8, first=4)
    assert np.isnan(later[:, :4]).all()
    assert np.array_equal(later[:, 4:], whole[:, 4:], equal_nan=True)
    filled = carried(whole, 6)
    assert np.array_equal(filled[:, 1], whole[:, 0])
    assert np.isnan(filled[:, 7]).all()


def test_a_run_of_which_no_layer_is_known_has_no_numbers() -> None:
    run = replace(run_of(), parameters=None)
    assert run.meta is not None
    found = over_time(run, GRAD, folds(run.meta.parameters, 0), np.zeros(0, np.int64), 3)
    assert np.isnan(found).all()
