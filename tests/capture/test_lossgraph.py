"""What is read from the graph of a loss, against what the loss was called with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon.capture.judged import Judged, judged_by_module
from lossmon.capture.lossgraph import has_stretched_difference, judged_in_graph

Y = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2])
SOFT = torch.rand(8, 3, generator=torch.Generator().manual_seed(3)).softmax(1)
MAPS = torch.ones(1, 1, 2, 3)


@pytest.fixture
def layer() -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(4, 3)


@pytest.fixture
def x() -> Tensor:
    torch.manual_seed(2)
    return torch.randn(8, 4)


def read(loss: Tensor) -> Judged:
    judged = judged_in_graph(loss)
    assert judged is not None
    return judged


@pytest.mark.parametrize(
    ("name", "loss_of"),
    [
        ("cross_entropy", lambda z: F.cross_entropy(z, Y)),
        ("cross_entropy", lambda z: F.cross_entropy(z, SOFT)),
        ("cross_entropy", lambda z: F.cross_entropy(z, Y, label_smoothing=0.1)),
        ("cross_entropy", lambda z: F.cross_entropy(z.T[None], Y[None], ignore_index=2)),
        ("nll_loss", lambda z: F.nll_loss(z, Y)),
        ("mse_loss", lambda z: F.mse_loss(z, SOFT)),
        ("smooth_l1_loss", lambda z: F.smooth_l1_loss(z, SOFT)),
        ("huber_loss", lambda z: F.huber_loss(z, SOFT)),
        ("binary_cross_entropy", lambda z: F.binary_cross_entropy(z.sigmoid(), SOFT)),
        (
            "binary_cross_entropy_with_logits",
            lambda z: F.binary_cross_entropy_with_logits(z, SOFT),
        ),
    ],
)
def test_a_criterion_is_found_behind_scaling_and_a_penalty(
    name: str, loss_of: Callable[[Tensor], Tensor], layer: nn.Linear, x: Tensor
) -> None:
    loss = loss_of(layer(x)) / 4 + 0.1 * layer.weight.square().sum()
    assert read(loss).name == name


@pytest.mark.parametrize(
    ("behind", "make"),
    [
        ("softmax", lambda z: z.softmax(1)),
        ("softmax", lambda z: z.softmax(-1).reshape(8, 3)),
        ("sigmoid", torch.sigmoid),
        ("relu", torch.relu),
        ("tanh", torch.tanh),
        ("addmm", lambda z: z),
    ],
)
def test_the_function_before_cross_entropy_is_named_and_what_it_made_is_at_hand(
    behind: str, make: Callable[[Tensor], Tensor], layer: nn.Linear, x: Tensor
) -> None:
    given = make(layer(x))
    judged = read(F.cross_entropy(given, Y))
    assert judged.behind == behind
    if behind == "addmm":
        assert judged.given is None
    else:
        assert judged.given is not None
        torch.testing.assert_close(judged.given, given.detach())


def test_a_softmax_before_the_negative_log_likelihood_is_seen(layer: nn.Linear, x: Tensor) -> None:
    judged = read(F.nll_loss(layer(x).softmax(1), Y))
    assert (judged.name, judged.behind, judged.normalises) == ("nll_loss", "softmax", False)


def test_a_log_softmax_before_the_negative_log_likelihood_is_cross_entropy(
    layer: nn.Linear, x: Tensor
) -> None:
    judged = read(F.nll_loss(layer(x).log_softmax(1), Y))
    assert (judged.name, judged.behind) == ("cross_entropy", "addmm")


def test_a_sigmoid_before_binary_cross_entropy_with_logits_is_seen(
    layer: nn.Linear, x: Tensor
) -> None:
    judged = read(F.binary_cross_entropy_with_logits(layer(x).sigmoid(), SOFT))
    assert (judged.behind, judged.normalises) == ("sigmoid", True)


def test_one_hot_targets_times_log_probabilities_are_soft_targets(
    layer: nn.Linear, x: Tensor
) -> None:
    logp, hot = layer(x).log_softmax(1), F.one_hot(Y, 3).float()
    judged = read(-(logp * hot).sum(1).mean())
    assert judged.kind == "soft"
    torch.testing.assert_close(judged.target, hot)


def test_an_entropy_bonus_is_no_criterion(layer: nn.Linear, x: Tensor) -> None:
    logp = layer(x).log_softmax(1)
    assert judged_in_graph((logp * logp.exp()).sum(1).mean()) is None


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_reduction_is_read(reduction: str, layer: nn.Linear, x: Tensor) -> None:
    assert read(F.cross_entropy(layer(x), Y, reduction=reduction)).summed == (reduction == "sum")


def test_prediction_and_target_that_were_stretched_are_told(layer: nn.Linear, x: Tensor) -> None:
    with pytest.warns(UserWarning, match="target size"):
        loss = F.mse_loss(layer(x)[:, :1], torch.randn(8))
    assert read(loss).stretched
    assert read(loss).crossed


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(
    ("prediction", "target", "crossed"),
    [
        ((8, 1), (8,), True),
        ((8,), (8, 1), True),
        ((8, 1, 3, 3), (8, 3, 3), True),
        ((8, 3), (8, 3), False),
        ((8, 3), (8, 1), False),
        ((8, 1), (8, 3), False),
        ((8, 3), (1,), False),
        ((1, 1), (1,), False),
    ],
)
def test_only_as_many_targets_as_predictions_can_cross(
    prediction: tuple[int, ...], target: tuple[int, ...], crossed: bool
) -> None:
    given = torch.randn(prediction, requires_grad=True) * 2
    wanted = torch.randn(target)
    loss = F.mse_loss(given, wanted)
    hooked = judged_by_module(nn.MSELoss(), (given, wanted), loss)
    assert hooked is not None
    assert (read(loss).crossed, hooked.crossed) == (crossed, crossed)


def test_one_label_for_all_that_was_expanded_does_not_cross(layer: nn.Linear, x: Tensor) -> None:
    scores = layer(x)
    assert not read(F.mse_loss(scores, torch.ones(1).expand_as(scores))).crossed


@pytest.mark.parametrize(
    "power",
    [
        lambda d: d**2,
        lambda d: d.square(),
        torch.abs,
        lambda d: (1 + d**2).sqrt() - 1,
        lambda d: d.cosh().log(),
        lambda d: torch.maximum(0.9 * d, -0.1 * d),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_hand_written_loss_of_all_predictions_with_all_targets_is_told(
    power: Callable[[Tensor], Tensor], swapped: bool, layer: nn.Linear, x: Tensor
) -> None:
    prediction, target = layer(x)[:, :1], torch.randn(8)
    gap = target - prediction if swapped else prediction - target
    assert has_stretched_difference(power(gap).mean() * 2)


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_all_with_all_of_l1_loss_is_told_though_it_stretches_them_first(
    layer: nn.Linear, x: Tensor
) -> None:
    assert has_stretched_difference(F.l1_loss(layer(x)[:, :1], torch.randn(8)))


@pytest.mark.parametrize(
    "loss_of",
    [
        lambda z: torch.clamp(1 - Y * z[:, :1], min=0).mean(),
        lambda z: -(Y * z[:, :1].sigmoid().log() + (1 - Y) * (1 - z[:, :1].sigmoid()).log()).mean(),
        lambda z: (z[:, 0].view(8, 1, 1, 1) * MAPS - torch.ones(8, 2, 3)).square().mean(),
    ],
    ids=["a hinge", "cross-entropy by hand", "masks without a channel"],
)
def test_labels_that_meet_all_predictions_are_told(
    loss_of: Callable[[Tensor], Tensor], layer: nn.Linear, x: Tensor
) -> None:
    assert has_stretched_difference(loss_of(layer(x)))


@pytest.mark.parametrize(
    "loss_of",
    [
        lambda z: ((z[:, 0] - Y.float()) ** 2).mean(),
        lambda z: ((z - 1.0) ** 2).mean(),
        lambda z: ((z - z.mean(0)) ** 2).mean(),
        lambda z: ((z[:, :1] - SOFT) ** 2).mean(),
        lambda z: (z[:, 0][:, None] - Y.float()).abs().mean(),
        lambda z: (z[:, 0][:, None].expand(8, 8) - Y.float()).abs().mean(),
        lambda z: ((z @ z.T - (z @ z.T).mean(0)) ** 2).mean(),
        lambda z: (z[:, :1] * SOFT).square().mean(),
        lambda z: (z[:, :1].square() + z.square().sum(1) - 2 * z @ z.T).mean(),
        lambda z: (z[:, 0] * Y).mean(),
        lambda z: (z[:, :1] * torch.ones(1, 1)).mean(),
    ],
    ids=[
        "same shape",
        "a number",
        "its own mean",
        "several targets an example",
        "all distances",
        "all distances, expanded",
        "means of as many columns as rows",
        "one factor for several",
        "squared distances, multiplied out",
        "a factor for each",
        "one factor for all",
    ],
)
def test_other_hand_written_differences_are_not(
    loss_of: Callable[[Tensor], Tensor], layer: nn.Linear, x: Tensor
) -> None:
    assert not has_stretched_difference(loss_of(layer(x)))


@pytest.mark.parametrize(
    ("module", "target"),
    [
        (nn.CrossEntropyLoss(), Y),
        (nn.CrossEntropyLoss(reduction="sum", ignore_index=2), Y),
        (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0])), Y),
        (nn.CrossEntropyLoss(label_smoothing=0.2), SOFT),
        (nn.NLLLoss(), Y),
        (nn.MSELoss(), SOFT),
        (nn.SmoothL1Loss(beta=0.3), SOFT),
        (nn.HuberLoss(delta=0.3, reduction="sum"), SOFT),
        (nn.BCEWithLogitsLoss(pos_weight=torch.ones(3)), SOFT),
    ],
    ids=lambda value: str(value) if isinstance(value, nn.Module) else "",
)
def test_the_hook_and_the_graph_say_the_same(
    module: nn.Module, target: Tensor, layer: nn.Linear, x: Tensor
) -> None:
    given = layer(x)
    loss = module(given, target)
    hooked, walked = judged_by_module(module, (given, target), loss), read(loss)
    assert hooked is not None
    for name in ("kind", "name", "ignored", "summed", "behind", "normalises", "beta", "stretched"):
        assert getattr(hooked, name) == getattr(walked, name), name
    torch.testing.assert_close(hooked.prediction, walked.prediction)
    torch.testing.assert_close(hooked.target, walked.target)
