"""How far mean predictions go along with mean targets, and what batches have in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lossmon.batchsignals import (
    INPUT_MEAN,
    INPUT_STD,
    LABEL_COUNTS,
    PREDICTED_COUNTS,
    PREDICTION_MEAN,
    TARGET_MEAN,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.batchmeans import Means, batch_means
from lossmon.diagnosis.facts import Facts

Forecast = Callable[..., Facts]


def seen(facts: Facts) -> Means:
    found = batch_means(facts)
    assert found is not None
    return found


def test_half_of_the_variety_lies_between_batches(forecast: Forecast) -> None:
    found = seen(forecast())
    assert found.common == pytest.approx(0.5, abs=0.06)
    assert found.follows == 0
    assert found.stays


@pytest.mark.parametrize("follows", [0.2, 0.6])
def test_who_goes_a_way_along_with_the_targets_does_not_stay(
    forecast: Forecast, follows: float
) -> None:
    found = seen(forecast(follows=follows))
    assert found.follows == pytest.approx(follows**2, rel=0.5)
    assert not found.stays


def test_of_one_series_a_batch_the_prior_tells_the_variety(forecast: Forecast) -> None:
    found = seen(forecast(name="mse_loss", size=1.0, count=12.0))
    assert found.common == pytest.approx(1 / synth.PRIOR, abs=0.05)


@pytest.mark.parametrize(
    ("name", "variance"),
    [("l1_loss", 8.33), ("smooth_l1_loss", 12.34), ("huber_loss", 12.34)],
)
def test_of_distances_the_prior_tells_the_variety_of_normal_targets(
    forecast: Forecast, name: str, variance: float
) -> None:
    found = seen(forecast(name=name, size=1.0, count=12.0))
    assert found.common == pytest.approx(found.targets / variance, rel=0.01)


def test_of_another_loss_the_variety_of_one_series_is_not_known(forecast: Forecast) -> None:
    assert np.isnan(seen(forecast(name="poisson_nll_loss", size=1.0, count=12.0)).common)


def test_of_four_examples_drawn_at_random_a_quarter_lies_between_batches(
    forecast: Forecast,
) -> None:
    assert seen(forecast(size=4.0, count=4.0, spread=3.0)).common == 0.25


def test_where_the_newest_batches_hold_no_rare_event_there_is_nothing_to_follow(
    forecast: Forecast,
) -> None:
    rare = np.where(np.arange(300) % 40 == 0, 1.0, 0.0)
    rare[-60:] = 0.0
    found = seen(forecast(targets=rare))
    assert np.isnan(found.follows)
    assert not found.stays


@pytest.mark.parametrize(("told", "sure"), [(0.0, False), (2.0, True)])
def test_mean_inputs_tell_of_mean_targets_or_not(
    forecast: Forecast, told: float, sure: bool
) -> None:
    assert seen(forecast(told=told)).is_told is sure


@pytest.mark.parametrize(("spread", "sure"), [(0.0, True), (1.0, False)])
def test_the_number_that_all_of_a_batch_bears_tells_of_its_targets(
    spread: float, sure: bool
) -> None:
    rng = np.random.default_rng(8)
    whose = rng.integers(24, size=300)
    total = {
        **dict.fromkeys(LABEL_COUNTS, np.nan),
        TARGET_MEAN: rng.permutation(24)[whose].astype(float),
        PREDICTION_MEAN: 0.0,
        INPUT_MEAN: whose.astype(float),
        INPUT_STD: spread,
    }
    assert seen(Facts(synth.run(total=total))).is_told is sure


@pytest.mark.parametrize("classes", [2, 10])
def test_predictions_that_have_nothing_to_do_with_classes_go_along_by_one_error(
    classes: int,
) -> None:
    rng = np.random.default_rng(0)
    even = np.full(classes, 1 / classes)
    along = [_drawn(*rng.multinomial(64, even, (2, 300))).along for _ in range(60)]
    assert np.std(along) == pytest.approx(1.0, abs=0.3)


def _drawn(labels: np.ndarray, guesses: np.ndarray) -> Means:
    """Return what is seen of so many labels and predictions of each class a batch."""
    pairs = [*zip(LABEL_COUNTS, labels.T, strict=False)]
    pairs += [*zip(PREDICTED_COUNTS, guesses.T, strict=False)]
    none = dict.fromkeys((*LABEL_COUNTS, *PREDICTED_COUNTS), 0.0)
    return seen(Facts(synth.run(total={**none, **dict(pairs)})))


@pytest.mark.parametrize("size", [0.0, np.nan])
def test_sizes_that_are_not_known_tell_nothing_and_hurt_nobody(
    forecast: Forecast, size: float
) -> None:
    found = batch_means(forecast(size=size, count=size))
    assert found is None or not found.common > 1
