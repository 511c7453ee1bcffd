"""A loss without a graph that was told to require a gradient, so that backward() does not raise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

import lossmon
from lossmon.diagnosis.engine import diagnose
from lossmon.eventfile.logdir import read_runs
from lossmon.records import Run
from lossmon.signals import LOSS

STEPS = 40


def train(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Train by a loss of argmax, which is cut off."""
    for _ in range(STEPS):
        optimizer.zero_grad()
        predicted = model(torch.randn(8, 4)).argmax(1)
        loss = F.mse_loss(predicted.float(), torch.randn(8))
        loss.requires_grad_(True)
        loss.backward()
        optimizer.step()


def test_all_steps_are_one_training_of_the_model_that_the_optimizer_holds(
    watched: Callable[[Callable[[], None]], dict[str, Run]],
) -> None:
    def script() -> None:
        model = nn.Linear(4, 3)
        train(model, torch.optim.SGD(model.parameters(), lr=0.1))

    (run,) = watched(script).values()
    assert run.meta is not None
    assert run.meta.model == "Linear"
    losses = run.scalar(LOSS)
    assert losses is not None
    assert losses.steps.tolist() == list(range(STEPS))
    assert diagnose(run).cause == "loss-detached"


def test_a_monitor_is_told_such_losses_too(tmp_path: Path) -> None:
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lossmon.watch(model, optimizer, logdir=tmp_path / "run"):
        train(model, optimizer)
    (run,) = read_runs(tmp_path)
    losses = run.scalar(LOSS)
    assert losses is not None
    assert len(losses) == STEPS
