"""Dropout and batch statistics show as a gap between the modes, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from lossmon.probes.train_eval import train_eval

Ask = Callable[..., Any]


def fitted(model: nn.Sequential, batch: tuple[torch.Tensor, torch.Tensor]) -> nn.Sequential:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(batch[0]), batch[1]).backward()
        optimizer.step()
    return model


def test_strong_dropout_shows(ask: Ask) -> None:
    x = torch.randn(64, 20)
    batch = x, x[:, :10].argmax(1)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.9), nn.Linear(64, 10))
    found = ask(train_eval, fitted(model, batch), batch)
    assert found.train_loss > 1.5 * found.eval_loss


@pytest.mark.parametrize("training", [True, False])
def test_without_chance_both_are_the_same(ask: Ask, training: bool) -> None:
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10)).train(training)
    found = ask(train_eval, model, (torch.randn(64, 20), torch.randint(0, 10, (64,))))
    assert found.train_loss == pytest.approx(found.eval_loss, rel=1e-6)
    assert model.training is training


def test_batch_statistics_unlike_the_running_ones_show(ask: Ask) -> None:
    x = 5 + 3 * torch.randn(64, 20)
    batch = x, x[:, :10].argmax(1)
    model = nn.Sequential(nn.BatchNorm1d(20, momentum=0.0), nn.Linear(20, 10))
    found = ask(train_eval, fitted(model, batch), batch)
    assert found.eval_loss > 1.5 * found.train_loss
    exact = nn.functional.cross_entropy(model.eval()(x), batch[1])
    assert found.eval_loss == pytest.approx(float(exact.detach()), rel=1e-6)


def test_what_is_kept_in_eval_mode_stays_there(ask: Ask) -> None:
    x = torch.randn(64, 20)
    model = nn.Sequential(nn.Dropout(0.9).eval(), nn.Linear(20, 10))
    model[0].eval()
    found = ask(train_eval, model, (x, x[:, :10].argmax(1)))
    assert found.train_loss == pytest.approx(found.eval_loss, rel=1e-6)
