"""Modes of layers and statistics of batch norms, against what was done to the model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import lossmon
from lossmon.capture.modes import ModeMeter, has_mode
from lossmon.records import Run
from lossmon.signals import EVAL_LAYERS, FRESH_NORMS, TRAIN_MODE


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.1), nn.Linear(6, 6), nn.BatchNorm1d(6),
        nn.ReLU(), nn.Linear(6, 1),
    )  # fmt: skip


def measured(model: nn.Module) -> list[float]:
    root = model(torch.randn(8, 4)).square().mean()
    modes = ModeMeter([model]).measure([root])
    assert modes is not None
    return modes.tolist()


def test_in_train_mode_no_layer_rests_and_no_graph_is_walked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lossmon.capture.modes.graph_behind", None)
    assert measured(network()) == [0, pytest.approx(math.nan, nan_ok=True)]


def test_eval_mode_before_the_first_batch_leaves_norms_without_statistics() -> None:
    assert measured(network().eval()) == [1, 1]


def test_statistics_of_a_training_are_no_fresh_ones() -> None:
    model = network()
    model(torch.randn(8, 4))
    assert measured(model.eval()) == [1, 0]


def test_one_norm_of_three_layers_is_a_third_and_half_of_the_norms() -> None:
    model = network()
    model[1].eval()
    assert measured(model) == pytest.approx([1 / 3, 1 / 2])


def test_frozen_norms_are_meant_to_rest() -> None:
    model = network().eval()
    for norm in (model[1], model[4]):
        norm.weight.requires_grad_(False)
    share, fresh = measured(model)
    assert share == 1
    assert math.isnan(fresh)


def test_norms_that_the_loss_does_not_depend_on_are_left_out() -> None:
    class Taught(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.student, self.teacher = network(), network().eval()

        def forward(self, x: Tensor) -> Tensor:
            with torch.no_grad():
                wanted = self.teacher(x)
            return self.student(x) - wanted

    share, fresh = measured(Taught())
    assert share == 0.5
    assert math.isnan(fresh)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.Dropout(0.0), False),
        (nn.Dropout2d(0.2), True),
        (nn.BatchNorm2d(3, track_running_stats=False), False),
        (nn.BatchNorm2d(3), True),
        (nn.LayerNorm(3), False),
        (nn.LSTM(3, 4, 2, dropout=0.1), True),
        (nn.LSTM(3, 4), False),
        (nn.MultiheadAttention(4, 2, dropout=0.1), True),
        (nn.Linear(2, 2), False),
    ],
    ids=str,
)
def test_layers_whose_mode_matters(layer: nn.Module, expected: bool) -> None:
    assert has_mode(layer) == expected


def test_a_model_without_such_layers_has_no_modes() -> None:
    model = nn.Linear(4, 1)
    assert ModeMeter([model]).measure([model(torch.ones(2, 4)).sum()]) is None


def test_modes_reach_the_log(record: Callable[..., Run]) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train(monitor: lossmon.Monitor) -> None:
        for step in range(6):
            model.train(step < 3)
            optimizer.zero_grad()
            loss: Any = model(torch.randn(8, 4)).square().mean()
            loss.backward()
            optimizer.step()
            monitor.step(loss)

    totals = record(model, optimizer, train, every=1).totals
    assert totals.column(TRAIN_MODE)[:, 0].tolist() == [1, 1, 1, 0, 0, 0]
    assert totals.column(EVAL_LAYERS)[:, 0].tolist() == [0, 0, 0, 1, 1, 1]
    fresh = totals.column(FRESH_NORMS)[:, 0]
    assert np.isnan(fresh[:3]).all()
    assert fresh[3:].tolist() == [0, 0, 0]
