"""Whose a backward pass is, where a script has put monitors on several trainings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import lossmon
from lossmon.records import Run
from lossmon.signals import GRAD_ARRIVED, GRAD_STALE, LOSS, OPTIMIZER_STEPS


class Game:
    """A generator and a discriminator, trained in turns."""

    def __init__(self) -> None:
        self.painter = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        self.critic = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        self.paint = torch.optim.Adam(self.painter.parameters(), lr=1e-3)
        self.judge = torch.optim.Adam(self.critic.parameters(), lr=1e-3)
        self.doubts: list[float] = []
        self.hopes: list[float] = []

    def play(self, rounds: int) -> None:
        for _ in range(rounds):
            fake = self.painter(torch.randn(16, 4))
            self.judge.zero_grad()
            doubt = F.softplus(-self.critic(torch.randn(16, 2) + 2)).mean()
            doubt = doubt + F.softplus(self.critic(fake.detach())).mean()
            doubt.backward()
            self.judge.step()
            self.paint.zero_grad()
            hope = F.softplus(-self.critic(fake)).mean()
            hope.backward()
            self.paint.step()
            self.doubts.append(doubt.item())
            self.hopes.append(hope.item())


def losses(run: Run) -> list[float]:
    return run.scalar(LOSS).values.tolist()


def test_monitors_of_generator_and_discriminator_each_get_their_own_losses(tmp_path: Path) -> None:
    game = Game()
    with (
        lossmon.watch(game.critic, game.judge, logdir=tmp_path / "critic") as critic,
        lossmon.watch(game.painter, game.paint, logdir=tmp_path / "painter") as painter,
    ):
        game.play(60)
    runs = [lossmon.read_run(monitor.logdir) for monitor in (critic, painter)]
    assert losses(runs[0]) == pytest.approx(game.doubts, rel=1e-5)
    assert losses(runs[1]) == pytest.approx(game.hopes, rel=1e-5)
    for run, monitor in zip(runs, (critic, painter), strict=True):
        assert not np.nansum(run.parameters.column(GRAD_STALE))
        assert np.nanmin(run.parameters.column(GRAD_ARRIVED)) == 1
        found = lossmon.diagnose(monitor.logdir).findings
        assert not [f for f in found if f.severity != "info"]


def test_passes_of_an_optimizer_that_nobody_watches_are_no_losses_of_the_monitors(
    tmp_path: Path,
) -> None:
    game = Game()
    with lossmon.watch(game.critic, game.judge, logdir=tmp_path / "critic") as monitor:
        game.play(60)
    run = lossmon.read_run(monitor.logdir)
    assert losses(run) == pytest.approx(game.doubts, rel=1e-5)
    assert not np.nansum(run.parameters.column(GRAD_STALE))


def test_one_monitor_over_both_is_one_run_without_a_false_alarm(tmp_path: Path) -> None:
    game = Game()
    both = nn.ModuleList([game.painter, game.critic])
    with lossmon.watch(
        both, [game.judge, game.paint], logdir=tmp_path / "both", every=1
    ) as monitor:
        game.play(120)
    run = lossmon.read_run(monitor.logdir)
    assert len(losses(run)) == 240
    assert run.totals.column(OPTIMIZER_STEPS)[-1, 0] == 240
    found = lossmon.diagnose(monitor.logdir).findings
    assert not [f for f in found if f.severity != "info"]


def test_a_loss_of_two_trainings_that_step_together_counts_in_both(tmp_path: Path) -> None:
    body, head = nn.Linear(3, 4), nn.Linear(4, 1)
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.01) for m in (body, head)]
    told: list[float] = []
    with (
        lossmon.watch(body, optimizers[0], logdir=tmp_path / "body"),
        lossmon.watch(head, optimizers[1], logdir=tmp_path / "head"),
    ):
        for _ in range(10):
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss = head(body(torch.randn(8, 3))).square().mean()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            told.append(loss.item())
    for name in ("body", "head"):
        assert losses(lossmon.read_run(tmp_path / name)) == pytest.approx(told, rel=1e-5)
