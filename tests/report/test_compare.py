"""Two runs: the same until they part, and what was set otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.numfmt import fmt
from lossmon.records import GroupInfo, Run
from lossmon.report.compare import layer_ratios, loss_difference, settings_that_differ

STEPS = 400


def falling(step: int = STEPS, *, by: float = 0.0) -> np.ndarray:
    """A noisy loss that is `by` higher from `step` on."""
    return synth.falling(STEPS) + np.where(np.arange(STEPS) >= step, by, 0.0)


def test_a_run_does_not_differ_from_itself() -> None:
    run = synth.run(STEPS)
    found = loss_difference(run, run)
    assert found is not None
    assert (found.differ, found.apart) == (None, None)
    assert not found.values.any()
    assert settings_that_differ(run, run) == ()
    assert all(row.ratios == pytest.approx((1.0, 1.0, 1.0)) for row in layer_ratios(run, run))


def test_losses_that_part_for_good_are_told_from_a_single_step_that_differs() -> None:
    once = falling()
    once[100] += 1e-6
    first = synth.run(STEPS, loss=falling())
    found = loss_difference(first, synth.run(STEPS, loss=once))
    assert found is not None
    assert (found.differ, found.apart) == (100, None)
    later = loss_difference(first, synth.run(STEPS, loss=falling(200, by=1.0)))
    assert later is not None
    assert later.differ == 200
    assert later.apart is not None
    assert 200 <= later.apart < 215
    assert later.values[200] == pytest.approx(1.0)


def test_only_steps_that_both_have_are_compared_and_nan_is_no_difference() -> None:
    losses = falling()
    losses[50] = np.nan
    first, second = synth.run(STEPS, loss=falling()), synth.run(100, loss=losses[:100])
    found = loss_difference(first, second)
    assert found is not None
    assert len(found.steps) == 100
    assert np.isnan(found.values[50])
    assert loss_difference(first, Run("empty")) is None


def test_settings_name_what_differs_with_both_values() -> None:
    group = GroupInfo("", "Adam", 1e-3, held=6)
    first = synth.run(20, groups=[group])
    second = synth.run(20, groups=[replace(group, lr=1e-2, options={"eps": 1e-8})])
    found = {one.name: (one.first, one.second) for one in settings_that_differ(first, second)}
    assert found == {
        "group 0 lr": (fmt(1e-3), fmt(1e-2)),
        "group 0 eps": ("", fmt(1e-8)),
    }


def test_layers_are_ordered_by_how_much_they_differ() -> None:
    norms = np.ones((STEPS, len(synth.SHAPES)))
    first = synth.run(STEPS, parameter={signals.GRAD_NORM: norms})
    changed = norms * [1, 1, 1, 1e-3, 1, 1]
    second = synth.run(STEPS, parameter={signals.GRAD_NORM: changed})
    rows = layer_ratios(first, second)
    assert rows[0].name == "2.bias"
    assert rows[0].ratios[0] == pytest.approx(1e-3)
    assert layer_ratios(first, Run("empty")) == ()
