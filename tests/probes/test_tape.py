"""A step that was listened to gives the same loss again, whatever its loop looks like."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import _get_current_function_mode_stack

from lossmon.probes.tape import Tape

from .conftest import Last, mlp

Step = Callable[[], Tensor]


def classifier() -> tuple[nn.Module, Step]:
    model, (x, y) = mlp()
    criterion = nn.CrossEntropyLoss()
    return model, lambda: criterion(model(x), y)


def reshaped_by_hand() -> tuple[nn.Module, Step]:
    model, (x, y) = mlp()

    def step() -> Tensor:
        logits = model(x).view(64, 2, 5)
        return -(logits.flatten(0, 1).log_softmax(1)[torch.arange(128), y]).mean() / 4

    return model, step


def penalised() -> tuple[nn.Module, Step]:
    model, (x, y) = mlp()

    def step() -> Tensor:
        loss = F.cross_entropy(model(x), y)
        return loss + 0.1 * sum(p.square().sum() for p in model.parameters())

    return model, step


def siamese() -> tuple[nn.Module, Step]:
    model, (x, _) = mlp()

    def step() -> Tensor:
        return F.pairwise_distance(model(x[:64]), model(input=x[64:])).mean()

    return model, step


def by_parts() -> tuple[nn.Module, Step]:
    model, (x, y) = Last(), (torch.randn(8, 6, 4), torch.randint(5, (8,)))

    def step() -> Tensor:
        states, (h, _) = model.rnn(x)
        return F.cross_entropy(model.head(states.mean(1) + h[0]), y)

    return model, step


def weights_used_alone() -> tuple[nn.Module, Step]:
    model, (x, _) = mlp()
    return model, lambda: model(x).mean() + F.linear(x, model[0].weight).square().mean()


def several_models() -> tuple[nn.Module, Step]:
    encoder, decoder = nn.Linear(4, 2), nn.Linear(2, 4)
    x = torch.randn(8, 4)
    return nn.ModuleList([encoder, decoder]), lambda: F.mse_loss(decoder(encoder(x)), x)


def masked_in_place() -> tuple[nn.Module, Step]:
    model, (x, y) = mlp()

    def step() -> Tensor:
        losses = F.cross_entropy(model(x), y, reduction="none")
        view = losses[:10]
        view.mul_(3)
        losses[100:] = 0
        return losses.sum()

    return model, step


def inputs_changed_between() -> tuple[nn.Module, Step]:
    model, (x, _) = mlp()

    def step() -> Tensor:
        first = model(x + 0).mean()
        x.mul_(2)
        return first + model(x).square().mean()

    return model, step


def cleared_late() -> tuple[nn.Module, Step]:
    model, (x, y) = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    F.cross_entropy(model(x), y).backward()

    def step() -> Tensor:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad(set_to_none=False)
        return loss

    return model, step


def gradient_penalty() -> tuple[nn.Module, Step]:
    model, (x, _) = mlp()

    def step() -> Tensor:
        points = x.clone().requires_grad_()
        out = model(points).sum()
        (slope,) = torch.autograd.grad(out, points, create_graph=True)
        return (slope.norm(dim=1) - 1).square().mean()

    return model, step


def with_a_target_network() -> tuple[nn.Module, Step]:
    model, (x, _) = mlp()
    target = copy.deepcopy(model).eval()

    def step() -> Tensor:
        with torch.no_grad():
            wanted = target(x).amax(1)
        return F.smooth_l1_loss(model(x).amax(1), wanted)

    return model, step


def mixed_precision() -> tuple[nn.Module, Step]:
    model, (x, y) = mlp()

    def step() -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return F.cross_entropy(model(x), y)

    return model, step


STEPS = [
    classifier,
    reshaped_by_hand,
    penalised,
    siamese,
    by_parts,
    weights_used_alone,
    several_models,
    masked_in_place,
    inputs_changed_between,
    cleared_late,
    gradient_penalty,
    with_a_target_network,
    mixed_precision,
]


@pytest.mark.parametrize("make", STEPS)
def test_a_copy_has_the_same_loss_and_gradients(make: Callable[[], tuple[nn.Module, Step]]) -> None:
    model, step = make()
    twin = copy.deepcopy(model)
    twin.zero_grad()
    model.zero_grad()
    tape = Tape(model)
    torch.manual_seed(1)
    loss = step()
    found = tape.end(loss)
    assert found is not None
    replay, batch = found
    loss.backward()
    torch.manual_seed(1)
    again = replay(twin, [tensor.clone() for tensor in batch])
    again.backward()
    assert again.item() == loss.item()
    gradients = zip(model.parameters(), twin.parameters(), strict=True)
    assert all(_same(a.grad, b.grad) for a, b in gradients)


def test_nothing_listens_after_the_step() -> None:
    model, step = classifier()
    tape = Tape(model)
    tape.end(step())
    assert _get_current_function_mode_stack() == []
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_the_calls_that_the_loss_does_not_come_from_are_left_out() -> None:
    model, step = classifier()
    tape = Tape(model)
    step()
    replay, _ = tape.end(step()) or pytest.fail("not heard")
    assert len(replay.calls) == 2


def test_a_step_within_a_mode_of_the_users_own_ends_that_one_where_it_ends() -> None:
    model, step = classifier()
    tape = Tape(model)
    with torch.device("cpu"):
        loss = step()
    assert tape.end(loss) is not None
    assert _get_current_function_mode_stack() == []


def test_a_mode_of_the_users_own_that_begins_within_the_step_stays() -> None:
    model, step = classifier()
    tape = Tape(model)
    loss = step()
    with torch.device("cpu") as mode:
        tape.end(loss)
        assert len(_get_current_function_mode_stack()) == 1
        assert torch.ones(1).device == mode
    assert _get_current_function_mode_stack() == []


def test_a_graph_that_was_begun_before_is_not_kept() -> None:
    model, (x, y) = mlp()
    early = nn.Linear(20, 20)(x)
    tape = Tape(model)
    assert tape.end(F.cross_entropy(model(early), y)) is None


def test_a_loss_that_the_model_has_no_part_in_is_not_kept() -> None:
    model, step = classifier()
    tape = Tape(model)
    step()
    assert tape.end(torch.ones(1, requires_grad=True).sum()) is None


def test_a_forward_that_raises_passes_through() -> None:
    model, _ = classifier()
    tape = Tape(model)
    with pytest.raises(RuntimeError):
        model(torch.randn(3, 7))
    assert tape.end(None) is None
    assert _get_current_function_mode_stack() == []


def _same(a: Any, b: Any) -> bool:
    return (a is None and b is None) or torch.equal(a, b)
