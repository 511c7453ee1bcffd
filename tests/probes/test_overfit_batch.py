"""A sound model fits one batch; one that is too narrow, or cut, does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon.probes.outcome import CannotRunError
from lossmon.probes.overfit_batch import overfit_batch

Ask = Callable[..., Any]


def test_a_sound_model_fits(ask: Ask, sound: tuple[nn.Module, Any]) -> None:
    model, batch = sound
    found = ask(overfit_batch, model, batch)
    assert found.fitted
    assert found.last_loss < found.first_loss
    counts = torch.bincount(batch[1].reshape(-1)).double()
    entropy = float(torch.special.entr(counts / counts.sum()).sum())
    assert found.prior_loss == pytest.approx(entropy, rel=1e-5)
    assert 0 < found.steps < 1000


def test_a_sound_model_fits_labels_drawn_at_random(ask: Ask) -> None:
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10))
    assert ask(overfit_batch, model, (torch.randn(64, 20), torch.randint(0, 10, (64,)))).fitted


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_the_precision_of_the_weights_does_not_matter(ask: Ask, dtype: torch.dtype) -> None:
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10)).to(dtype)
    x = torch.randn(64, 20).to(dtype)
    assert ask(overfit_batch, model, (x, x[:, :10].argmax(1))).fitted


def test_targets_of_any_size_are_fitted(ask: Ask) -> None:
    model = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 1))
    x = torch.randn(32, 4)
    found = ask(overfit_batch, model, (x, 300 + 50 * x[:, :1]), nn.MSELoss())
    assert found.fitted
    assert found.prior_loss == pytest.approx(float((50 * x[:, 0]).var(correction=0)), rel=1e-4)


def test_label_smoothing_and_soft_targets_have_a_floor_of_their_own(ask: Ask) -> None:
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10))
    x = torch.randn(64, 20)
    y = x[:, :10].argmax(1)
    smooth = nn.CrossEntropyLoss(label_smoothing=0.2)
    assert ask(overfit_batch, model, (x, y), smooth).fitted
    shares = 0.6 * F.one_hot(y, 10) + 0.04
    assert ask(overfit_batch, model, (x, shares)).fitted


def test_one_unit_is_too_narrow(ask: Ask) -> None:
    model = nn.Sequential(
        nn.Linear(20, 1), nn.ReLU(), nn.Linear(1, 64), nn.ReLU(), nn.Linear(64, 10)
    )
    found = ask(overfit_batch, model, (torch.randn(64, 20), torch.randint(0, 10, (64,))))
    assert not found.fitted
    assert found.last_loss < found.first_loss


def test_a_graph_that_is_cut_moves_nothing(ask: Ask) -> None:
    class Cut(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).detach()

    found = ask(overfit_batch, Cut(20, 10), (torch.randn(64, 20), torch.randint(0, 10, (64,))))
    assert not found.fitted
    assert found.steps == 0
    assert found.last_loss == found.first_loss


def test_a_head_alone_cannot_make_up_for_a_trunk_that_is_cut(ask: Ask) -> None:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk, self.head = nn.Linear(20, 4), nn.Linear(4, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.trunk(x).relu().detach())

    x = torch.randn(64, 20)
    assert not ask(overfit_batch, Cut(), (x, x[:, :10].argmax(1))).fitted


def test_what_no_optimizer_holds_stays_as_it_is(ask: Ask) -> None:
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10))
    held = torch.optim.SGD([model[2].bias], lr=0.1)
    batch = torch.randn(64, 20), torch.randint(0, 10, (64,))
    assert not ask(overfit_batch, model, batch, optimizer=held).fitted


def test_without_a_known_criterion_the_first_loss_is_what_counts(ask: Ask) -> None:
    model, x = nn.Linear(4, 1), torch.randn(32, 4)

    def fourth_power(model: nn.Module, batch: Any) -> Tensor:
        return (model(batch) - 5).pow(4).mean()

    found = ask(overfit_batch, model, x, fourth_power)
    assert found.fitted
    assert math.isnan(found.prior_loss)


def test_a_penalty_is_no_part_of_the_loss_that_counts(ask: Ask) -> None:
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10))
    x = torch.randn(64, 20)

    def penalised(model: nn.Module, batch: Any) -> Tensor:
        norms = sum(p.square().sum() for p in model.parameters())
        return F.cross_entropy(model(batch[0]), batch[1]) + 1e-4 * norms

    found = ask(overfit_batch, model, (x, x[:, :10].argmax(1)), penalised)
    assert found.fitted
    assert found.last_loss < 0.5 * found.prior_loss


def test_a_checkpointed_model_is_trained_too(ask: Ask) -> None:
    from torch.utils.checkpoint import checkpoint

    class Saving(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            return checkpoint(super().forward, x.clone().requires_grad_(), use_reentrant=True)

    model = Saving(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10))
    x = torch.randn(64, 20)
    assert ask(overfit_batch, model, (x, x[:, :10].argmax(1))).fitted
    assert all(p.grad is None for p in model.parameters())


def test_time_that_is_over_is_no_answer(ask: Ask) -> None:
    model = nn.Linear(20, 10)
    with pytest.raises(CannotRunError, match="time was over"):
        ask(overfit_batch, model, (torch.randn(64, 20), torch.randint(0, 10, (64,))), seconds=1e-9)


def test_a_loss_that_is_not_finite_says_nothing(ask: Ask) -> None:
    model = nn.Linear(20, 10)
    with pytest.raises(CannotRunError, match="loss of the batch is nan"):
        ask(overfit_batch, model, (torch.full((64, 20), math.nan), torch.zeros(64).long()))
