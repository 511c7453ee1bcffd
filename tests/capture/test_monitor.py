from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import lossmon
from lossmon.capture.wiring import WiringMeter
from lossmon.errors import UsageError
from lossmon.records import Run
from lossmon.signals import LOSS, LR, TOTAL_GRAD_NORM, VAL_LOSS


def test_parameters_and_random_state_are_bit_identical_with_and_without_watch(
    tmp_path: Path,
) -> None:
    def train(watched: bool) -> tuple[list[torch.Tensor], torch.Tensor]:
        torch.manual_seed(7)
        model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 3))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        monitor = lossmon.watch(model, optimizer, logdir=tmp_path / "run") if watched else None
        for _ in range(60):
            x = torch.randn(16, 6)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            if monitor:
                monitor.step(loss)
        if monitor:
            monitor.close()
        return [p.detach().clone() for p in model.parameters()], torch.get_rng_state()

    plain, state = train(watched=False)
    watched, watched_state = train(watched=True)
    assert all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))
    assert torch.equal(state, watched_state)


def test_every_step_has_its_loss_and_lr(task: Any, record: Callable[..., Run]) -> None:
    losses: list[float] = []

    def train(monitor: lossmon.Monitor) -> None:
        task.train(40, lambda loss: (losses.append(loss.item()), monitor.step(loss)))

    run = record(task.model, task.optimizer, train)
    series = run.scalar(LOSS)
    assert series is not None
    assert series.steps.tolist() == list(range(40))
    assert series.values == pytest.approx(losses, rel=1e-6)
    assert run.scalar(LR).values == pytest.approx([0.1] * 40)
    assert run.scalar(TOTAL_GRAD_NORM).steps[0] == 0


def test_without_a_word_from_the_loop_the_loss_is_what_backward_was_called_on(
    task: Any, record: Callable[..., Run]
) -> None:
    losses: list[float] = []
    run = record(
        task.model,
        task.optimizer,
        lambda monitor: task.train(10, lambda loss: losses.append(loss.item())),
    )
    assert run.scalar(LOSS).values == pytest.approx(losses, rel=1e-6)


def test_a_loss_told_before_the_optimizer_step_counts_for_that_step(
    task: Any, record: Callable[..., Run]
) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for step in range(6):
            task.optimizer.zero_grad()
            loss = task.loss(step)
            loss.backward()
            monitor.step(float(step))
            task.optimizer.step()

    run = record(task.model, task.optimizer, train)
    assert run.scalar(LOSS).values.tolist() == [0, 1, 2, 3, 4, 5]


def test_log_writes_validation_loss_and_leaves_out_what_is_no_number(
    task: Any, record: Callable[..., Run]
) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        task.train(3, monitor.step)
        for _ in range(2):
            monitor.log(val_loss=0.25, accuracy=torch.tensor(0.5), note="text")

    with pytest.warns(RuntimeWarning, match="leaves out note: str is no number") as caught:
        run = record(task.model, task.optimizer, train)
    assert len(caught) == 1
    assert run.scalar(VAL_LOSS).values.tolist() == [0.25]
    assert run.scalar(VAL_LOSS).steps.tolist() == [2]
    assert run.series["user/accuracy"].values.tolist() == [0.5]
    assert "user/note" not in run.series


def test_an_exception_in_the_block_passes_and_is_recorded(task: Any, tmp_path: Path) -> None:
    def train() -> None:
        with lossmon.watch(task.model, task.optimizer, logdir=tmp_path / "run") as monitor:
            task.train(3, monitor.step)
            raise ZeroDivisionError("by hand")

    with pytest.raises(ZeroDivisionError):
        train()
    marks = {mark.kind: mark.detail for mark in lossmon.read_run(tmp_path / "run").marks}
    assert marks["exception"]["error"] == "ZeroDivisionError: by hand"
    assert "closed" not in marks


def test_a_rerun_takes_a_numbered_sibling_and_says_so(
    task: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        with lossmon.watch(task.model, task.optimizer, logdir=tmp_path / "a") as monitor:
            task.train(3, monitor.step)
    assert monitor.logdir == str(tmp_path / "a-2")
    assert "a already holds a run; writing to" in capsys.readouterr().err
    assert len(lossmon.read_run(tmp_path / "a").scalar(LOSS)) == 3


def test_a_checkpoint_continues_the_run_where_the_optimizer_left_it(tmp_path: Path) -> None:
    model = nn.Linear(4, 2)
    optimizer = torch.optim.Adam(model.parameters())

    def train(steps: int, optimizer: torch.optim.Optimizer) -> lossmon.Monitor:
        with lossmon.watch(model, optimizer, logdir=tmp_path / "a") as monitor:
            for _ in range(steps):
                optimizer.zero_grad()
                loss = model(torch.randn(8, 4)).square().mean()
                loss.backward()
                optimizer.step()
                monitor.step(loss)
        return monitor

    train(10, optimizer)
    resumed = torch.optim.Adam(model.parameters())
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert train(5, resumed).logdir == str(tmp_path / "a")
    run = lossmon.read_run(tmp_path / "a")
    assert run.scalar(LOSS).steps.tolist() == list(range(15))
    assert [mark.step for mark in run.marks if mark.kind == "resumed"] == [10]


def test_a_watched_model_copies_and_pickles_and_the_copies_are_unmonitored(
    task: Any, tmp_path: Path
) -> None:
    monitor = lossmon.watch(
        task.model, task.optimizer, criterion=task.criterion, logdir=tmp_path / "run"
    )
    task.train(4, monitor.step)
    copied = copy.deepcopy((task.model, task.optimizer, task.criterion))
    pickle.loads(pickle.dumps((task.model, task.criterion)))
    torch.save(task.model, io.BytesIO())
    copied[2](copied[0](task.x), task.y).backward()
    copied[1].step()
    monitor.close()
    assert len(lossmon.read_run(tmp_path / "run").scalar(LOSS)) == 4


def test_a_collector_that_fails_warns_and_is_switched_off_while_training_goes_on(
    task: Any, record: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: WiringMeter, tensors: Any) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(WiringMeter, "backward_begins", fails)
    with pytest.warns(RuntimeWarning, match="wiring") as caught:
        run = record(task.model, task.optimizer, lambda monitor: task.train(20, monitor.step))
    assert len(caught) == 2
    assert len(run.scalar(LOSS)) == 20
    assert [m.detail["collector"] for m in run.marks if m.kind == "collector-off"] == ["wiring"]


def test_our_own_failure_never_raises_even_when_warnings_are_errors(
    task: Any, record: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: WiringMeter, tensors: Any) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(WiringMeter, "backward_ended", fails)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = record(task.model, task.optimizer, lambda monitor: task.train(8, monitor.step))
    assert len(run.scalar(LOSS)) == 8


def test_after_close_nothing_is_recorded_and_close_may_be_called_again(
    task: Any, tmp_path: Path
) -> None:
    monitor = lossmon.watch(task.model, task.optimizer, logdir=tmp_path / "run")
    task.train(3, monitor.step)
    monitor.close()
    task.train(3, monitor.step)
    monitor.log(val_loss=1.0)
    monitor.close()
    run = lossmon.read_run(tmp_path / "run")
    assert len(run.scalar(LOSS)) == 3
    assert run.scalar(VAL_LOSS) is None


def test_two_monitors_each_record_their_own_model(tmp_path: Path) -> None:
    models = [nn.Linear(3, 1), nn.Linear(3, 1)]
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.01) for m in models]
    monitors = [
        lossmon.watch(m, o, logdir=tmp_path / str(i))
        for i, (m, o) in enumerate(zip(models, optimizers, strict=True))
    ]
    for step in range(6):
        for scale, model, optimizer in zip((1.0, 100.0), models, optimizers, strict=True):
            optimizer.zero_grad()
            (scale * (1 + step) + 0 * model(torch.ones(1, 3)).sum()).backward()
            optimizer.step()
    for monitor in monitors:
        monitor.close()
    losses = [lossmon.read_run(tmp_path / str(i)).scalar(LOSS).values.tolist() for i in range(2)]
    assert losses == [[1, 2, 3, 4, 5, 6], [100, 200, 300, 400, 500, 600]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "no module"}, "model must be a torch module, not str"),
        ({"optimizer": 3}, "optimizer must be a torch optimizer, or a list of them, not int"),
        ({"every": 0}, "every must be at least 1"),
        ({"budget": 0.0}, "budget must be a share"),
        ({"start_step": -1}, "start_step must not be negative"),
        ({"criterion": 3}, "criterion must be a torch module such as nn.CrossEntropyLoss"),
        ({"floor": "a"}, "floor must be a finite number, not 'a'"),
        ({"floor": float("nan")}, "floor must be a finite number"),
        ({"ignore": "no-signal"}, "ignore must be a list of rule names, not 'no-signal'"),
        ({"ignore": [3]}, "ignore must be a list of rule names"),
        ({"every": "a"}, "every must be at least 1, not 'a'"),
        ({"budget": "a"}, "budget must be a share"),
        ({"logdir": 3}, "logdir must be a path, not int"),
        ({"model": nn.ReLU()}, "model has no floating-point parameters"),
    ],
)
def test_arguments_that_cannot_be_used_raise_one_clear_line_in_watch(
    arguments: dict[str, Any], message: str, tmp_path: Path
) -> None:
    model = nn.Linear(2, 1)
    given = {"model": model, "optimizer": torch.optim.SGD(model.parameters(), lr=1.0)}
    with pytest.raises(UsageError, match=message):
        lossmon.watch(**(given | {"logdir": tmp_path / "run"} | arguments))


def test_a_logdir_that_cannot_be_made_raises_in_watch(task: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write to logdir"):
        lossmon.watch(task.model, task.optimizer, logdir=tmp_path / "file" / "run")


def test_non_finite_losses_are_recorded_as_they_are(record: Callable[..., Run]) -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)

    def train(monitor: lossmon.Monitor) -> None:
        for loss in (1.0, float("nan"), float("inf"), 2.0):
            optimizer.zero_grad()
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            monitor.step(loss)

    values = record(model, optimizer, train).scalar(LOSS).values
    np.testing.assert_array_equal(values, [1.0, np.nan, np.inf, 2.0])
