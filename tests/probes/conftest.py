"""Small models of several kinds, and one experiment at a time; nothing may be left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lossmon.probes.clock import Clock
from lossmon.probes.subject import subject_of
from lossmon.probes.twin import left_alone


@pytest.fixture(autouse=True)
def _nothing_left(nothing_left: None) -> None:
    """No probe may leave anything behind."""


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


class Last(nn.Module):
    """The last step of a recurrent layer's output."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 32, batch_first=True)
        self.head = nn.Linear(32, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


class Transformer(nn.Module):
    """Next-token logits of a small causal transformer, as (batch, classes, positions)."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(11, 32), nn.Embedding(8, 32)
        layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.1, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 11)

    def forward(self, ids: Tensor) -> Tensor:
        length = ids.shape[1]
        x = self.tokens(ids) + self.places(torch.arange(length))
        causal = nn.Transformer.generate_square_subsequent_mask(length)
        return self.head(self.body(x, mask=causal)).transpose(1, 2)


def mlp() -> tuple[nn.Module, Any]:
    x = torch.randn(128, 20)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 5))
    return model, (x, x[:, :5].argmax(1))


def cnn() -> tuple[nn.Module, Any]:
    x, y = torch.randn(32, 1, 8, 8), torch.randint(0, 4, (32,))
    x[torch.arange(32), 0, y, :] += 2.0
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
        nn.Flatten(), nn.Linear(64, 4),
    )  # fmt: skip
    return model, (x, y)


def lstm() -> tuple[nn.Module, Any]:
    x = torch.randn(48, 6, 4)
    return Last(), (x, (x[:, 0, 0] > 0).long() + 2 * (x[:, -1, 1] > 0).long())


def transformer() -> tuple[nn.Module, Any]:
    first = torch.randint(0, 11, (16, 1))
    ids = (first + 3 * torch.arange(9)) % 11
    return Transformer(), (ids[:, :-1], ids[:, 1:])


KINDS = {make.__name__: make for make in (mlp, cnn, lstm, transformer)}


@pytest.fixture(params=list(KINDS))
def sound(request: pytest.FixtureRequest) -> tuple[nn.Module, Any]:
    """A model that can learn, and a batch."""
    return KINDS[request.param]()


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Make one experiment: `ask(overfit_batch, model, batch)`."""

    def ask(
        experiment: Callable[..., Any],
        model: nn.Module,
        batch: Any,
        loss_fn: Any = None,
        optimizer: Any = (),
        seconds: float = 600.0,
    ) -> Any:
        clock = Clock(seconds)
        clock.begin("test", 1.0)
        subject = subject_of(model, loss_fn or nn.CrossEntropyLoss(), batch, optimizer)
        with left_alone(model):
            return experiment(subject, clock)

    return ask
