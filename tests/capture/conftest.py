"""Trainings small enough to check by hand; no test may leave a hook behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules.module import _global_forward_hooks, _global_forward_pre_hooks
from torch.optim.optimizer import (
    _global_optimizer_post_hooks,
    _global_optimizer_pre_hooks,
)

import lossmon
from lossmon.records import Run


@pytest.fixture(autouse=True)
def no_hook_left() -> Iterator[None]:
    original = torch.autograd.backward
    before = len(_global_optimizer_pre_hooks), len(_global_optimizer_post_hooks)
    forward = len(_global_forward_hooks), len(_global_forward_pre_hooks)
    yield
    assert torch.autograd.backward is original
    assert (len(_global_optimizer_pre_hooks), len(_global_optimizer_post_hooks)) == before
    assert (len(_global_forward_hooks), len(_global_forward_pre_hooks)) == forward


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


class Classification:
    """A two-layer classifier on learnable data, with its own loop."""

    def __init__(self, make: Callable[[Any], torch.optim.Optimizer] | None = None) -> None:
        self.model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
        self.optimizer = (make or (lambda p: torch.optim.SGD(p, lr=0.1)))(self.model.parameters())
        self.criterion = nn.CrossEntropyLoss()
        self.x = torch.randn(64, 6)
        self.y = (self.x[:, :3].argmax(1)).long()

    def loss(self, step: int = 0) -> torch.Tensor:
        rows = slice(step * 16 % 64, step * 16 % 64 + 16)
        return self.criterion(self.model(self.x[rows]), self.y[rows])

    def train(self, steps: int, each: Callable[[torch.Tensor], None] = lambda loss: None) -> None:
        for step in range(steps):
            self.optimizer.zero_grad()
            loss = self.loss(step)
            loss.backward()
            self.optimizer.step()
            each(loss)


@pytest.fixture
def task() -> Classification:
    return Classification()


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Run]:
    """Run `train(monitor)` under watch(model, optimizer, ...) and return what the log says."""

    def record(
        model: nn.Module, optimizer: Any, train: Callable[[lossmon.Monitor], None], **options: Any
    ) -> Run:
        with lossmon.watch(model, optimizer, logdir=tmp_path / "run", **options) as monitor:
            train(monitor)
        return lossmon.read_run(monitor.logdir)

    return record
