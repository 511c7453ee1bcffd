"""Code that mixes the rows of a batch is found; batch norm and sound models are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lossmon.probes.batch_dependency import batch_dependency
from lossmon.probes.outcome import CannotRunError

Ask = Callable[..., Any]


def test_a_sound_model_takes_every_row_by_itself(ask: Ask, sound: tuple[nn.Module, Any]) -> None:
    found = ask(batch_dependency, *sound)
    assert found.depends == 0
    assert found.of == 16


class Mixing(nn.Module):
    """Wants (batch, features, time), and makes it by a view of (batch, time, features)."""

    def __init__(self, *, sound: bool) -> None:
        super().__init__()
        self.embed, self.head, self.sound = nn.Linear(3, 6), nn.Linear(6, 4), sound

    def forward(self, x: Tensor) -> Tensor:
        batch, time, _ = x.shape
        h = self.embed(x)
        h = h.transpose(0, 1) if self.sound else h.view(time, batch, 6)
        return self.head(h.mean(0))


def test_a_view_that_mixes_rows_is_found(ask: Ask) -> None:
    batch = torch.randn(8, 5, 3), torch.randint(0, 4, (8,))
    assert ask(batch_dependency, Mixing(sound=True), batch).depends == 0
    found = ask(batch_dependency, Mixing(sound=False), batch)
    assert found.depends >= 7
    assert found.of == 8


def test_a_softmax_over_the_batch_is_found(ask: Ask) -> None:
    model = nn.Sequential(nn.Linear(20, 5), nn.Softmax(dim=0))
    found = ask(batch_dependency, model, (torch.randn(8, 20), torch.randint(0, 5, (8,))))
    assert found.depends == 8


def test_mixing_behind_a_softmax_over_classes_is_found(ask: Ask) -> None:
    class Neighbours(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return (super().forward(x).roll(1, 0) + super().forward(x)).softmax(1)

    found = ask(batch_dependency, Neighbours(20, 5), (torch.randn(8, 20), torch.zeros(8).long()))
    assert found.depends == 8


def test_embedded_tokens_are_followed(ask: Ask) -> None:
    class Tokens(nn.Module):
        def __init__(self, mixes: bool) -> None:
            super().__init__()
            self.embed, self.head, self.mixes = nn.Embedding(9, 6), nn.Linear(6, 4), mixes

        def forward(self, ids: Tensor) -> Tensor:
            return self.head(self.embed(ids).mean(0 if self.mixes else 1))

    batch = torch.randint(0, 9, (7, 7)), torch.randint(0, 4, (7,))
    assert ask(batch_dependency, Tokens(mixes=False), batch).depends == 0
    assert ask(batch_dependency, Tokens(mixes=True), batch).depends == 7


def test_batch_norm_that_has_only_batch_statistics_is_said(ask: Ask) -> None:
    model = nn.Sequential(nn.Linear(20, 5), nn.BatchNorm1d(5, track_running_stats=False))
    with pytest.raises(CannotRunError, match="BatchNorm without running statistics"):
        ask(batch_dependency, model, (torch.randn(8, 20), torch.randint(0, 5, (8,))))


def test_an_output_without_rows_is_said(ask: Ask) -> None:
    class Whole(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).sum()

    with pytest.raises(CannotRunError, match="no row for each example"):
        ask(batch_dependency, Whole(20, 5), torch.randn(8, 20), lambda model, batch: model(batch))


def test_a_cut_graph_is_said(ask: Ask) -> None:
    class Cut(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.detach())

    batch = torch.randn(8, 20), torch.randint(0, 5, (8,))
    with pytest.raises(CannotRunError, match="no gradient"):
        ask(batch_dependency, Cut(20, 5), batch)
