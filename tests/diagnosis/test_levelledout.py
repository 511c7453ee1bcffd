"""Whether what batches have in common is missing in the predictions, and how much that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis import levelledout, synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.levelledout import is_told, levelled, shared_error
from lossmon.signals import UPDATE_NORM

Forecast = Callable[..., Facts]
ONE = {"size": 1.0, "count": 12.0}
"""One series a batch, of twelve hours."""


def test_predictions_that_stay_where_they_are_and_most_of_the_loss_is_that(
    forecast: Forecast,
) -> None:
    common, stays = levelled(forecast(told=2.0), few=False)
    assert common.observed > common.limit
    assert "the mean prediction by 0 only" in stays.reads
    assert stays.reads.endswith("in common is normalised away")


def test_where_inputs_do_not_tell_it_is_said_that_it_may_be_them(forecast: Forecast) -> None:
    facts = forecast()
    _, stays = levelled(facts, few=False)
    assert stays.reads.endswith("normalised away, or inputs do not tell of it")
    assert not is_told(facts)


def test_a_little_that_is_surely_learnt_is_enough_to_say_it(forecast: Forecast) -> None:
    assert list(levelled(forecast(at=2.22, spread=0.5), few=False))


@pytest.mark.parametrize(
    "changed",
    [
        {"follows": 0.6},
        {"follows": 0.2},
        {"loss": synth.falling(300, end=0.9)},
        {"at": 2.28, "spread": 0.5},
        {"loss": synth.flat(80, at=1.3)},
        {"size": 2.0, "name": "poisson_nll_loss"},
        {**ONE, "name": "mse_loss", "parameter": {UPDATE_NORM: 1e-7}},
    ],
    ids=[
        "predictions follow",
        "predictions follow a little, and surely",
        "the loss falls",
        "nothing is learnt",
        "hardly begun",
        "two examples a batch, of which the variety is not known",
        "weights hardly move",
    ],
)
def test_nothing_is_said_where(forecast: Forecast, changed: dict[str, Any]) -> None:
    assert not list(levelled(forecast(**changed), few=False))


def test_of_one_series_a_batch_that_is_said_of_little_learnt(forecast: Forecast) -> None:
    assert list(levelled(forecast(**ONE, name="mse_loss", at=1.8), few=False))


def test_of_few_values_a_tenth_of_what_there_is_to_learn_is_enough(forecast: Forecast) -> None:
    facts = forecast(size=8.0, count=8.0, at=0.5, spread=2.5)
    assert not list(levelled(facts, few=False))
    common, _ = levelled(facts, few=True)
    assert 0.1 < common.observed < 0.2


@pytest.mark.parametrize(
    ("name", "loss"), [("mse_loss", 1.0), ("l1_loss", 0.8), ("smooth_l1_loss", 0.4)]
)
def test_of_one_series_a_batch_the_loss_is_an_error_that_all_hours_share(
    forecast: Forecast, name: str, loss: float
) -> None:
    assert list(shared_error(forecast(**ONE, name=name, at=loss)))


@pytest.mark.parametrize(
    "changed",
    [
        {**ONE, "at": 2.2},
        {**ONE, "follows": 0.9},
        {**ONE, "follows": 1.0, "offset": 1.1},
        {**ONE, "loss": synth.falling(300, end=0.9)},
        {**ONE, "at": 0.5},
        {**ONE, "at": 1.0, "parameter": {UPDATE_NORM: 1e-7}},
        {"size": 8.0, "count": 96.0, "at": 1.0},
        {**ONE, "name": "poisson_nll_loss", "at": 1.0},
    ],
    ids=[
        "the hours differ more",
        "predictions follow",
        "all batches share it too",
        "the loss falls",
        "it is more than the loss: the loss is another",
        "weights hardly move",
        "there are eight series",
        "of another loss nobody knows",
    ],
)
def test_no_error_is_shared_where(forecast: Forecast, changed: dict[str, Any]) -> None:
    assert not list(shared_error(forecast(**{"name": "mse_loss", **changed})))


def test_losses_that_were_not_recorded_share_nothing(forecast: Forecast) -> None:
    unknown = np.full(300, np.nan)
    assert not list(shared_error(forecast(**ONE, name="mse_loss", targets=unknown)))


def strays(follows: float) -> tuple[Any, Any]:
    """Return mean targets, and predictions that vary by `follows` of them and go along with none.

    Of sixteen in a row both add up to nothing.
    """
    targets = np.tile([1.0, 1.0, -1.0, -1.0], 75)
    return targets, follows * np.tile([1.0, -1.0, 1.0, -1.0], 75)


def test_of_one_picture_a_batch_predictions_that_stray_follow_nothing(forecast: Forecast) -> None:
    targets, wandering = strays(0.6)
    changed = {**ONE, "name": "mse_loss", "at": 1.2, "targets": targets}
    _, behind = levelled(forecast(**changed, offset=wandering), few=True)
    assert "goes 0 % of the way" in behind.reads
    assert not list(levelled(forecast(**changed, follows=0.6), few=True))


def test_of_many_examples_a_batch_ones_that_stray_may_be_told_by_chance(forecast: Forecast) -> None:
    targets, wandering = strays(0.6)
    assert not list(levelled(forecast(targets=targets, offset=wandering), few=False))


@pytest.mark.parametrize("row", [True, False])
def test_of_a_batch_whose_row_is_known_a_tenth_is_enough(
    forecast: Forecast, monkeypatch: pytest.MonkeyPatch, row: bool
) -> None:
    monkeypatch.setattr(levelledout, "of_one_row", lambda _: iter((row,) if row else ()))
    assert bool(list(levelled(forecast(at=1.9, spread=2.5), few=False))) is row
