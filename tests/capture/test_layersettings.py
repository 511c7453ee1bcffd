"""What layers were built with stands in the metadata."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import lossmon
from lossmon.capture.layersettings import settings_of
from lossmon.records import Run


@pytest.mark.parametrize(
    ("module", "settings"),
    [
        (nn.Dropout(0.8), {"p": 0.8}),
        (nn.Dropout2d(1), {"p": 1.0}),
        (nn.LSTM(3, 4, 2, dropout=0.3), {"p": 0.3, "gates": 4.0}),
        (nn.LayerNorm(4, eps=0.1), {"eps": 0.1}),
        (nn.BatchNorm1d(4, momentum=None), {"eps": 1e-5}),
        (nn.BatchNorm1d(4, momentum=0.9), {"momentum": 0.9, "eps": 1e-5}),
        (nn.Linear(2, 3), {}),
        (nn.ReLU(), {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_settings_are_those_of_the_module(module: nn.Module, settings: dict[str, float]) -> None:
    assert settings_of(module, None) == settings


@pytest.mark.parametrize(
    ("module", "shape", "values"),
    [
        (nn.BatchNorm1d(4), (2, 4), 2),
        (nn.BatchNorm1d(4), (2, 4, 7), 14),
        (nn.BatchNorm2d(4), (3, 4, 5, 6), 90),
    ],
)
def test_values_behind_a_batch_statistic_are_counted(
    module: nn.Module, shape: tuple[int, ...], values: int
) -> None:
    assert settings_of(module, torch.zeros(shape))["values"] == values


def test_a_layer_that_takes_no_statistics_of_its_batch_has_no_values_behind_them() -> None:
    given = torch.zeros(2, 4)
    assert "values" not in settings_of(nn.BatchNorm1d(4).eval(), given)
    assert "values" in settings_of(nn.BatchNorm1d(4, track_running_stats=False).eval(), given)
    assert "values" not in settings_of(nn.InstanceNorm1d(4), given)
    assert "values" not in settings_of(nn.LayerNorm(4), given)


def test_settings_are_in_the_log(record: Callable[..., Run]) -> None:
    model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Dropout(0.7), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            loss: Tensor = model(torch.randn(6, 5)).square().mean()
            loss.backward()
            optimizer.step()
            monitor.step(loss)

    run = record(model, optimizer, train)
    assert run.meta is not None
    assert {info.kind: info.settings for info in run.meta.layers} == {
        "Linear": {},
        "BatchNorm1d": {"momentum": 0.1, "eps": 1e-5, "values": 6.0},
        "Dropout": {"p": 0.7},
    }
