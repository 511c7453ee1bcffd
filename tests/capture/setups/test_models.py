"""Models of every kind, in train mode: batch statistics and dropout are the training's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon.records import Run

STEPS = 4


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 5, num_layers=2, dropout=0.2, batch_first=True)
        self.head = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


class Language(nn.Module):
    """A transformer with dropout whose output layer is its embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(self.embed(x)).mean(1))


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout2d(0.1),
        nn.Flatten(), nn.Linear(64, 3),
    )  # fmt: skip


MODELS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor]]] = {
    "batch norm": (convolutional, lambda: torch.randn(6, 1, 6, 6)),
    "lstm": (Recurrent, lambda: torch.randn(4, 7, 3)),
    "transformer with tied weights": (Language, lambda: torch.randint(0, 11, (4, 5))),
    "group norm": (
        lambda: nn.Sequential(nn.Linear(6, 8), nn.GroupNorm(2, 8), nn.GELU(), nn.Linear(8, 3)),
        lambda: torch.randn(8, 6),
    ),
}


@pytest.mark.parametrize("name", list(MODELS))
def test_every_kind_of_model_trains_as_if_nobody_watched(
    name: str, twice: Callable[..., list[Run]]
) -> None:
    make, draw = MODELS[name]

    def train(side: Any) -> tuple[Any, ...]:
        model = make()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        side.watch(model, optimizer, criterion=nn.CrossEntropyLoss())
        for step in range(STEPS):
            if step == 2:
                model.eval()
                with torch.no_grad():
                    model(draw())
                model.train()
            x = draw()
            side.step(model, optimizer, F.cross_entropy(model(x), torch.arange(len(x)) % 2))
        return model, optimizer

    twice(train)
