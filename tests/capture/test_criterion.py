from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import lossmon
from lossmon.capture.criterion import CriterionMeter, judged_in_graph
from lossmon.capture.judged import judged_by_module
from lossmon.records import Run
from lossmon.signals import CRITERION_LOSS, LOSS, PRIOR_COUNT, PRIOR_LOSS

COLUMNS = ("loss", "prior", "count", "classes", "entropy", "information", "confidence", "spread")


def measured(root: Tensor) -> dict[str, float]:
    judged = judged_in_graph(root)
    assert judged is not None
    return dict(zip(COLUMNS, CriterionMeter().measure(judged).tolist(), strict=True))


def entropy(shares: list[float]) -> float:
    return -sum(p * math.log(p) for p in shares if p)


@pytest.fixture
def logits() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(8, 3, requires_grad=True)


Y = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2])


def test_cross_entropy_is_found_with_its_prior_and_its_predictions(logits: Tensor) -> None:
    found = measured(F.cross_entropy(logits, Y))
    p = logits.detach().softmax(1)
    h = -(p * p.log()).sum(1).mean()
    mean = p.mean(0)
    assert found == pytest.approx(
        {
            "loss": F.cross_entropy(logits, Y).item(),
            "prior": entropy([0.5, 0.25, 0.25]),
            "count": 8,
            "classes": 3,
            "entropy": float(h),
            "information": float(-(mean * mean.log()).sum() - h),
            "confidence": float(p.amax(1).mean()),
            "spread": float(p.amax(1).std(correction=0)),
        },
        rel=1e-5,
    )


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("scaled", lambda loss, w: loss * 1024 / 4),
        ("with a penalty", lambda loss, w: loss + 3 * w.square().sum()),
        ("with many penalties", lambda loss, w: sum((w.norm() ** 2 for _ in range(60)), loss)),
    ],
)
def test_the_criterion_is_told_apart_from_what_is_done_to_it(
    name: str, wrap: Callable[[Tensor, Tensor], Tensor], logits: Tensor
) -> None:
    loss = F.cross_entropy(logits, Y)
    assert measured(wrap(loss, logits))["loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_class_weights_shift_the_prior(logits: Tensor) -> None:
    weight = torch.tensor([1.0, 2.0, 1.0])
    found = measured(F.cross_entropy(logits, Y, weight) * 2)
    assert found["loss"] == pytest.approx(F.cross_entropy(logits, Y, weight).item(), rel=1e-5)
    assert found["prior"] == pytest.approx(entropy([0.4, 0.4, 0.2]), rel=1e-5)


def test_ignored_targets_do_not_count(logits: Tensor) -> None:
    target = Y.clone()
    target[:4] = -100
    found = measured(F.cross_entropy(logits, target))
    assert found["count"] == 4
    assert found["prior"] == pytest.approx(math.log(2), rel=1e-5)


def test_a_summed_loss_has_a_summed_prior(logits: Tensor) -> None:
    found = measured(F.cross_entropy(logits, Y, reduction="sum"))
    assert found["prior"] == pytest.approx(8 * entropy([0.5, 0.25, 0.25]), rel=1e-5)


def test_a_loss_over_positions_counts_every_position() -> None:
    logits = torch.randn(2, 3, 5, requires_grad=True)
    target = torch.arange(10).reshape(2, 5) % 3
    found = measured(F.cross_entropy(logits, target))
    assert found["count"] == 10
    assert found["prior"] == pytest.approx(entropy([0.4, 0.3, 0.3]), rel=1e-5)


def test_squared_error_has_the_targets_variance_as_prior() -> None:
    prediction = torch.randn(50, 2, requires_grad=True)
    target = torch.randn(50, 2) * torch.tensor([1.0, 10.0]) + 5
    found = measured(F.mse_loss(prediction, target))
    assert found["prior"] == pytest.approx(float(target.var(0, unbiased=False).mean()), rel=1e-5)
    assert math.isnan(found["classes"])


@pytest.mark.parametrize("logits_given", [True, False])
def test_binary_cross_entropy_has_the_entropy_of_a_coin_as_prior(logits_given: bool) -> None:
    z = torch.randn(8, 1, requires_grad=True)
    target = torch.tensor([[1.0]] * 2 + [[0.0]] * 6)
    loss = (
        F.binary_cross_entropy_with_logits(z, target)
        if logits_given
        else F.binary_cross_entropy(z.sigmoid(), target)
    )
    found = measured(loss)
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert found["prior"] == pytest.approx(entropy([0.25, 0.75]), rel=1e-5)
    p = z.detach().sigmoid()
    coins = -(p * p.log() + (1 - p) * (1 - p).log()).mean()
    mean = float(p.mean())
    assert found["entropy"] == pytest.approx(float(coins), rel=1e-5)
    assert found["information"] == pytest.approx(entropy([mean, 1 - mean]) - float(coins), rel=1e-4)


def test_targets_that_broadcast_have_no_prior() -> None:
    with pytest.warns(UserWarning, match="target size"):
        loss = F.mse_loss(torch.randn(8, 1, requires_grad=True), torch.randn(8))
    assert math.isnan(measured(loss)["prior"])


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: x.square().mean(),
        lambda x: F.mse_loss(x, torch.zeros_like(x)) + F.cross_entropy(x, Y),
    ],
    ids=["written by hand", "two criteria"],
)
def test_a_loss_without_one_known_criterion_says_nothing(
    loss: Callable[[Tensor], Tensor], logits: Tensor
) -> None:
    assert judged_in_graph(loss(logits)) is None


def test_targets_are_pooled_over_batches(task: Any, record: Callable[..., Run]) -> None:
    run = record(task.model, task.optimizer, lambda m: task.train(4, m.step))
    shares = np.bincount(task.y.numpy(), minlength=3) / 64
    assert run.totals.column(PRIOR_COUNT)[-1, 0] == 64
    assert run.totals.column(PRIOR_LOSS)[-1, 0] == pytest.approx(entropy(shares.tolist()), rel=1e-5)


def test_a_criterion_handed_over_is_read_by_a_hook_that_close_removes(
    task: Any, record: Callable[..., Run]
) -> None:
    losses: list[float] = []

    def train(monitor: lossmon.Monitor) -> None:
        for step in range(4):
            task.optimizer.zero_grad()
            loss = task.loss(step)
            losses.append(loss.item())
            (loss + 0.1 * sum(p.square().sum() for p in task.model.parameters())).backward()
            task.optimizer.step()

    run = record(task.model, task.optimizer, train, criterion=task.criterion)
    assert run.meta.criterion == "CrossEntropyLoss"
    assert run.totals.column(CRITERION_LOSS)[:, 0] == pytest.approx(losses, rel=1e-5)
    assert (run.scalar(LOSS).values > np.array(losses)).all()
    assert not task.criterion._forward_hooks


def test_soft_targets_have_the_entropy_of_their_mean_as_prior(logits: Tensor) -> None:
    target = torch.rand(8, 3, generator=torch.Generator().manual_seed(2)).softmax(1)
    loss = F.cross_entropy(logits, target)
    found = measured(loss / 4)
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert found["prior"] == pytest.approx(entropy(target.mean(0).tolist()), rel=1e-5)
    assert found["count"] == 8


@pytest.mark.parametrize("weighted", [False, True])
def test_no_constant_beats_the_prior_of_soft_targets(weighted: bool, logits: Tensor) -> None:
    target = torch.rand(8, 3, generator=torch.Generator().manual_seed(2)).softmax(1)
    weight = torch.tensor([1.0, 2.0, 0.5]) if weighted else None
    found = measured(F.cross_entropy(logits, target, weight))
    assert found["loss"] == pytest.approx(F.cross_entropy(logits, target, weight).item(), rel=1e-5)
    constant = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.LBFGS([constant], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(constant.expand(8, 3), target, weight)
        loss.backward()
        return loss.item()

    optimizer.step(closure)
    assert found["prior"] == pytest.approx(closure(), rel=1e-4)


def test_label_smoothing_is_left_out_of_the_criterions_loss(logits: Tensor) -> None:
    found = measured(F.cross_entropy(logits, Y, label_smoothing=0.1))
    assert found["loss"] == pytest.approx(F.cross_entropy(logits, Y).item(), rel=1e-5)
    assert found["prior"] == pytest.approx(entropy([0.5, 0.25, 0.25]), rel=1e-5)


def test_every_pixel_of_a_segmentation_counts() -> None:
    logits = torch.randn(2, 3, 4, 5, requires_grad=True)
    target = torch.arange(40).reshape(2, 4, 5) % 3
    target[0] = 255
    loss = F.cross_entropy(logits, target, ignore_index=255)
    found = measured(loss)
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert found["count"] == 20


@pytest.mark.parametrize(
    ("kind", "loss_of"),
    [
        ("smooth_l1", lambda p, t: F.smooth_l1_loss(p, t, beta=0.5)),
        ("huber", lambda p, t: F.huber_loss(p, t, delta=2.0)),
    ],
)
def test_huber_losses_have_the_best_constants_loss_as_prior(
    kind: str, loss_of: Callable[[Tensor, Tensor], Tensor]
) -> None:
    prediction = torch.randn(200, 2, requires_grad=True)
    target = torch.randn(200, 2).exp() * torch.tensor([1.0, 10.0])
    found = measured(loss_of(prediction, target) * 3)
    assert found["loss"] == pytest.approx(loss_of(prediction, target).item(), rel=1e-5)
    grid = torch.linspace(0, 60, 3001)
    per_output = [min(loss_of(c.expand(200), target[:, i]).item() for c in grid) for i in range(2)]
    assert found["prior"] == pytest.approx(sum(per_output) / 2, rel=1e-3)


def test_a_module_for_distances_has_the_medians_loss_as_prior() -> None:
    prediction, target = torch.randn(101, requires_grad=True), torch.randn(101).exp()
    module = nn.L1Loss()
    judged = judged_by_module(module, (prediction, target), module(prediction, target))
    assert judged is not None
    loss, prior = CriterionMeter().measure(judged)[:2].tolist()
    assert loss == pytest.approx(module(prediction, target).item(), rel=1e-5)
    assert prior == pytest.approx(float((target - target.median()).abs().mean()), rel=1e-5)


def test_infinite_logits_leave_entropies_what_they_are() -> None:
    logits = torch.zeros(4, 3)
    logits[:, 2] = -math.inf
    found = measured(F.cross_entropy(logits.requires_grad_(), Y[:4]))
    assert found["entropy"] == pytest.approx(math.log(2))
    assert found["information"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("rows", [100, 10_000])
def test_the_host_and_the_device_path_say_the_same(rows: int) -> None:
    logits = 3 * torch.randn(rows, 7, requires_grad=True)
    found = measured(F.cross_entropy(logits, torch.arange(rows) % 7))
    p = logits.detach().softmax(1)
    h = float(torch.special.entr(p).sum(1).mean())
    assert found["entropy"] == pytest.approx(h, rel=1e-5)
    assert found["information"] == pytest.approx(
        float(torch.special.entr(p.mean(0)).sum()) - h, rel=1e-4
    )
    assert found["confidence"] == pytest.approx(float(p.amax(1).mean()), rel=1e-4)
    assert found["spread"] == pytest.approx(float(p.amax(1).std(correction=0)), rel=1e-4)


def test_autocast_does_not_round_what_is_measured(logits: Tensor) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found = measured(nn.functional.cross_entropy(logits, Y))
    assert found["loss"] == pytest.approx(F.cross_entropy(logits, Y).item(), rel=1e-4)
