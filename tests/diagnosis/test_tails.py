from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.tails import Tails, heavy_tails

SIZE, STEPS = 64, 300


def tails_of(
    errors: np.ndarray,
    name: str = "mse_loss",
    steps: int = STEPS,
    *,
    size: int = SIZE,
    spike: float = 1.0,
    **noted: Any,
) -> Tails | None:
    """Return what is seen of the losses that batches of such errors have."""
    each = np.abs(errors) if name == "l1_loss" else np.square(errors)
    losses = each.reshape(-1, SIZE).mean(axis=1)[:steps]
    losses[20] *= spike
    run = synth.run(
        steps,
        loss=losses,
        total={BATCH_SIZE: float(size), TARGET_COUNT: float(SIZE)},
        marks=(synth.criterion(name=name, target_dtype="float32", **noted),),
    )
    return heavy_tails(Facts(run))


def errors(share: float, seed: int = 0) -> np.ndarray:
    """Return errors of which that share is large, and the rest small."""
    rng = np.random.default_rng(seed)
    scale = np.where(rng.random(STEPS * SIZE) < share, 1.0, 0.1)
    return scale * rng.normal(size=STEPS * SIZE)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
@pytest.mark.parametrize("share", [0.15, 0.3, 0.45])
def test_a_share_of_targets_that_are_others_makes_losses_differ_more(
    share: float, name: str
) -> None:
    tails = tails_of(errors(share), name)
    assert tails is not None
    assert "as where some targets are far off" in tails.evidence().reads


def test_the_ratio_is_that_of_the_errors_themselves() -> None:
    e = np.square(errors(0.3))
    tails = tails_of(errors(0.3))
    assert tails is not None
    assert tails.ratio == pytest.approx(e.var() / e.mean() ** 2 / 2, rel=0.2)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
@pytest.mark.parametrize("seed", range(5))
def test_normal_errors_have_no_heavy_tails(seed: int, name: str) -> None:
    assert tails_of(errors(1.0, seed), name) is None


def test_where_the_level_goes_does_not_count() -> None:
    level = np.linspace(1.0, 1.05, STEPS).repeat(SIZE)
    assert tails_of(level * errors(1.0)) is None


def test_classifiers_have_no_errors_of_that_kind() -> None:
    assert tails_of(errors(0.3), "cross_entropy") is None


def test_of_few_losses_nothing_is_said() -> None:
    assert tails_of(errors(0.3), steps=80) is None


def test_of_graphs_the_targets_tell_how_many_they_are() -> None:
    assert tails_of(errors(1.0), size=20 * SIZE) is None


def test_one_spike_is_no_tail() -> None:
    assert tails_of(errors(1.0), spike=8.0) is None


def test_a_sum_is_no_mean() -> None:
    assert tails_of(errors(0.3), reduction="sum") is None


def test_losses_that_are_all_zero_have_no_tails() -> None:
    assert tails_of(0 * errors(1.0)) is None
