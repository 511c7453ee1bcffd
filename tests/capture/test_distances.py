"""Distances that a loop wrote itself: prediction and target are found again, or nothing is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon.capture.distances import distance_in_graph

Loss = Callable[[Tensor, Tensor], Tensor]
LOSSES: dict[str, tuple[str, Loss]] = {
    "l1_loss": ("l1", F.l1_loss),
    "mean of absolute differences": ("l1", lambda p, t: (t - p).abs().mean()),
    "mean of squares": ("mse", lambda p, t: ((p - t) ** 2).mean()),
    "pow": ("mse", lambda p, t: torch.mean(torch.pow(p - t, 2))),
    "a product with itself": ("mse", lambda p, t: squared(p - t).mean()),
}


def squared(gap: Tensor) -> Tensor:
    return gap * gap


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))


@pytest.mark.parametrize(("kind", "loss"), LOSSES.values(), ids=LOSSES)
def test_prediction_and_target_of_a_distance_are_found_again(
    kind: str, loss: Loss, model: nn.Module
) -> None:
    target = 100 + torch.randn(16)
    prediction = model(torch.randn(16, 3)).squeeze(1)
    judged = distance_in_graph(3 * loss(prediction, target) + 0.1)
    assert judged is not None
    assert judged.kind == kind
    assert torch.allclose(judged.prediction, prediction, atol=1e-5)
    assert torch.allclose(judged.target, target, atol=1e-4)
    assert judged.is_target_worked_out


def test_the_result_of_a_function_is_taken_as_it_was_kept() -> None:
    prediction = nn.Linear(3, 2)(torch.randn(8, 3)).sigmoid()
    judged = distance_in_graph((prediction - torch.ones(8, 2)).square().mean())
    assert judged is not None
    assert torch.equal(judged.prediction, prediction)
    assert judged.behind == "sigmoid"


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(lambda p, t: ((p - t) ** 2).sum(1).mean(), id="a sum over the outputs"),
        pytest.param(lambda p, t: ((p - t) ** 2).mean(0).sum(), id="a mean over the batch"),
        pytest.param(lambda p, t: (p - t).abs().pow(3).mean(), id="a cube"),
        pytest.param(lambda p, t: (p - t).abs().mean() + ((p - t) ** 2).mean(), id="two of them"),
        pytest.param(lambda p, t: ((p - 2 * p) ** 2).mean(), id="both with a gradient"),
        pytest.param(lambda p, t: ((p.exp().sum(1) - t[:, 0]) ** 2).mean(), id="an unknown maker"),
        pytest.param(lambda p, t: F.mse_loss(p, t), id="a criterion with a node of its own"),
        pytest.param(lambda p, t: ((p - t.reshape(-1)) ** 2).mean(), id="shapes that broadcast"),
    ],
)
def test_nothing_is_said_of_other_losses(loss: Loss) -> None:
    prediction = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))(torch.randn(8, 3))
    assert distance_in_graph(loss(prediction, torch.randn(8, 1))) is None
