"""Several monitors, and ends that come at odd moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

import lossmon
from lossmon.records import Run
from lossmon.signals import LOSS, UPDATE_NORM

STEPS = 6


@pytest.mark.parametrize("first_closed", [0, 1])
def test_two_monitors_of_one_model_record_the_same_in_either_order_of_closing(
    first_closed: int, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            side.watch(model, optimizer)
        for step in range(2 * STEPS):
            if side.watched and step == STEPS:
                side.monitors[first_closed].close()
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    runs = twice(train, ledger=False)
    lengths = [2 * STEPS, 2 * STEPS]
    lengths[first_closed] = STEPS
    assert [len(run.scalar(LOSS)) for run in runs] == lengths
    losses = [run.scalar(LOSS).values[:STEPS].tolist() for run in runs]
    assert losses[0] == losses[1]
    for run, length in zip(runs, lengths, strict=True):
        assert len(run.parameters) == length
        assert (run.parameters.column(UPDATE_NORM) > 0).all()


def test_watching_twice_in_one_logdir_is_two_runs(tmp_path: Any) -> None:
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    monitors = [lossmon.watch(model, optimizer, logdir=tmp_path / "run") for _ in range(2)]
    for _ in range(STEPS):
        optimizer.zero_grad()
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    for monitor in monitors:
        monitor.close()
    places = {monitor.logdir for monitor in monitors}
    assert len(places) == 2
    assert {len(lossmon.read_run(place).scalar(LOSS)) for place in places} == {STEPS}


@pytest.mark.parametrize(
    "moment", ["after the forward", "inside the backward", "before the step", "inside the step"]
)
def test_a_close_at_any_moment_disturbs_nothing(
    moment: str, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)

        def close(when: str, step: int) -> None:
            if side.watched and when == moment and step == STEPS:
                side.monitors[0].close()

        now = 0
        hooks = [
            model[0].weight.register_hook(lambda grad: close("inside the backward", now)),
            optimizer.register_step_pre_hook(lambda *_: close("inside the step", now)),
        ]
        for now in range(STEPS + 2):
            optimizer.zero_grad()
            loss = side.loss(model)
            close("after the forward", now)
            loss.backward()
            close("before the step", now)
            optimizer.step()
        for hook in hooks:
            hook.remove()
        return model, optimizer

    (run,) = twice(train, ledger=False)
    assert run.scalar(LOSS).steps.tolist() == list(range(STEPS))
    assert run.marks[-1].kind == "closed"


def test_a_watch_that_begins_inside_a_step_begins_with_the_next_one(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        step = 0

        def begin(*_: Any) -> None:
            if step == 2:
                side.watch(model, optimizer)

        hook = register_optimizer_step_post_hook(begin)
        for _ in range(STEPS):
            optimizer.zero_grad()
            side.loss(model).backward()
            optimizer.step()
        hook.remove()
        return model, optimizer

    (run,) = twice(train, ledger=False)
    assert len(run.scalar(LOSS)) == STEPS - 3


@pytest.mark.parametrize("kept", [True, False])
def test_an_interpreter_that_ends_without_a_close_leaves_a_whole_log(
    kept: bool, tmp_path: Any, run_python: Callable[..., Any]
) -> None:
    script = (
        "import torch, lossmon\n"
        "model = torch.nn.Linear(2, 1)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        f"{'monitor = ' if kept else ''}lossmon.watch(model, optimizer, logdir='run')\n"
        "for _ in range(6):\n"
        "    optimizer.zero_grad(); model(torch.ones(1, 2)).sum().backward(); optimizer.step()\n"
    )
    done = run_python("-c", script, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    run = lossmon.read_run(tmp_path / "run")
    assert len(run.scalar(LOSS)) == STEPS
    assert run.marks[-1].kind == "closed"
