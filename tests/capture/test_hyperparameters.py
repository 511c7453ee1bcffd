from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import lossmon
from lossmon.capture.hyperparameters import MAX_CHANGES, OptionWatch
from lossmon.records import Run
from lossmon.signals import HYPERPARAMETERS, LR, MOMENTUM, WEIGHT_DECAY


def weights() -> list[nn.Parameter]:
    return [nn.Parameter(torch.zeros(1))]


def test_options_that_stay_say_nothing() -> None:
    watch, optimizer = OptionWatch(), torch.optim.AdamW(weights())
    for _ in range(3):
        optimizer.param_groups[0]["lr"] *= 0.5
        assert watch.look([optimizer], [""]) == ({}, [])


def test_the_first_beta_is_the_momentum_and_the_second_a_change() -> None:
    watch, optimizer = OptionWatch(), torch.optim.Adam(weights(), weight_decay=0.1)
    watch.look([optimizer], [""])
    optimizer.param_groups[0].update(betas=(0.8, 0.99), weight_decay=0.2)
    scalars, others = watch.look([optimizer], [""])
    assert scalars == {MOMENTUM.tag: 0.8, WEIGHT_DECAY.tag: 0.2}
    assert others == [{"group": "", "option": "betas", "from": [0.999], "to": [0.99]}]


def test_several_groups_have_a_tag_each() -> None:
    optimizer = torch.optim.SGD([{"params": weights()}, {"params": weights()}], momentum=0.9)
    watch = OptionWatch()
    watch.look([optimizer], ["body", "head"])
    optimizer.param_groups[1]["momentum"] = 0.5
    assert watch.look([optimizer], ["body", "head"])[0] == {"train/momentum/head": 0.5}


def test_a_group_that_was_added_is_taken_note_of() -> None:
    watch, optimizer = OptionWatch(), torch.optim.SGD(weights(), momentum=0.9)
    watch.look([optimizer], [""])
    optimizer.add_param_group({"params": weights(), "momentum": 0.1})
    assert watch.look([optimizer], ["0", "1"]) == ({}, [])


def test_an_option_that_changes_all_the_time_does_not_fill_the_log() -> None:
    watch, optimizer = OptionWatch(), torch.optim.Adam(weights())
    changes = 0
    for step in range(200):
        optimizer.param_groups[0]["eps"] = 1e-8 * (1 + step)
        changes += len(watch.look([optimizer], [""])[1])
    assert changes == MAX_CHANGES


@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: torch.optim.AdamW(p, lr=1e-3),
    ],
    ids=["momentum", "betas"],
)
def test_a_one_cycle_run_has_a_series_of_its_momentum(
    make: Callable[[Any], torch.optim.Optimizer], task: Any, record: Callable[..., Run]
) -> None:
    optimizer = task.optimizer = make(task.model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=30)
    used: list[float] = []

    def momentum() -> float:
        group = optimizer.param_groups[0]
        return float(group["betas"][0] if "betas" in group else group["momentum"])

    def train(monitor: lossmon.Monitor) -> None:
        for step in range(20):
            optimizer.zero_grad()
            task.loss(step).backward()
            used.append(momentum())
            optimizer.step()
            schedule.step()

    run = record(task.model, optimizer, train, every=1)
    series = run.scalar(MOMENTUM)
    assert series is not None
    assert series.steps.tolist() == list(range(1, 20))
    assert series.values == pytest.approx(used[1:], rel=1e-6)
    assert len(run.scalar(LR)) == 20
    assert run.scalar(WEIGHT_DECAY) is None


def test_an_option_that_changes_in_a_run_is_a_mark(task: Any, record: Callable[..., Run]) -> None:
    optimizer = task.optimizer = torch.optim.Adam(task.model.parameters())

    def train(monitor: lossmon.Monitor) -> None:
        task.train(3)
        optimizer.param_groups[0]["eps"] = 1e-3
        task.train(3)

    run = record(task.model, optimizer, train, every=1)
    marks = [(m.step, dict(m.detail)) for m in run.marks if m.kind == HYPERPARAMETERS]
    assert marks == [(3, {"group": "", "option": "eps", "from": 1e-8, "to": 1e-3})]
    assert run.meta.groups[0].options["eps"] == 1e-8
