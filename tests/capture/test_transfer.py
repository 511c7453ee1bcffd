"""The way from a device, with a device that is played by host memory and answers when told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import lossmon
from lossmon.capture import recorder, transfer
from lossmon.capture.transfer import RING, DeviceLane, Transfer
from lossmon.signals import GRAD_NORM


class Arrival:
    """An event of the played device. Reading a buffer before it is true would read zeros."""

    def __init__(self, land: Callable[[], object]) -> None:
        self.land = land
        self.arrived = False
        self.waited_for = False

    def arrive(self) -> None:
        self.land()
        self.arrived = True

    def query(self) -> bool:
        return self.arrived

    def synchronize(self) -> None:
        self.waited_for = True
        self.arrive()


class SlowLane:
    """Every vector takes until `arrive()`; buffers are handed out full of NaN."""

    def __init__(self) -> None:
        self.events: list[Arrival] = []
        self.buffers = 0

    def is_direct(self, vector: Tensor) -> bool:
        return False

    def buffer(self, length: int) -> Tensor:
        self.buffers += 1
        return torch.full((length,), float("nan"))

    def copy(self, vector: Tensor, into: Tensor) -> Arrival:
        self.events.append(Arrival(lambda: into.copy_(vector)))
        return self.events[-1]


@pytest.fixture
def slow() -> SlowLane:
    return SlowLane()


def test_host_memory_is_delivered_at_once() -> None:
    got: list[float] = []
    sent = Transfer()
    assert sent.send(torch.tensor([1.0, 2.0]), lambda values: got.extend(values.tolist()))
    assert got == [1.0, 2.0]
    assert not sent.is_flying


def test_nothing_is_read_before_its_event_says_so(slow: SlowLane) -> None:
    got: list[float] = []
    sent = Transfer(slow)
    sent.send(torch.tensor([1.0]), lambda values: got.extend(values.tolist()))
    sent.poll()
    assert got == []
    assert sent.is_flying
    slow.events[0].arrive()
    sent.poll()
    assert got == [1.0]
    assert not slow.events[0].waited_for


def test_copies_are_delivered_in_the_order_in_which_they_were_sent(slow: SlowLane) -> None:
    got: list[float] = []
    sent = Transfer(slow)
    for number in (1.0, 2.0):
        sent.send(torch.tensor([number]), lambda values: got.extend(values.tolist()))
    slow.events[1].arrive()
    sent.poll()
    assert got == []
    slow.events[0].arrive()
    sent.poll()
    assert got == [1.0, 2.0]


def test_a_full_ring_refuses_and_takes_again_once_something_has_arrived(slow: SlowLane) -> None:
    sent = Transfer(slow)
    for _ in range(RING):
        assert sent.send(torch.zeros(3), lambda values: None)
    assert not sent.send(torch.zeros(3), lambda values: None)
    slow.events[0].arrive()
    sent.poll()
    assert sent.send(torch.zeros(3), lambda values: None)


def test_buffers_are_used_again_whatever_the_length(slow: SlowLane) -> None:
    got: list[list[float]] = []
    sent = Transfer(slow)
    for length in range(1, 100):
        sent.send(torch.full((length,), float(length)), lambda v: got.append(v.tolist()))
        slow.events[-1].arrive()
        sent.poll()
    assert slow.buffers == 1
    assert got == [[float(n)] * n for n in range(1, 100)]


def test_a_receiver_that_raises_does_not_cost_a_buffer(slow: SlowLane) -> None:
    def refuse(values: Any) -> None:
        raise ValueError

    sent = Transfer(slow)
    sent.send(torch.zeros(1), refuse)
    slow.events[0].arrive()
    with pytest.raises(ValueError):
        sent.poll()
    assert not sent.is_flying
    sent.send(torch.zeros(1), refuse)
    assert slow.buffers == 1


def test_only_the_end_of_a_run_waits(slow: SlowLane) -> None:
    got: list[float] = []
    sent = Transfer(slow)
    sent.send(torch.tensor([7.0]), lambda values: got.extend(values.tolist()))
    sent.drain()
    assert got == [7.0]
    assert slow.events[0].waited_for


def test_a_run_on_a_device_that_lags_behind_drops_samples_counts_them_and_keeps_every_loss(
    task: Any, record: Callable[..., Any], slow: SlowLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "DeviceLane", lambda: slow)
    monkeypatch.setattr(recorder, "held_loss", lambda loss: loss.detach().clone())
    losses: list[float] = []

    def train(monitor: lossmon.Monitor) -> None:
        task.train(40, lambda loss: (losses.append(loss.item()), monitor.step(loss)))

    with pytest.warns(RuntimeWarning, match="the device is behind"):
        run = record(task.model, task.optimizer, train, every=1)
    assert run.series["train/loss"].values == pytest.approx(losses)
    steps = run.parameters.steps.tolist()
    assert 0 < len(steps) < 40
    assert steps == sorted(set(steps))
    dropped = [mark.detail["records"] for mark in run.marks if mark.kind == "dropped"]
    assert dropped[-1] == 40 - len(steps)
    assert np.isfinite(run.parameters.column(GRAD_NORM)).all()


def test_a_device_that_answers_loses_nothing(
    task: Any, record: Callable[..., Any], slow: SlowLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "DeviceLane", lambda: slow)

    def train(monitor: lossmon.Monitor) -> None:
        def each(loss: Tensor) -> None:
            monitor.step(loss)
            for event in slow.events:
                if not event.arrived:
                    event.arrive()

        task.train(40, each)

    run = record(task.model, task.optimizer, train, every=1)
    assert run.parameters.steps.tolist() == list(range(40))
    assert not [mark for mark in run.marks if mark.kind == "dropped"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_copy_from_cuda_neither_waits_nor_is_read_too_early() -> None:
    got: list[float] = []
    sent = Transfer(DeviceLane())
    vector = torch.arange(5.0, device="cuda")
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        assert sent.send(vector, lambda values: got.extend(values.tolist()))
        while sent.is_flying:
            sent.poll()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert got == [0.0, 1.0, 2.0, 3.0, 4.0]
