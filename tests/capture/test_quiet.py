"""What the quiet lane records is what is recorded without it, whatever comes in between."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import lossmon
from lossmon.capture.hooks import TAPS
from lossmon.capture.quiet import QuietLane
from lossmon.capture.routes import Routes
from lossmon.eventfile.logdir import read_run
from lossmon.eventfile.queue import Queue
from lossmon.records import Run
from lossmon.signals import PARAMETER_SIGNALS, RUN_SIGNALS

STEPS = 150
ODD = (70, 71, 101, 133)
"""Steps at which something else happens: inside of lanes, and at their ends."""


class Loop:
    """A plain loop, and what may happen in it."""

    def __init__(self, folder: Path, *, every: int = 32, signals: str = "all") -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.logdir = folder
        self.monitor = lossmon.watch(
            self.model, self.optimizer, logdir=folder, every=every, signals=signals
        )

    def loss(self) -> Tensor:
        return self.model(torch.randn(8, 4)).square().mean()

    def backward(self) -> Tensor:
        self.optimizer.zero_grad()
        loss = self.loss()
        loss.backward()
        return loss

    def step(self) -> Tensor:
        loss = self.backward()
        self.optimizer.step()
        return loss


def untold(loop: Loop, step: int) -> None:
    loop.step()


def told(loop: Loop, step: int) -> None:
    loop.monitor.step(loop.step())


def told_otherwise(loop: Loop, step: int) -> None:
    loop.monitor.step(loop.step().item() + 1.0)


def told_nothing(loop: Loop, step: int) -> None:
    loop.step()
    loop.monitor.step()


def told_at_times(loop: Loop, step: int) -> None:
    loss = loop.step()
    if step not in ODD:
        loop.monitor.step(loss)


def scheduled(loop: Loop, step: int) -> None:
    loop.step()
    loop.optimizer.param_groups[0]["lr"] *= 0.99


def rate_in_a_tensor(loop: Loop, step: int) -> None:
    if step == 50:
        loop.optimizer.param_groups[0]["lr"] = torch.tensor(0.05)
    loop.step()


def group_added(loop: Loop, step: int) -> None:
    if step == 70:
        loop.optimizer.add_param_group({"params": [torch.zeros(1)], "lr": 0.5})
    loop.step()


def accumulated_at_times(loop: Loop, step: int) -> None:
    if step in ODD:
        loop.backward()
        loop.loss().backward()
        loop.optimizer.step()
    else:
        loop.monitor.step(loop.step())


def logged_in_between(loop: Loop, step: int) -> None:
    loss = loop.step()
    if step in ODD:
        loop.monitor.log(val_loss=step)
    loop.monitor.step(loss)


def failing_backward(loop: Loop, step: int) -> None:
    if step in ODD:
        handle = loop.model[0].weight.register_hook(fail)
        with pytest.raises(ArithmeticError):
            loop.backward()
        handle.remove()
    loop.step()


def fail(gradient: Tensor) -> None:
    raise ArithmeticError


def failing_step(loop: Loop, step: int) -> None:
    if step in ODD:
        loop.backward()
        handle = loop.optimizer.register_step_pre_hook(lambda *_: fail(torch.ones(1)))
        with pytest.raises(ArithmeticError):
            loop.optimizer.step()
        handle.remove()
    loop.step()


def other_training_in_between(loop: Loop, step: int) -> None:
    if step in ODD:
        other = nn.Linear(2, 1)
        other(torch.ones(1, 2)).sum().backward()
        torch.optim.SGD(other.parameters(), lr=0.1).step()
    loop.step()


def vector_root(loop: Loop, step: int) -> None:
    if step in ODD:
        loop.optimizer.zero_grad()
        out = loop.model(torch.ones(3, 4))
        out.backward(torch.ones_like(out))
        loop.optimizer.step()
    else:
        loop.step()


def step_without_a_pass(loop: Loop, step: int) -> None:
    loop.step()
    if step in ODD:
        loop.optimizer.step()


def closure(loop: Loop, step: int) -> None:
    if step in ODD:
        loop.optimizer.step(loop.backward)
    else:
        loop.step()


def scaled(loop: Loop, step: int) -> None:
    loop.optimizer.zero_grad()
    loss = loop.loss()
    (torch.amp.GradScaler("cpu").scale(loss) if step in ODD else loss).backward()
    loop.optimizer.step()


def frozen(loop: Loop, step: int) -> None:
    if step in (70, 101):
        loop.model[0].bias.requires_grad_(step == 101)
        loop.model[0].bias.grad = None
    loop.step()


def replaced(loop: Loop, step: int) -> None:
    if step == 71:
        loop.model[0].weight = nn.Parameter(torch.ones(8, 4))
    elif step == 101:
        loop.model[2].weight.data = torch.ones(1, 8)
    loop.step()


def added(loop: Loop, step: int) -> None:
    if step == 70:
        loop.model.append(nn.Linear(1, 1))
        loop.optimizer.add_param_group({"params": loop.model[-1].parameters()})
    loop.step()


def odd_gradients(loop: Loop, step: int) -> None:
    loop.backward()
    bias = loop.model[0].bias
    if step == 70:
        bias.grad = None
    elif step in (101, 133):
        bias.grad.fill_(1e30 if step == 101 else torch.nan)
    loop.optimizer.step()


def momentum_cycled(loop: Loop, step: int) -> None:
    if step > 90:
        loop.optimizer.param_groups[0]["momentum"] *= 0.99
    loop.step()


def nested_step(loop: Loop, step: int) -> None:
    other = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)

    def meddle(*_: Any) -> None:
        if step in ODD:
            with torch.no_grad():
                loop.model[0].weight.add_(0.5)
            other.step()  # when some weights have moved

    handle = loop.optimizer.register_step_pre_hook(meddle)
    loop.step()
    handle.remove()


BODIES = [
    untold, told, told_otherwise, told_nothing, told_at_times, scheduled, rate_in_a_tensor,
    group_added, accumulated_at_times, logged_in_between, failing_backward, failing_step,
    other_training_in_between, vector_root, step_without_a_pass, closure, scaled,
]  # fmt: skip


OF_PARAMETERS = [
    frozen, replaced, added, odd_gradients, momentum_cycled, nested_step,
]  # fmt: skip


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Steps that a lane took; on a slow machine too, where steps take long."""
    monkeypatch.setattr("lossmon.capture.recorder.LONG_STEP_S", float("inf"))
    steps: list[int] = []
    put = QuietLane._put

    def counted(lane: QuietLane) -> None:
        steps.append(lane.step)
        put(lane)

    monkeypatch.setattr(QuietLane, "_put", counted)
    return steps


def trained(
    folder: Path, body: Callable[[Loop, int], None], **options: Any
) -> tuple[Run, list[Tensor]]:
    loop = Loop(folder, **options)
    for step in range(STEPS):
        body(loop, step)
    loop.monitor.close()
    return read_run(loop.logdir), [p.detach() for p in loop.model.parameters()]


def facts(run: Run) -> dict[str, Any]:
    """What a run says, but for times."""
    scalars = {
        tag: (series.steps.tolist(), series.values.tolist())
        for tag, series in run.series.items()
        if not tag.startswith(("perf/", "lossmon/"))
    }
    tables = [run.parameters, run.layers, run.totals]
    return {
        **scalars,
        "timed": run.series["perf/step_ms"].steps.tolist(),
        "sampled": [None if table is None else table.steps.tolist() for table in tables],
        "marks": [(mark.step, mark.kind, mark.detail) for mark in run.marks],
    }


@pytest.mark.parametrize("body", BODIES)
def test_the_log_is_the_one_that_is_written_without_a_lane(
    body: Callable[[Loop, int], None],
    tmp_path: Path,
    taken: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quiet, weights = trained(tmp_path / "a", body)
    assert len(taken) > 20
    with monkeypatch.context() as patch:
        patch.setattr(Routes, "quiet_lane", lambda self: None)
        taken.clear()
        slow, others = trained(tmp_path / "b", body)
    assert not taken
    assert facts(quiet) == facts(slow)
    assert all(map(torch.equal, weights, others))


@pytest.mark.parametrize("body", [*BODIES, *OF_PARAMETERS])
def test_norms_of_every_step_are_those_that_are_written_without_a_lane(
    body: Callable[[Loop, int], None],
    tmp_path: Path,
    taken: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick, weights = trained(tmp_path / "a", body, every=1, signals="norms")
    assert len(taken) > 20
    with monkeypatch.context() as patch:
        patch.setattr(Routes, "quiet_lane", lambda self: None)
        taken.clear()
        slow, others = trained(tmp_path / "b", body, every=1, signals="norms")
    assert not taken
    assert str(facts(quick)) == str(facts(slow))  # as text NaN equals NaN
    for one, other in zip(tables(quick) + weights, tables(slow) + others, strict=True):
        np.testing.assert_array_equal(one, other)


def tables(run: Run) -> list[Any]:
    """All that the wide records say, by column."""
    assert run.parameters is not None
    assert run.totals is not None
    parameters = [run.parameters.column(signal) for signal in PARAMETER_SIGNALS]
    return parameters + [run.totals.column(signal) for signal in RUN_SIGNALS]


def test_a_lane_takes_no_sampled_step(tmp_path: Path, taken: list[int]) -> None:
    run, _ = trained(tmp_path, untold)
    assert run.parameters is not None
    assert not set(taken) & set(run.parameters.steps.tolist())
    assert run.parameters.steps.tolist() == [0, 32, 64, 96, 128]


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    """A loop in the middle of a lane."""
    made = Loop(tmp_path)
    for _ in range(74):
        made.monitor.step(made.step())
    assert TAPS.lane is not None
    yield made
    made.monitor.close()


@pytest.mark.parametrize("moment", ["before a pass", "after it", "after the step"])
def test_closing_at_any_moment_writes_what_was_made(loop: Loop, moment: str) -> None:
    if moment == "after it":
        loop.backward()
    elif moment == "after the step":
        loop.step()
    loop.monitor.close()
    assert TAPS.lane is None
    steps = read_run(loop.logdir).series["perf/step_ms"].steps.tolist()
    assert steps == list(range(1, 74 + (moment == "after the step")))


def test_a_second_monitor_ends_the_lane_and_both_go_on(loop: Loop, tmp_path: Path) -> None:
    other = lossmon.watch(loop.model, loop.optimizer, logdir=tmp_path / "second", every=32)
    for _ in range(40):
        loss = loop.step()
        loop.monitor.step(loss)
        other.step(loss)
    other.close()
    loop.monitor.close()
    first, second = read_run(loop.logdir / "lossmon"), read_run(tmp_path / "second")
    assert len(first.series["train/loss"]) == 114
    assert first.series["train/loss"].values[74:].tolist() == (
        second.series["train/loss"].values.tolist()
    )


def test_a_fork_in_the_middle_writes_nothing(loop: Loop) -> None:
    child = os.fork()
    if not child:
        for _ in range(5):
            loop.monitor.step(loop.step())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    loop.monitor.step(loop.step())
    loop.monitor.close()
    assert len(read_run(loop.logdir).series["train/loss"]) == 75


def test_a_lane_keeps_no_optimizer_alive(loop: Loop) -> None:
    assert TAPS.lane is not None
    reference = TAPS.lane.optimizer
    loop.optimizer = None  # type: ignore[assignment]
    assert reference() is None


def test_what_does_not_fit_into_the_queue_is_counted(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Queue, "put_scalars", Mock(side_effect=MemoryError))
    with pytest.warns(RuntimeWarning, match="what cannot be kept is counted"):
        loop.monitor.step(loop.step())
    monkeypatch.undo()
    loop.monitor.step(loop.step())
    loop.monitor.close()
    run = read_run(loop.logdir)
    assert run.series["train/loss"].steps.tolist() == [*range(74), 75]
    assert run.series["lossmon/dropped"].values[-1] == 1
