"""Shares, ranges and bins of a batch, against the same in plain numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lossmon.batchsignals import CLASS_BINS, VERDICT_SIGNALS
from lossmon.capture.judged import Judged
from lossmon.capture.lossgraph import judged_in_graph
from lossmon.capture.verdicts import described, verdicts


def found(judged: Judged) -> dict[str, float]:
    return dict(zip((s.name for s in VERDICT_SIGNALS), verdicts(judged).tolist(), strict=True))


def of(loss: Tensor) -> dict[str, float]:
    judged = judged_in_graph(loss)
    assert judged is not None
    return found(judged)


def bins(name: str, values: dict[str, float]) -> list[float]:
    return [values[f"{name}_{i}"] for i in range(CLASS_BINS)]


def folded(per_class: Any) -> list[float]:
    sums = np.zeros(CLASS_BINS)
    for c, value in enumerate(per_class):
        sums[c % CLASS_BINS] += value
    return sums.tolist()


def expected(logits: Tensor, target: Tensor, ignored: int = -100) -> dict[str, float]:
    classes = logits.shape[1]
    z = np.moveaxis(logits.detach().double().numpy(), 1, -1).reshape(-1, classes)
    y = target.reshape(-1).numpy()
    share_ignored = float((y == ignored).mean())
    spread = float((z.max(1) - z.min(1)).max())
    z, y = z[y != ignored], y[y != ignored]
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    guess = p.argmax(1)
    return {
        "accuracy": (guess == y).mean(),
        "top_prediction_share": np.bincount(guess).max() / len(y),
        "confident_wrong": ((p.max(1) > 0.9) & (guess != y)).mean(),
        "target_count": len(y),
        "target_ignored": share_ignored,
        "target_low": y.min(),
        "target_high": y.max(),
        "row_spread": spread,
        **{f"label_count_{i}": n for i, n in enumerate(folded(np.bincount(y)))},
        **{f"predicted_count_{i}": n for i, n in enumerate(folded(p.sum(0)))},
        **{f"found_count_{i}": n for i, n in enumerate(folded(np.bincount(y[guess == y])))},
    }


@pytest.mark.parametrize(
    ("shape", "ignored"),
    [((64, 10), 3), ((64, 40), -100), ((4, 5, 7), 0), ((2, 3, 6, 5), 255)],
    ids=["classes", "more classes than bins", "sequence", "segmentation"],
)
def test_classes_are_counted_as_numpy_counts_them(shape: tuple[int, ...], ignored: int) -> None:
    logits = (4 * torch.randn(shape)).requires_grad_()
    target = torch.randint(0, shape[1], (shape[0], *shape[2:]))
    if ignored == 255:
        target[0, :3] = 255
    values = of(F.cross_entropy(logits, target, ignore_index=ignored) * 8)
    for name, value in expected(logits, target, ignored).items():
        assert values[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def test_counts_of_several_batches_add_up_to_those_of_all() -> None:
    logits, target = torch.randn(60, 5, requires_grad=True), torch.randint(0, 5, (60,))
    parts = [of(F.cross_entropy(logits[i : i + 20], target[i : i + 20])) for i in (0, 20, 40)]
    whole = expected(logits, target)
    for i in range(5):
        for name in (f"label_count_{i}", f"predicted_count_{i}", f"found_count_{i}"):
            assert sum(part[name] for part in parts) == pytest.approx(whole[name], rel=1e-5)


def test_a_batch_whose_targets_are_all_ignored_has_no_share() -> None:
    values = of(F.cross_entropy(torch.randn(4, 3, requires_grad=True), torch.full((4,), -100)))
    assert values["target_count"] == 0
    assert values["target_ignored"] == 1
    assert math.isnan(values["accuracy"])


@pytest.mark.parametrize("functional", [True, False])
def test_probabilities_before_cross_entropy_show_in_range_and_row_sums(functional: bool) -> None:
    p = torch.randn(16, 4, requires_grad=True).softmax(1)
    y = torch.arange(16) % 4
    values = (
        of(F.cross_entropy(p, y))
        if functional
        else found(Judged("nll", p.log_softmax(1), y, given=p, normalises=True))
    )
    assert values["row_sum_error"] < 1e-5
    assert 0 <= values["prediction_low"] <= values["prediction_high"] <= 1
    assert values["row_spread"] <= 1


def test_logits_before_cross_entropy_have_other_row_sums() -> None:
    z = torch.randn(16, 4)
    values = found(
        Judged("nll", z.log_softmax(1), torch.zeros(16).long(), given=z, normalises=True)
    )
    assert values["row_sum_error"] == pytest.approx(float((z.sum(1) - 1).abs().max()), rel=1e-5)
    assert values["prediction_low"] == pytest.approx(float(z.min()))


@pytest.mark.parametrize(("given", "error"), [("logp", 0.0), ("logits", None)])
def test_logits_before_the_negative_log_likelihood_do_not_sum_to_one(
    given: str, error: float | None
) -> None:
    z = torch.randn(16, 4, requires_grad=True)
    right = F.nll_loss(z.exp().log() - z.exp().sum(1, keepdim=True).log(), torch.zeros(16).long())
    wrong = F.nll_loss(z, torch.zeros(16).long())
    values = of(right if given == "logp" else wrong)
    if error is None:
        assert values["row_sum_error"] > 0.5
    else:
        assert values["row_sum_error"] == pytest.approx(error, abs=1e-5)


def test_soft_targets_count_by_their_shares() -> None:
    logits = torch.randn(12, 3, requires_grad=True)
    target = torch.rand(12, 3).softmax(1)
    values = of(F.cross_entropy(logits, target))
    assert bins("label_count", values)[:3] == pytest.approx(target.sum(0).tolist(), rel=1e-5)
    right = (logits.argmax(1) == target.argmax(1)).float().mean()
    assert values["accuracy"] == pytest.approx(float(right))


@pytest.mark.parametrize(
    "loss_of", [F.mse_loss, F.huber_loss, F.smooth_l1_loss], ids=lambda f: f.__name__
)
def test_values_have_means_deviations_and_ranges(loss_of: Any) -> None:
    prediction, target = torch.randn(50, 3, requires_grad=True), 7 + 2 * torch.randn(50, 3)
    values = of(loss_of(prediction, target))
    for name, tensor in (("prediction", prediction), ("target", target)):
        rows = tensor.detach().double().numpy()
        assert values[f"{name}_mean"] == pytest.approx(rows.mean(), rel=1e-4, abs=1e-6)
        assert values[f"{name}_std"] == pytest.approx(np.sqrt(rows.var(0).mean()), rel=1e-4)
        assert values[f"{name}_low"] == pytest.approx(rows.min())
        assert values[f"{name}_high"] == pytest.approx(rows.max())
    assert values["target_count"] == 150
    assert math.isnan(values["accuracy"])
    assert math.isnan(values["label_count_0"])


def test_values_that_are_not_finite_are_counted() -> None:
    prediction, target = torch.randn(8, requires_grad=True), torch.randn(8)
    target[0], target[1] = math.nan, math.inf
    values = of(F.mse_loss(prediction * math.nan, target))
    assert values["target_nonfinite"] == 2
    assert values["prediction_nonfinite"] == 8


def test_not_finite_logits_are_counted_after_the_softmax() -> None:
    logits = torch.zeros(2, 3)
    logits[0, 0] = math.nan
    values = of(F.cross_entropy(logits.requires_grad_(), torch.tensor([0, 1])))
    assert values["prediction_nonfinite"] == 3


@pytest.mark.parametrize("with_logits", [True, False])
def test_binary_targets_are_two_classes(with_logits: bool) -> None:
    z = (3 * torch.randn(40, 2)).requires_grad_()
    target = torch.randint(0, 2, (40, 2)).float()
    loss = (
        F.binary_cross_entropy_with_logits(z, target)
        if with_logits
        else F.binary_cross_entropy(z.sigmoid(), target)
    )
    values = of(loss)
    z = z.detach()
    p, t = z.sigmoid().numpy(), target.numpy()
    right = (p > 0.5) == (t > 0.5)
    assert values["accuracy"] == pytest.approx(right.mean())
    assert values["confident_wrong"] == pytest.approx(
        (((p > 0.9) | (p < 0.1)) & ~right).mean(), abs=1e-6
    )
    assert bins("label_count", values)[:2] == pytest.approx([80 - t.sum(), t.sum()])
    found = [(right & (t == value)).sum() for value in (0, 1)]
    assert bins("found_count", values)[:2] == pytest.approx(found)
    assert bins("predicted_count", values)[:2] == pytest.approx([80 - p.sum(), p.sum()], rel=1e-4)
    assert values["prediction_high"] == pytest.approx(float(z.max() if with_logits else p.max()))


def test_a_large_prediction_is_looked_at_in_part_with_its_own_targets() -> None:
    target = torch.randint(0, 1000, (5000,))
    logits = 20 * F.one_hot(target, 1000).float() + torch.randn(5000, 1000)
    values = of(F.cross_entropy(logits.requires_grad_(), target))
    assert values["accuracy"] == 1
    assert 0 < values["target_count"] < 5000


def test_what_a_criterion_is_given_is_described() -> None:
    logits = torch.randn(8, 3, requires_grad=True)
    judged = judged_in_graph(F.cross_entropy(logits.softmax(1), torch.zeros(8).long()))
    assert judged is not None
    assert described(judged) == {
        "name": "cross_entropy",
        "behind": "softmax",
        "reduction": "mean",
        "weighted": False,
        "stretched": False,
        "crossed": False,
        "prediction_shape": [8, 3],
        "prediction_dtype": "float32",
        "target_shape": [8],
        "target_dtype": "int64",
    }
