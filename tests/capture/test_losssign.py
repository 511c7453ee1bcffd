"""Which losses are at most 0 by their making."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lossmon.capture.losssign import at_most_0

Y = torch.tensor([0, 3, 1, 2, 2, 0, 1, 3])
T = torch.linspace(-1, 1, 8)
SHARE = torch.full((8, 4), 0.25)


@pytest.fixture
def z() -> Tensor:
    torch.manual_seed(0)
    return torch.nn.Linear(5, 4)(torch.randn(8, 5))


LOWERED: dict[str, Callable[[Tensor], Tensor]] = {
    "logsigmoid": lambda z: F.logsigmoid(z[:, 0]).mean(),
    "its share": lambda z: F.logsigmoid(z[:, 0]).sum() / 8,
    "chosen log-probabilities": lambda z: z.log_softmax(1)[torch.arange(8), Y].mean(),
    "gathered": lambda z: z.log_softmax(1).gather(1, Y[:, None]).mean() * 2,
    "the logarithm of a softmax": lambda z: (z.softmax(1) + 1e-8).log()[:, 0].mean(),
    "cross-entropy of coins": lambda z: (
        (T > 0) * z[:, 0].sigmoid().log() + (T <= 0) * (1 - z[:, 0].sigmoid()).log()
    ).mean(),
    "squares": lambda z: -((z[:, 0] - T) ** 2).mean(),
    "distances": lambda z: (z[:, 0] - T).abs().mean() * -0.5,
    "two errors": lambda z: -(F.mse_loss(z[:, 0], T) + F.huber_loss(z[:, 1], T)),
    "a divergence": lambda z: -F.kl_div(z.log_softmax(1), SHARE, reduction="batchmean"),
    "a hinge": lambda z: -torch.relu(1 - z[:, 0] * T.sign()).mean(),
    "a triplet": lambda z: -F.triplet_margin_loss(z, z + 1, z - T[:, None]),
    "log cosh": lambda z: -(z[:, 0] - T).cosh().log().mean(),
    "cosine distances": lambda z: -(1 - F.cosine_similarity(z, z.flip(0))).mean(),
    "a cosine embedding": lambda z: -F.cosine_embedding_loss(z, z.flip(0), T.sign()),
    "its diagonal": lambda z: (z @ z.T).log_softmax(1).diagonal().mean(),
    "a root": lambda z: -F.mse_loss(z[:, 0], T).sqrt(),
}
OTHERS: dict[str, Callable[[Tensor], Tensor]] = {
    "minus logsigmoid": lambda z: -F.logsigmoid(z[:, 0]).mean(),
    "negative log-likelihood": lambda z: -z.log_softmax(1)[torch.arange(8), Y].mean(),
    "squares": lambda z: ((z[:, 0] - T) ** 2).mean(),
    "a divergence": lambda z: F.kl_div(z.log_softmax(1), SHARE, reduction="batchmean"),
    "entropy": lambda z: (z.softmax(1) * z.softmax(1).log()).sum(1).mean(),
    "a policy's gain": lambda z: -(z.log_softmax(1)[torch.arange(8), Y] * T).mean(),
    "a critic": lambda z: z[:, 0].mean() - z[:, 1].mean(),
    "a density": lambda z: F.gaussian_nll_loss(z[:, 0], T, torch.ones(8)),
    "cosine distances": lambda z: (1 - F.cosine_similarity(z, z.flip(0))).mean(),
    "minus cosines": lambda z: -F.cosine_similarity(z, z + 1).mean(),
    "an error less another": lambda z: F.mse_loss(z[:, 0], T) - F.mse_loss(z[:, 1], T),
    "minus an error, and a penalty": lambda z: (z**2).sum() - F.mse_loss(z[:, 0], T),
    "a mean": lambda z: -z.mean(),
}


@pytest.mark.parametrize("name", LOWERED)
def test_a_loss_that_lowers_what_is_at_most_0_is_told(name: str, z: Tensor) -> None:
    assert at_most_0(LOWERED[name](z))


@pytest.mark.parametrize("name", OTHERS)
def test_other_losses_are_not(name: str, z: Tensor) -> None:
    assert at_most_0(OTHERS[name](z)) == ""
