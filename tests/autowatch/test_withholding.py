"""A step that is withheld is made like any other, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lossmon.autowatch.withholding import Withholding
from lossmon.capture.guard import Guard

SGD = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}
TOLD: list[Any] = []


@pytest.fixture
def withholding(nothing_left: None) -> Iterator[Withholding]:
    torch.manual_seed(0)
    TOLD.clear()
    begun = Withholding(Guard(lambda *_: None), lambda roots, held: TOLD.append((roots, held)))
    yield begun
    begun.close()


class Training:
    """A model that has made some steps, so that its optimizer has a momentum."""

    def __init__(self, **zero: bool) -> None:
        self.model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        self.optimizer = torch.optim.SGD(self.model.parameters(), **SGD)
        self.zero = zero
        for _ in range(3):
            self.step()

    def loss(self) -> Tensor:
        loss: Tensor = self.model(torch.randn(6, 4)).square().mean()
        return loss

    def step(self) -> None:
        self.optimizer.zero_grad(**self.zero)
        self.loss().backward()
        self.optimizer.step()

    def state(self) -> list[Tensor]:
        momenta = [each["momentum_buffer"] for each in self.optimizer.state.values()]
        return [each.detach().clone() for each in (*self.model.parameters(), *momenta)]

    def moves(self, step: Callable[[], Any]) -> bool:
        before = self.state()
        step()
        return any(not torch.equal(a, b) for a, b in zip(before, self.state(), strict=True))


@pytest.mark.parametrize("set_to_none", [True, False])
def test_neither_weights_nor_momenta_move(set_to_none: bool, withholding: Withholding) -> None:
    training = Training(set_to_none=set_to_none)
    withholding.begin(is_on=True)
    assert not training.moves(training.step)
    withholding.begin(is_on=False)
    assert training.moves(training.step)


@pytest.mark.parametrize("set_to_none", [True, False])
def test_after_the_step_gradients_lie_there_for_whoever_looks(
    set_to_none: bool, withholding: Withholding
) -> None:
    training = Training(set_to_none=set_to_none)
    withholding.begin(is_on=True)
    training.step()
    gradients = [p.grad for p in training.model.parameters()]
    assert all(each is not None and not each.any() for each in gradients)


def test_a_closure_that_keeps_zeros_moves_nothing(withholding: Withholding) -> None:
    training = Training()

    def closure() -> float:
        training.optimizer.zero_grad(set_to_none=False)
        loss = training.loss()
        loss.backward()
        return loss.item()

    training.optimizer.step(closure)
    withholding.begin(is_on=True)
    assert not training.moves(lambda: training.optimizer.step(closure))
    assert all(p.grad is not None for p in training.model.parameters())


def test_gradients_that_were_accumulated_before_are_kept(withholding: Withholding) -> None:
    training = Training()
    training.optimizer.zero_grad()
    training.loss().backward()
    before = [p.grad.clone() for p in training.model.parameters() if p.grad is not None]
    withholding.begin(is_on=True)
    training.loss().backward()
    after = [p.grad for p in training.model.parameters() if p.grad is not None]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert training.moves(training.optimizer.step)


def test_optimizers_that_step_within_the_backward_pass_move_nothing(
    withholding: Withholding,
) -> None:
    training = Training()
    for parameter in training.model.parameters():
        own = torch.optim.SGD([parameter], lr=0.1)
        parameter.register_post_accumulate_grad_hook(lambda _, own=own: own.step())
    training.optimizer.zero_grad()
    withholding.begin(is_on=True)
    assert not training.moves(lambda: training.loss().backward())


def test_a_pass_that_raises_leaves_no_gradient(withholding: Withholding) -> None:
    training = Training()
    training.optimizer.zero_grad()
    withholding.begin(is_on=True)
    hidden = training.model[0](torch.randn(6, 4))
    hidden.register_hook(lambda gradient: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        training.model[1:](hidden).sum().backward()
    assert not training.moves(training.optimizer.step)


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_a_checkpoint_is_a_part_of_its_pass(use_reentrant: bool, withholding: Withholding) -> None:
    training = Training()

    def step() -> None:
        training.optimizer.zero_grad()
        x = torch.randn(6, 4, requires_grad=True)
        out = checkpoint(training.model[:2], x, use_reentrant=use_reentrant)
        training.model[2](out).sum().backward()
        training.optimizer.step()

    withholding.count_anew()
    assert training.moves(step)
    assert (withholding.passes, withholding.steps) == (1, 1)
    withholding.begin(is_on=True)
    assert not training.moves(step)
    assert len(TOLD) == 1


def test_losses_may_come_from_a_generator(withholding: Withholding) -> None:
    training = Training()
    training.optimizer.zero_grad()
    torch.autograd.backward(each for each in [training.loss(), training.loss()])
    assert training.moves(training.optimizer.step)


@pytest.mark.parametrize("is_on", [False, True])
def test_whoever_wraps_backward_as_well_is_given_the_loss_itself(
    is_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, original, given = Training(), torch.autograd.backward, []

    def spy(tensors: Any, *args: Any, **kwargs: Any) -> None:
        given.append(tensors)
        original(tensors, *args, **kwargs)

    monkeypatch.setattr(torch.autograd, "backward", spy)
    begun = Withholding(Guard(lambda *_: None), lambda *_: None)
    begun.begin(is_on=is_on)
    loss = training.loss()
    loss.backward()
    begun.close()
    assert given[0] is loss
