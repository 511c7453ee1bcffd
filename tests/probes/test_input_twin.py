"""Inputs that mean something are told from noise, whatever kind of model gets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon.probes.input_twin import input_twin
from lossmon.probes.outcome import CannotRunError

Ask = Callable[..., Any]


def test_a_sound_model_learns_from_its_input(ask: Ask, sound: tuple[nn.Module, Any]) -> None:
    found = ask(input_twin, *sound)
    assert found.uses_input
    assert found.loss < found.shuffled_loss
    assert found.loss < found.zeroed_loss


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_told_from_signal(ask: Ask, seed: int) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    x = torch.randn(128, 20)
    assert not ask(input_twin, model, (x, torch.randint(0, 5, (128,)))).uses_input
    assert ask(input_twin, model, (x, x[:, :5].argmax(1))).uses_input


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_told_from_signal_in_regression(ask: Ask, seed: int) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 1))
    x = torch.randn(256, 10)
    assert not ask(input_twin, model, (x, torch.randn(256, 1)), nn.MSELoss()).uses_input
    y = x[:, :1] * x[:, 1:2] + x[:, 2:3]
    assert ask(input_twin, model, (x, y), nn.MSELoss()).uses_input


def test_a_model_that_ignores_its_input_is_found_out(ask: Ask) -> None:
    class Deaf(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(0 * x)

    model = Deaf(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10))
    x = torch.randn(64, 20)
    found = ask(input_twin, model, (x, x[:, :10].argmax(1)))
    assert not found.uses_input
    assert found.loss == found.zeroed_loss == found.shuffled_loss


def test_labels_that_go_into_the_model_are_no_input(ask: Ask) -> None:
    class WithLoss(nn.Linear):
        def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
            return {"loss": F.cross_entropy(super().forward(x), labels)}

    x = torch.randn(128, 20)
    own = lambda model, batch: model(**batch)["loss"]  # noqa: E731
    noise, sense = torch.randint(0, 5, (128,)), x[:, :5].argmax(1)
    assert not ask(input_twin, WithLoss(20, 5), {"x": x, "labels": noise}, own).uses_input
    assert ask(input_twin, WithLoss(20, 5), {"x": x, "labels": sense}, own).uses_input


def test_a_batch_without_examples_to_shuffle_is_said(ask: Ask) -> None:
    model = nn.Linear(20, 5)
    with pytest.raises(CannotRunError, match="no two examples"):
        ask(input_twin, model, (torch.randn(1, 20), torch.zeros(1).long()))


def test_a_loss_function_that_goes_past_the_models_own_call_is_said(ask: Ask) -> None:
    model, x = nn.Linear(20, 5), torch.randn(8, 20)
    past = lambda model, batch: model.forward(batch).square().mean()  # noqa: E731
    with pytest.raises(CannotRunError, match="does not call the model itself"):
        ask(input_twin, model, x, past)
