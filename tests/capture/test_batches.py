"""Inputs, batches and their pace as a whole run tells them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import lossmon
from lossmon.batchsignals import (
    ACCURACY,
    BATCH_SIZE,
    INPUT_MEAN,
    INPUT_PRINT,
    LABEL_COUNTS,
    TARGET_COUNT,
    TARGET_PRINT,
)
from lossmon.capture.batches import LONG_STEP_S
from lossmon.capture.compiling import has_compiled
from lossmon.records import Run
from lossmon.signals import (
    CRITERION,
    CRITERION_LOSS,
    DATA_MS,
    EXAMPLES_PER_S,
    INPUTS,
    LOSS,
    PRIOR_LOSS,
    STEP_MS,
    VAL_LOSS,
)

Record = Callable[..., Run]


@pytest.fixture(autouse=True)
def nothing_is_compiled() -> None:
    if has_compiled():
        torch._dynamo.reset()


def column(run: Run, signal: Any) -> np.ndarray:
    return run.totals.column(signal)[:, 0]


def noted(run: Run, kind: str) -> list[dict[str, Any]]:
    return [dict(mark.detail) for mark in run.marks if mark.kind == kind]


def test_batches_that_come_again_have_the_same_prints(task: Any, record: Record) -> None:
    run = record(task.model, task.optimizer, lambda m: task.train(12), every=1)
    for signal in (INPUT_PRINT, TARGET_PRINT):
        prints = column(run, signal)
        for step in range(2, 8):
            assert prints[step] == prints[step + 4]
            assert prints[step] != prints[step + 1]


def test_inputs_batch_size_and_targets_are_recorded(task: Any, record: Record) -> None:
    run = record(task.model, task.optimizer, lambda m: task.train(8), every=1)
    assert (column(run, BATCH_SIZE)[1:] == 16).all()
    means = [float(task.x[i * 16 % 64 : i * 16 % 64 + 16].mean()) for i in range(8)]
    assert column(run, INPUT_MEAN)[1:] == pytest.approx(means[1:], rel=1e-4, abs=1e-6)
    counts = [column(run, signal)[:4].sum() for signal in LABEL_COUNTS[:3]]
    assert counts == np.bincount(task.y.numpy(), minlength=3).tolist()
    assert (column(run, TARGET_COUNT) == 16).all()
    assert ((column(run, ACCURACY) >= 0) & (column(run, ACCURACY) <= 1)).all()


def test_what_model_and_criterion_are_given_is_noted_once(task: Any, record: Record) -> None:
    run = record(task.model, task.optimizer, lambda m: task.train(8), every=1)
    assert noted(run, INPUTS) == [
        {"tensors": [{"place": "0", "shape": [16, 6], "dtype": "float32", "device": "cpu"}]}
    ]
    (criterion,) = noted(run, CRITERION)
    assert (criterion["name"], criterion["behind"]) == ("cross_entropy", "addmm")


def test_a_hand_written_loss_that_broadcasts_is_noted(record: Record) -> None:
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.randn(16, 4), torch.randn(16)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(4):
            optimizer.zero_grad()
            ((model(x) - y) ** 2).mean().backward()
            optimizer.step()

    run = record(model, optimizer, train)
    assert noted(run, CRITERION) == [{"name": "", "stretched": True, "crossed": True}]
    assert np.isnan(column(run, PRIOR_LOSS)).all()


def test_batches_of_many_sizes_are_one_fact(record: Record) -> None:
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train(monitor: lossmon.Monitor) -> None:
        for size in range(1, 30):
            optimizer.zero_grad()
            F.cross_entropy(model(torch.randn(size, 4)), torch.zeros(size).long()).backward()
            optimizer.step()

    run = record(model, optimizer, train, every=1)
    assert len(noted(run, INPUTS)) == len(noted(run, CRITERION)) == 1
    assert column(run, BATCH_SIZE)[1:].tolist() == list(range(2, 30))


def test_waiting_for_data_is_told_from_the_step(task: Any, record: Record) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for step in range(6):
            time.sleep(0.02)
            task.optimizer.zero_grad()
            task.loss(step).backward()
            task.optimizer.step()

    run = record(task.model, task.optimizer, train, every=1)
    waits, steps = run.scalar(DATA_MS), run.scalar(STEP_MS)
    assert waits is not None
    assert waits.steps.tolist() == [1, 2, 3, 4, 5]
    assert (waits.values >= 20).all()
    assert (waits.values < steps.values).all()


def test_of_long_steps_every_wait_is_told_sampled_or_not(task: Any, record: Record) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for step in range(6):
            time.sleep(2 * LONG_STEP_S)
            task.optimizer.zero_grad()
            task.loss(step).backward()
            task.optimizer.step()

    run = record(task.model, task.optimizer, train, every=1000)
    assert run.totals.steps.tolist() == [0]
    assert run.scalar(DATA_MS).steps.tolist() == [2, 3, 4, 5]


def test_examples_a_second_are_those_of_all_passes(task: Any, record: Record) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for step in range(5):
            task.optimizer.zero_grad()
            for part in range(3):
                task.loss(step + part).backward()
            task.optimizer.step()

    run = record(task.model, task.optimizer, train, every=1)
    rate, steps = run.scalar(EXAMPLES_PER_S), run.scalar(STEP_MS)
    assert rate.steps.tolist() == [1, 2, 3, 4]
    assert rate.values == pytest.approx(48 / (steps.values / 1000), rel=1e-4)


def test_an_evaluation_between_steps_is_no_wait_and_no_batch(task: Any, record: Record) -> None:
    def train(monitor: lossmon.Monitor) -> None:
        for step in range(4):
            task.optimizer.zero_grad()
            task.loss(step).backward()
            task.optimizer.step()
            with torch.no_grad():
                task.model(task.x[:7])
            monitor.log(val_loss=0.5)

    run = record(task.model, task.optimizer, train, every=1)
    assert run.scalar(DATA_MS) is None
    assert (column(run, BATCH_SIZE)[1:] == 16).all()
    assert run.scalar(VAL_LOSS).steps.tolist() == [0, 1, 2, 3]


def test_a_model_called_by_names_is_seen_too(record: Record) -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.head = nn.Embedding(9, 4), nn.Linear(4, 9)

        def forward(self, *, input_ids: Tensor, mask: Tensor | None = None) -> Tensor:
            return self.head(self.words(input_ids))

    model = Named()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(4):
            optimizer.zero_grad()
            tokens = torch.randint(0, 9, (2, 5))
            F.cross_entropy(model(input_ids=tokens).flatten(0, 1), tokens.flatten()).backward()
            optimizer.step()

    run = record(model, optimizer, train, every=1)
    (fact,) = noted(run, INPUTS)
    assert fact["tensors"][0]["place"] == "input_ids"
    assert fact["tensors"][0]["dtype"] == "int64"
    assert (column(run, BATCH_SIZE)[1:] == 2).all()


def trained(watched: bool, folder: Any, wrap: Callable[[nn.Module], nn.Module]) -> list[Tensor]:
    """Return the parameters, and the random state, after a training with dropout."""
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    x = torch.randn(64, 6)
    y = x[:, :3].argmax(1)
    monitor = lossmon.watch(model, optimizer, logdir=folder, every=1) if watched else None
    forward = wrap(model)
    for _ in range(40):
        rows = torch.randint(0, 64, (16,))
        optimizer.zero_grad()
        F.cross_entropy(forward(x[rows]), y[rows]).backward()
        optimizer.step()
    if monitor is not None:
        monitor.close()
    return [*(p.detach().clone() for p in model.parameters()), torch.get_rng_state()]


def test_parameters_and_random_state_are_the_same_bit_by_bit(tmp_path: Any) -> None:
    plain = trained(False, tmp_path / "a", lambda m: m)
    watched = trained(True, tmp_path / "b", lambda m: m)
    assert all(map(torch.equal, plain, watched))


@pytest.fixture(params=["criterion", "predictions", "inputs", "device", "pace"])
def broken(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have one collector raise whenever it is called."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("ours")

    places = {
        "criterion": "criterion.CriterionMeter.measure",
        "predictions": "sampler.verdicts",
        "inputs": "batches.main_input",
        "device": "device.DeviceMeter.readings",
        "pace": "batches.BatchMeter.pace",
    }
    monkeypatch.setattr(f"lossmon.capture.{places[request.param]}", fail)
    if request.param == "device":
        original = lossmon.capture.device.DeviceMeter.__init__

        def counted(self: Any, device: torch.device) -> None:
            original(self, device)
            self.is_counted = True

        monkeypatch.setattr("lossmon.capture.device.DeviceMeter.__init__", counted)
    return str(request.param)


@pytest.mark.filterwarnings("ignore:lossmon. [a-z]+ could not be recorded")
def test_a_collector_that_fails_is_cut_noted_and_never_felt(
    broken: str, task: Any, record: Record
) -> None:
    losses: list[float] = []

    def train(monitor: lossmon.Monitor) -> None:
        task.train(20, lambda loss: losses.append(loss.item()))

    with pytest.warns(RuntimeWarning, match=f"lossmon: {broken} is not recorded any more"):
        run = record(task.model, task.optimizer, train, every=1)
    assert run.scalar(LOSS).values == pytest.approx(losses)
    assert len(run.parameters.steps) == 20
    assert [m.detail["collector"] for m in run.marks if m.kind == "collector-off"] == [broken]
    if broken != "criterion":
        assert np.isfinite(column(run, CRITERION_LOSS)).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_run_on_cuda_never_waits_for_the_device(record: Record) -> None:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).cuda()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, foreach=True)
    x = torch.randn(64, 6, device="cuda")
    y = x[:, :3].argmax(1)

    def train(monitor: lossmon.Monitor) -> None:
        def step() -> None:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

        step()
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("error")
        try:
            for _ in range(50):
                step()
        finally:
            torch.cuda.set_sync_debug_mode("default")

    run = record(model, optimizer, train, every=1)
    assert len(run.scalar(LOSS)) == 51
    assert not [mark for mark in run.marks if mark.kind == "collector-off"]
    assert np.isfinite(column(run, ACCURACY)).any()
