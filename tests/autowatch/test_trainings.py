"""Which run a loss and a step belong to, in loops of more than one optimizer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lossmon.diagnosis.engine import diagnose
from lossmon.records import Run
from lossmon.signals import (
    GRAD_ARRIVED,
    GRAD_NORM,
    GRAD_STALE,
    LOSS,
    UPDATE_NORM,
)

Watched = Callable[[Callable[[], None]], dict[str, Run]]


class Painter(nn.Sequential):
    """A generator."""


class Critic(nn.Sequential):
    """A discriminator."""


class Game:
    """A generator and a discriminator, with the losses of every step as the loop saw them."""

    def __init__(self) -> None:
        self.painter = Painter(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        self.critic = Critic(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        self.optimizers()
        self.doubts: list[float] = []
        self.hopes: list[float] = []

    def optimizers(self) -> None:
        self.paint = torch.optim.Adam(self.painter.parameters(), lr=1e-3)
        self.judge = torch.optim.Adam(self.critic.parameters(), lr=1e-3)

    def fake(self) -> torch.Tensor:
        return self.painter(torch.randn(16, 4))

    def critic_step(self, fake: torch.Tensor, *, retain: bool = False) -> None:
        self.judge.zero_grad()
        real = self.critic(torch.randn(16, 2) + 2)
        doubt = F.softplus(-real).mean() + F.softplus(self.critic(fake)).mean()
        doubt.backward(retain_graph=retain)
        self.judge.step()
        self.doubts.append(doubt.item())

    def painter_step(self, fake: torch.Tensor) -> None:
        self.paint.zero_grad()
        score = self.critic(fake)
        hope = F.binary_cross_entropy_with_logits(score, torch.ones_like(score))
        hope.backward()
        self.paint.step()
        self.hopes.append(hope.item())


def detached(game: Game, step: int) -> None:
    fake = game.fake()
    game.critic_step(fake.detach())
    game.painter_step(fake)


def retained(game: Game, step: int) -> None:
    fake = game.fake()
    game.critic_step(fake, retain=True)
    game.painter_step(game.fake())


def painter_first(game: Game, step: int) -> None:
    game.painter_step(game.fake())
    game.critic_step(game.fake().detach())


def five_critic_steps(game: Game, step: int) -> None:
    game.critic_step(game.fake().detach())
    if step % 5 == 4:
        game.painter_step(game.fake())


def made_anew(game: Game, step: int) -> None:
    if step % 5 == 0:
        game.optimizers()
    detached(game, step)


def frozen_critic(game: Game, step: int) -> None:
    game.critic_step(game.fake().detach())
    game.critic.requires_grad_(False)
    game.painter_step(game.fake())
    game.critic.requires_grad_(True)


LOOPS = [detached, retained, painter_first, five_critic_steps, made_anew, frozen_critic]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_generator_and_discriminator_have_a_run_each_with_their_own_losses(
    loop: Callable[[Game, int], None], watched: Watched
) -> None:
    games: list[Game] = []

    def train() -> None:
        game = Game()
        games.append(game)
        for step in range(20):
            loop(game, step)

    runs = {name.split("-")[0]: run for name, run in watched(train).items()}
    assert set(runs) == {"Painter", "Critic"}
    for name, losses in (("Critic", games[0].doubts), ("Painter", games[0].hopes)):
        run = runs[name]
        assert run.scalar(LOSS).values == pytest.approx(losses, rel=1e-5)
        assert run.scalar(LOSS).steps.tolist() == list(range(len(losses)))
        assert [(g.held, g.foreign) for g in run.meta.groups] == [(4, 0)]
        assert (run.parameters.column(UPDATE_NORM) > 0).any(axis=1).all()


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_the_generators_gradients_in_the_discriminator_are_no_wiring_fault(
    loop: Callable[[Game, int], None], watched: Watched
) -> None:
    def train() -> None:
        game = Game()
        for step in range(60):
            loop(game, step)

    for run in watched(train).values():
        assert not np.nansum(run.parameters.column(GRAD_STALE))
        assert np.nanmin(run.parameters.column(GRAD_ARRIVED)) == 1
        assert not [f for f in diagnose(run).findings if f.severity != "info"]


def test_two_models_inside_one_module_are_still_two_trainings(watched: Watched) -> None:
    class Both(nn.Module):
        def __init__(self, game: Game) -> None:
            super().__init__()
            self.painter, self.critic = game.painter, game.critic

    def train() -> None:
        game = Game()
        both = Both(game)
        for step in range(10):
            detached(game, step)
        del both

    runs = watched(train)
    assert list(runs) == ["Both-1", "Both-2"]
    assert [run.meta.parameters[0].name for run in runs.values()] == [
        "critic.0.weight",
        "painter.0.weight",
    ]


def test_a_generator_that_is_cut_off_for_good_is_named(watched: Watched) -> None:
    def train() -> None:
        game = Game()
        for _ in range(60):
            fake = game.fake().detach()
            game.critic_step(fake)
            game.painter_step(fake)

    report = diagnose(watched(train)["Painter-2"])
    assert report.cause == "loss-detached"
    assert report.findings[0].culprits == ("0.weight", "0.bias", "2.weight", "2.bias")


def test_losses_that_depend_on_each_other_are_not_called_stuck_or_diverging(
    watched: Watched,
) -> None:
    def train() -> None:
        game = Game()
        for step in range(120):
            game.hopes.append(0.0)
            detached(game, step)

    assert {diagnose(run).status for run in watched(train).values()} <= {
        "not-enough-evidence",
        "learning",
    }


def test_body_and_head_that_step_together_are_one_run_of_one_clock(watched: Watched) -> None:
    def train() -> None:
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        body = torch.optim.Adam(model[0].parameters(), lr=1e-3)
        head = torch.optim.SGD(model[2].parameters(), lr=1e-2)
        for _ in range(20):
            model.zero_grad()
            model(torch.randn(16, 4)).square().mean().backward()
            body.step()
            head.step()

    runs = watched(train)
    assert list(runs) == ["Sequential-1"]
    run = runs["Sequential-1"]
    assert run.scalar(LOSS).steps.tolist() == list(range(20))
    assert run.parameters.steps.tolist() == list(range(20))
    assert (run.parameters.column(UPDATE_NORM) > 0).all()
    assert [g.optimizer for g in run.meta.groups] == ["Adam", "SGD"]
    assert run.series["train/lr/0"].values == pytest.approx([1e-3] * 20)


def test_a_body_that_steps_every_fifth_time_belongs_to_its_heads_run(watched: Watched) -> None:
    def train() -> None:
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        body = torch.optim.SGD(model[0].parameters(), lr=1e-2)
        head = torch.optim.SGD(model[2].parameters(), lr=1e-2)
        for step in range(20):
            head.zero_grad()
            model(torch.randn(16, 4)).square().mean().backward()
            head.step()
            if step % 5 == 4:
                body.step()
                body.zero_grad()

    runs = watched(train)
    assert list(runs) == ["Sequential-1"]
    run = runs["Sequential-1"]
    assert run.scalar(LOSS).steps.tolist() == list(range(20))
    moved = np.isfinite(run.parameters.column(UPDATE_NORM))
    assert moved[:, 2:].all()
    assert np.flatnonzero(moved[:, 0]).tolist() == [4, 9, 14, 19]
    assert not np.nansum(run.parameters.column(GRAD_STALE))


def test_actor_and_critic_have_a_run_each_also_where_both_backward_passes_come_first(
    watched: Watched,
) -> None:
    values: list[float] = []

    def train() -> None:
        actor, critic = nn.Linear(3, 2), Critic(nn.Linear(3, 1))
        plan = torch.optim.Adam(actor.parameters(), lr=1e-2)
        rate = torch.optim.Adam(critic.parameters(), lr=1e-2)
        for _ in range(20):
            state = torch.randn(16, 3)
            value = critic(state)[:, 0]
            choice = torch.distributions.Categorical(logits=actor(state))
            action = choice.sample()
            gain = (state[:, 0] * (2 * action - 1)) - value
            plan.zero_grad()
            rate.zero_grad()
            judged = gain.square().mean()
            judged.backward()
            (-choice.log_prob(action) * gain.detach()).mean().backward()
            plan.step()
            rate.step()
            values.append(judged.item())

    runs = watched(train)
    assert list(runs) == ["Critic-1", "Linear-2"]
    assert runs["Critic-1"].scalar(LOSS).values == pytest.approx(values, rel=1e-5)
    assert len(runs["Linear-2"].scalar(LOSS)) == 20


def test_losses_of_two_models_in_one_optimizer_are_one_step(watched: Watched) -> None:
    def train() -> None:
        models = [Painter(nn.Linear(3, 1)), Critic(nn.Linear(3, 1))]
        optimizer = torch.optim.SGD([p for m in models for p in m.parameters()], lr=0.1)
        for _ in range(10):
            optimizer.zero_grad()
            for model in models:
                model(torch.ones(2, 3)).square().mean().backward()
            optimizer.step()

    runs = watched(train)
    assert list(runs) == ["Painter+Critic-1"] or list(runs) == ["Critic+Painter-1"]
    (run,) = runs.values()
    assert run.scalar(LOSS).steps.tolist() == list(range(10))
    assert (run.parameters.column(GRAD_NORM) > 0).all()


def test_an_optimizer_made_anew_each_epoch_or_for_fine_tuning_goes_on_with_the_run(
    watched: Watched,
) -> None:
    def train() -> None:
        model = nn.Linear(3, 1)
        for lr in (0.1, 0.1, 0.01):
            optimizer = torch.optim.SGD(model.parameters(), lr=lr)
            for _ in range(5):
                optimizer.zero_grad()
                model(torch.randn(4, 3)).square().mean().backward()
                optimizer.step()

    runs = watched(train)
    assert list(runs) == ["Linear-1"]
    assert runs["Linear-1"].scalar(LOSS).steps.tolist() == list(range(15))


class Classifier(nn.Module):
    """A body and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(6, 16), nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).tanh())


def test_a_head_that_is_exchanged_while_it_trains_is_named(watched: Watched) -> None:
    def train() -> None:
        model = Classifier()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        for step in range(120):
            if step == 40:
                model.head = nn.Linear(16, 3)
            x = torch.randn(32, 6)
            optimizer.zero_grad()
            F.cross_entropy(model(x), x[:, :3].argmax(1)).backward()
            optimizer.step()

    (run,) = watched(train).values()
    report = diagnose(run)
    assert [p.since for p in run.meta.parameters] == [0, 0, 40, 40]
    assert report.cause == "optimizer-missing-params"
    assert report.primary is not None
    assert (report.primary.since_step, report.primary.severity) == (40, "warning")
    assert report.primary.culprits == ("head.weight", "head.bias")


def test_a_pretrained_part_in_a_new_model_begins_a_new_run(watched: Watched) -> None:
    def train() -> None:
        trunk, first, second = nn.Linear(3, 4), nn.Linear(4, 3), nn.Linear(4, 1)
        for model in (Painter(trunk, first), Critic(trunk, second)):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(5):
                optimizer.zero_grad()
                model(torch.randn(4, 3)).square().mean().backward()
                optimizer.step()
            del optimizer

    runs = watched(train)
    assert list(runs) == ["Painter-1", "Critic-2"]
    assert [len(run.scalar(LOSS)) for run in runs.values()] == [5, 5]
    assert len(runs["Critic-2"].meta.parameters) == 4


def test_watching_two_trainings_at_a_time_changes_no_bit_of_them(watched: Watched) -> None:
    games: list[Game] = []

    def train() -> None:
        games.append(Game())
        for step in range(30):
            detached(games[-1], step)

    torch.manual_seed(0)
    train()
    watched(train)
    plain, seen = ([*g.painter.parameters(), *g.critic.parameters()] for g in games)
    assert all(torch.equal(a, b) for a, b in zip(plain, seen, strict=True))


def test_steps_of_a_run_follow_each_other_in_time(watched: Watched) -> None:
    def train() -> None:
        game = Game()
        for step in range(8):
            painter_first(game, step)

    for run in watched(train).values():
        assert all(a < b for a, b in pairwise(run.scalar(LOSS).steps.tolist()))
