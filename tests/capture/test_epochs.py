"""Passes over the training data, as the log tells them: at the second step of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import lossmon
from lossmon.capture.recorder import Recorder
from lossmon.eventfile.logdir import read_runs
from lossmon.records import Run
from lossmon.signals import EPOCH, LOSS

Record = Callable[..., Run]
Loader = DataLoader[tuple[torch.Tensor, ...]]


@pytest.fixture
def data(task: Any) -> TensorDataset:
    return TensorDataset(task.x, task.y)


def told(run: Run) -> dict[int, float]:
    """Return what was written at which step."""
    series = run.scalar(EPOCH)
    return {} if series is None else dict(zip(series.steps, series.values, strict=True))


def learn(task: Any, batch: Any) -> None:
    task.optimizer.zero_grad()
    task.criterion(task.model(batch[0]), batch[1]).backward()
    task.optimizer.step()


def test_every_pass_is_told_at_its_second_step(
    task: Any, data: TensorDataset, record: Record
) -> None:
    loader: Loader = DataLoader(data, batch_size=16, shuffle=True)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            for batch in loader:
                learn(task, batch)

    assert told(record(task.model, task.optimizer, train)) == {1: 1, 5: 2, 9: 3}


def test_a_loader_made_anew_for_each_epoch_is_counted_on(
    task: Any, data: TensorDataset, record: Record
) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            for batch in DataLoader(data, batch_size=16):
                learn(task, batch)

    assert told(record(task.model, task.optimizer, train)) == {1: 1, 5: 2, 9: 3}


def test_validation_within_an_epoch_is_no_pass_over_training_data(
    task: Any, data: TensorDataset, record: Record
) -> None:
    train_loader: Loader = DataLoader(data, batch_size=8)
    held_out: Loader = DataLoader(data, batch_size=16)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(2):
            for number, batch in enumerate(train_loader):
                learn(task, batch)
                if number == 4:
                    with torch.no_grad():
                        for x, _ in held_out:
                            task.model(x)

    assert told(record(task.model, task.optimizer, train)) == {1: 1, 9: 2}


def test_of_two_loaders_the_one_that_fed_first_counts(
    task: Any, data: TensorDataset, record: Record
) -> None:
    def endless(loader: Loader) -> Iterator[Any]:
        while True:
            yield from loader

    other = endless(DataLoader(data, batch_size=32))

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            for batch, _ in zip(DataLoader(data, batch_size=8), other, strict=False):
                learn(task, batch)

    assert told(record(task.model, task.optimizer, train)) == {1: 1, 9: 2, 17: 3}


def test_of_two_loaders_that_are_gone_the_one_that_fed_first_counts(
    task: Any, data: TensorDataset, record: Record
) -> None:
    def endless() -> Iterator[Any]:
        while True:
            yield from DataLoader(data, batch_size=32)

    other = endless()

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            for batch, _ in zip(DataLoader(data, batch_size=8), other, strict=False):
                learn(task, batch)

    assert told(record(task.model, task.optimizer, train)) == {1: 1, 9: 2, 17: 3}


def test_workers_that_stay_give_passes_too(task: Any, data: TensorDataset, record: Record) -> None:
    loader: Loader = DataLoader(data, batch_size=16, num_workers=1, persistent_workers=True)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(2):
            for batch in loader:
                learn(task, batch)

    assert told(record(task.model, task.optimizer, train)) == {1: 1, 5: 2}


def test_passes_are_seen_between_sampled_steps_of_a_quick_loop(task: Any, record: Record) -> None:
    data = TensorDataset(task.x.repeat(20, 1), task.y.repeat(20))
    loader: Loader = DataLoader(data, batch_size=16)
    lanes = []

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            for batch in loader:
                learn(task, batch)
                monitor.step()
                lanes.append(lossmon.capture.hooks.TAPS.lane is not None)

    run = record(task.model, task.optimizer, train, every=1000)
    assert told(run) == {1: 1, 81: 2, 161: 3}
    assert len(run.scalar(LOSS)) == 240
    assert sum(lanes[81:]) > 140


def test_a_training_that_is_found_later_knows_its_first_pass(
    run_python: Callable[..., Any], tmp_path: Path
) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import torch\n"
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "model = torch.nn.Linear(4, 1)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n"
        "data = TensorDataset(torch.randn(64, 4), torch.randn(64, 1))\n"
        "for _ in range(3):\n"
        "    for x, y in DataLoader(data, batch_size=16):\n"
        "        optimizer.zero_grad()\n"
        "        torch.nn.functional.mse_loss(model(x), y).backward()\n"
        "        optimizer.step()\n"
    )
    done = run_python("-m", "lossmon", "run", "--logdir", str(tmp_path / "runs"), str(script))
    assert done.returncode == 0, done.stderr
    (run,) = read_runs(tmp_path / "runs")
    assert told(run) == {1: 1, 5: 2, 9: 3}


def test_a_loader_of_its_own_kind_is_left_alone(task: Any, record: Record) -> None:
    class Listed(DataLoader[Any]):
        def __iter__(self) -> Any:
            return iter([(task.x[:8], task.y[:8])] * 3)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(2):
            for batch in Listed([]):
                learn(task, batch)

    assert told(record(task.model, task.optimizer, train)) == {}


def test_an_iterator_that_cannot_be_remembered_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, task: Any, record: Record
) -> None:
    batches = [(task.x[:8], task.y[:8])] * 3
    monkeypatch.setattr(DataLoader, "__iter__", lambda loader: iter(batches))

    def train(monitor: lossmon.Monitor) -> None:
        for batch in DataLoader(TensorDataset(task.x)):
            learn(task, batch)

    run = record(task.model, task.optimizer, train)
    assert told(run) == {}
    assert len(run.scalar(LOSS)) == 3


def test_nothing_is_left_in_dataloader_when_nobody_records(task: Any, tmp_path: Path) -> None:
    plain = DataLoader.__iter__
    with lossmon.watch(task.model, task.optimizer, logdir=tmp_path / "run") as monitor:
        assert isinstance(monitor.recorder, Recorder)
        assert DataLoader.__iter__ is not plain
    assert DataLoader.__iter__ is plain
