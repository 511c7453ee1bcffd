"""Gains before the first step: of matrices that multiply, and of nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.gains import Gains, first_gains
from lossmon.records import LayerInfo, ParameterInfo, Run
from lossmon.signals import WEIGHT_NORM

SHAPES = {"table.weight": (100, 16), "hidden.weight": (64, 16), "hidden.bias": (64,)}
LAYERS = (LayerInfo("table", "Embedding"), LayerInfo("hidden", "Linear", sources=(0,)))


def described(run: Run, **kinds: object) -> Run:
    """Return the run with its table of embeddings described in other words."""
    assert run.meta is not None
    table, *others = run.meta.parameters
    known = (replace(table, kind="Embedding", **kinds), *others)  # type: ignore[arg-type]
    return replace(run, meta=replace(run.meta, parameters=known))


def gains(run: Run) -> np.ndarray:
    found = first_gains(Facts(run))
    assert isinstance(found, Gains)
    return found.values


@pytest.fixture
def run() -> Run:
    norms = [100**0.5 * 4, 64**0.5 * 0.5, 1.0]
    return synth.run(60, shapes=SHAPES, layers=LAYERS, parameter={WEIGHT_NORM: norms})


def test_gain_is_the_norm_over_the_root_of_the_rows(run: Run) -> None:
    assert gains(run)[1] == pytest.approx(0.5)


def test_a_bias_and_a_table_that_is_looked_up_have_none(run: Run) -> None:
    assert np.isnan(gains(described(run))).tolist() == [True, False, True]


def test_a_table_that_is_tied_to_an_output_has_one(run: Run) -> None:
    assert gains(described(run, tied=("head.weight",)))[0] == pytest.approx(4)


def test_a_table_that_goes_into_no_layer_has_one(run: Run) -> None:
    assert run.meta is not None
    table = replace(LAYERS[0], units=16)
    alone = replace(run, meta=replace(run.meta, layers=(table, LayerInfo("hidden", "Linear"))))
    assert gains(described(alone))[0] == pytest.approx(4)


def test_a_table_whose_module_never_ran_has_none(run: Run) -> None:
    assert run.meta is not None
    added = replace(run, meta=replace(run.meta, layers=(LAYERS[1], LAYERS[0])))
    assert np.isnan(gains(described(added))[0])


def test_of_a_matrix_of_unknown_use_the_least_gain_is_known(run: Run) -> None:
    assert run.meta is not None
    unknown = tuple(replace(p, kind="ParameterList") for p in run.meta.parameters)
    found = first_gains(Facts(replace(run, meta=replace(run.meta, parameters=unknown))))
    assert isinstance(found, Gains)
    assert np.isnan(found.values).all()
    assert found.least[:2] == pytest.approx([4, 0.5])


def test_a_transposed_convolution_has_none() -> None:
    run = synth.run(60)
    assert run.meta is not None
    as_transposed = tuple(replace(p, kind="ConvTranspose2d") for p in run.meta.parameters)
    assert np.isnan(gains(replace(run, meta=replace(run.meta, parameters=as_transposed)))).all()


def test_of_a_resumed_run_none_are_known() -> None:
    run = synth.run(60)
    assert run.meta is not None
    resumed = replace(run, meta=replace(run.meta, start_step=500))
    assert first_gains(Facts(resumed)) == (
        "the run was resumed at step 500: how it began is not in this log"
    )


def test_a_parameter_that_came_later_has_none() -> None:
    run = synth.run(60, since=[0, 0, 30, 30, 0, 0])
    assert isinstance(run.meta and run.meta.parameters[0], ParameterInfo)
    assert np.isnan(gains(run)[2])
