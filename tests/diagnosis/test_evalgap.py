"""What is said of a validation loss that was never good, with a reason in the inputs or none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import INPUT_MEAN
from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.evalgap import by_kind, never_valid, probed
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.synthnorms import probed_in_both
from lossmon.records import LayerInfo, Run
from lossmon.signals import PRIOR_LOSS, VAL_LOSS

EVERY_TWENTY = np.arange(300) % 20 == 19


def validated(losses: Any, *, end: float = 0.1, layers: tuple[LayerInfo, ...] = ()) -> Run:
    return synth.run(
        loss=synth.falling(300, end=end),
        scalar={VAL_LOSS: np.where(EVERY_TWENTY, losses, np.nan)},
        layers=layers or synth.LAYERS,
    )


def test_a_validation_loss_above_a_constants_all_along_is_told() -> None:
    assert never_valid(Facts(validated(4.0)))


@pytest.mark.parametrize(
    "run",
    [
        validated(np.linspace(1.5, 8.0, 300)),
        validated(4.0, end=1.9),
        synth.run(scalar={VAL_LOSS: np.where(np.arange(300) > 297, 4.0, np.nan)}),
        synth.run(),
    ],
    ids=["it was better once", "training explains little", "two validations", "none"],
)
def test_nothing_is_told_where(run: Run) -> None:
    assert not never_valid(Facts(run))


def test_without_a_reason_in_the_inputs_a_probe_is_asked_for() -> None:
    norm = LayerInfo("1", "BatchNorm1d", settings={"momentum": 0.1, "values": 64.0})
    report = diagnose(validated(4.0, layers=(synth.LAYERS[0], norm, *synth.LAYERS[1:])))
    assert "mon.probe(batch)" in report.undecided["batchnorm-misuse"]


def two_kinds(validation: Any) -> Facts:
    """Return a run whose batches are given one kind of inputs or the other, in turns."""
    means = np.where(np.arange(300) % 2, 3.0, -3.0)
    losses = np.where(EVERY_TWENTY, validation, np.nan)
    return Facts(synth.run(total={INPUT_MEAN: means}, scalar={VAL_LOSS: losses}))


def test_batches_of_two_kinds_of_inputs_are_told_unless_validation_goes_down_as_well() -> None:
    (kinds,) = by_kind(two_kinds(4.0))
    assert kinds.observed > kinds.limit
    assert not list(by_kind(two_kinds(np.linspace(46, 6, 300))))


def test_a_validation_that_was_not_finite_once_hides_nothing() -> None:
    losses = np.where(np.arange(300) == 19, np.inf, 4.0)
    assert never_valid(Facts(validated(losses)))


def test_batches_that_are_alike_have_no_kinds() -> None:
    assert not list(by_kind(Facts(synth.run())))


def test_few_batches_tell_of_no_kinds() -> None:
    means = np.where(np.arange(300) < 10, np.where(np.arange(300) % 2, 3.0, -3.0), np.nan)
    assert not list(by_kind(Facts(synth.run(total={INPUT_MEAN: means}))))


@pytest.mark.parametrize(("without", "is_lost"), [(1.4, False), (1.75, True)])
def test_a_quarter_of_what_a_constant_costs_is_too_much_to_lose(
    without: float, is_lost: bool
) -> None:
    run = synth.run(loss=synth.flat(300, at=1.1), marks=(probed_in_both(1.1, without),))
    assert bool(list(probed(Facts(run)))) is is_lost


def test_of_an_unknown_loss_twice_as_much_is() -> None:
    marks, total = (probed_in_both(1.1, 1.75),), {PRIOR_LOSS: np.nan}
    assert not list(probed(Facts(synth.run(marks=marks, total=total))))
