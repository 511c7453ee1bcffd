"""Whether mean predictions follow mean targets, and how much of the loss that is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import (
    BATCH_SIZE,
    LABEL_COUNTS,
    PREDICTION_MEAN,
    TARGET_COUNT,
    TARGET_MEAN,
    TARGET_STD,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.batchmeans import batch_means, levelled, shared_error
from lossmon.diagnosis.facts import Facts

VALUES: dict[Any, Any] = dict.fromkeys(LABEL_COUNTS, np.nan)
MEANS = np.random.default_rng(5).normal(0, 1, 300)


def forecast(
    *,
    loss: Any = None,
    follows: float = 0.0,
    size: float = 32.0,
    targets: float = 32.0,
    name: str = "smooth_l1_loss",
    spread: float = 1.0,
) -> Facts:
    """Return a regression whose batches differ by 1.0, and their examples as much as that."""
    losses = synth.flat(300, at=1.3) if loss is None else loss
    total = {
        **VALUES,
        TARGET_MEAN: MEANS[: len(losses)],
        TARGET_STD: spread,
        PREDICTION_MEAN: follows * MEANS[: len(losses)],
        BATCH_SIZE: size,
        TARGET_COUNT: targets,
    }
    shape = [int(size), int(targets / size)]
    marks = (synth.criterion(name=name, target_shape=shape),)
    return Facts(synth.run(len(losses), loss=losses, total=total, marks=marks))


def test_half_of_the_variety_lies_between_batches() -> None:
    seen = batch_means(forecast())
    assert seen is not None
    assert seen.common == pytest.approx(0.5, abs=0.06)
    assert seen.follows == 0


def test_predictions_that_stay_where_they_are_and_most_of_the_loss_is_that() -> None:
    common, stays = levelled(forecast(), few=False)
    assert common.observed > common.limit
    assert "the mean prediction by 0 only" in stays.reads


@pytest.mark.parametrize(
    "facts",
    [
        forecast(follows=0.6),
        forecast(follows=0.2),
        forecast(loss=synth.falling(300, end=0.9)),
        forecast(loss=synth.flat(300, at=2.28)),
        forecast(loss=synth.flat(80, at=1.3)),
        forecast(size=2.0, name="poisson_nll_loss"),
    ],
    ids=[
        "predictions follow",
        "predictions follow a little, and surely",
        "the loss falls",
        "nothing is learnt",
        "hardly begun",
        "two examples a batch, of which the variety is not known",
    ],
)
def test_nothing_is_said_where(facts: Facts) -> None:
    assert not list(levelled(facts, few=False))


def test_of_one_series_a_batch_the_prior_tells_the_variety() -> None:
    facts = forecast(name="mse_loss", size=1.0, targets=12.0, loss=synth.flat(300, at=1.8))
    seen = batch_means(facts)
    assert seen is not None
    assert seen.common == pytest.approx(1 / synth.PRIOR, abs=0.05)
    assert list(levelled(facts, few=False))


@pytest.mark.parametrize(
    ("name", "variance"),
    [("l1_loss", 8.33), ("smooth_l1_loss", 12.34), ("huber_loss", 12.34)],
)
def test_of_distances_the_prior_tells_the_variety_of_normal_targets(
    name: str, variance: float
) -> None:
    seen = batch_means(forecast(name=name, size=1.0, targets=12.0))
    assert seen is not None
    assert seen.common == pytest.approx(seen.targets / variance, rel=0.01)


def test_of_four_examples_drawn_at_random_a_quarter_lies_between_batches() -> None:
    facts = forecast(size=4.0, targets=4.0)
    seen = batch_means(facts)
    assert seen is not None
    assert seen.common >= 0.25


@pytest.mark.parametrize(
    ("name", "loss"), [("mse_loss", 1.0), ("l1_loss", 0.8), ("smooth_l1_loss", 0.4)]
)
def test_of_one_series_a_batch_the_loss_is_an_error_that_all_hours_share(
    name: str, loss: float
) -> None:
    facts = forecast(name=name, size=1.0, targets=12.0, loss=synth.flat(300, at=loss))
    assert list(shared_error(facts))


@pytest.mark.parametrize(
    "facts",
    [
        forecast(name="mse_loss", size=1.0, targets=12.0, loss=synth.flat(300, at=2.2)),
        forecast(name="mse_loss", size=1.0, targets=12.0, follows=0.9),
        forecast(name="mse_loss", size=1.0, targets=12.0, loss=synth.falling(300, end=0.9)),
        forecast(name="mse_loss", size=8.0, targets=96.0, loss=synth.flat(300, at=1.0)),
        forecast(name="poisson_nll_loss", size=1.0, targets=12.0, loss=synth.flat(300, at=1.0)),
    ],
    ids=[
        "the hours differ more",
        "predictions follow",
        "the loss falls",
        "there are eight series",
        "of another loss nobody knows",
    ],
)
def test_no_error_is_shared_where(facts: Facts) -> None:
    assert not list(shared_error(facts))


def test_of_few_values_a_tenth_of_what_there_is_to_learn_is_enough() -> None:
    facts = forecast(size=8.0, targets=8.0, loss=synth.flat(300, at=0.5), spread=2.5)
    assert not list(levelled(facts, few=False))
    common, _ = levelled(facts, few=True)
    assert 0.1 < common.observed < 0.2
