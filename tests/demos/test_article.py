"""The article's three experiments: as published their wiring is at fault, corrected they are told
apart. The labels are random, so that `no-signal` is true of all of them and may always be said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Train = Callable[..., list[Any]]

pytestmark = [pytest.mark.training, pytest.mark.parametrize("seed", [0, 1, 2])]


def test_learning_rates_as_published_belong_to_optimizers_of_another_model(
    train_by_seed: Train, seed: int
) -> None:
    runs = train_by_seed("article/learning_rate.py", "--seed", seed)
    assert [run.cause for run in runs] == ["optimizer-wrong-params"] * 3
    assert [run.loud["optimizer-wrong-params"] for run in runs] == ["error"] * 3


def test_learning_rates_corrected_are_too_high_too_low_and_fine(
    train_by_seed: Train, seed: int
) -> None:
    high, low, fine = train_by_seed(
        "article/learning_rate.py", "--wiring", "corrected", "--seed", seed
    )
    assert high.cause == "lr-too-high"
    assert "lr-too-high" in high.loud
    assert low.cause == "lr-too-low"
    assert "lr-too-low" in low.loud
    assert not fine.besides("no-signal")


def test_one_linear_layer_learns_alike_from_every_start(train_by_seed: Train, seed: int) -> None:
    runs = train_by_seed("article/initialisation.py", "--seed", seed)
    assert len(runs) == 3
    assert [run.besides("no-signal") for run in runs] == [set()] * 3


def test_hidden_layers_cannot_learn_from_zeros_or_ones(train_by_seed: Train, seed: int) -> None:
    zeros, ones, default = train_by_seed(
        "article/initialisation.py", "--hidden", "64,64", "--seed", seed
    )
    assert zeros.cause == "zero-init"
    assert "zero-init" in zeros.loud
    assert ones.cause == "constant-init"
    assert "constant-init" in ones.loud
    assert not default.loud
    assert default.status == "learning"


def test_penalties_as_published_are_applied_to_models_that_no_optimizer_holds(
    train_by_seed: Train, seed: int
) -> None:
    none, *others = train_by_seed("article/regularisation.py", "--seed", seed)
    assert not none.besides("no-signal")
    assert [run.cause for run in others] == ["optimizer-wrong-params"] * 2


def test_penalties_corrected_are_harmless_too_strong_and_harmless(
    train_by_seed: Train, seed: int
) -> None:
    words = ("article/regularisation.py", "--wiring", "corrected", "--seed", seed)
    none, strong, moderate = train_by_seed(*words)
    assert not none.besides("no-signal")
    assert strong.cause == "weight-decay-too-strong"
    assert "weight-decay-too-strong" in strong.loud
    assert not moderate.besides("no-signal")
