"""Every signal against plain autograd, over models that differ in what they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import lossmon
from lossmon import signals
from lossmon.capture.updates import StepMeter, exact_norms
from lossmon.records import Run
from lossmon.signals import Signal


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x).mean(1))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 5, batch_first=True)
        self.head = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


def models() -> dict[str, tuple[nn.Module, Tensor]]:
    torch.manual_seed(3)
    convolutional = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)
    )
    wide = nn.Sequential(nn.Linear(200, 90), nn.ReLU(), nn.Linear(90, 2))
    return {
        "mlp": (nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)), torch.randn(6, 5)),
        "convolution and batch norm": (convolutional, torch.randn(6, 1, 6, 6)),
        "lstm": (Recurrent(), torch.randn(4, 7, 3)),
        "tied embedding": (Tied(), torch.randint(0, 7, (4, 3))),
        "transformer": (
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
            torch.rand(2, 3, 8),
        ),
        "larger than the sample": (wide, torch.randn(8, 200)),
        "slightly larger than the sample": (
            nn.Sequential(nn.Linear(64, 96), nn.Tanh(), nn.Linear(96, 2)),
            torch.randn(8, 64),
        ),
    }


def reference(
    model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, steps: int
) -> dict[Signal, list[list[float]]]:
    """Train by hand, with every element; one row of values per step and signal."""
    seen: dict[Signal, list[list[float]]] = {}
    previous: list[tuple[Tensor, Tensor]] | None = None
    for _ in range(steps):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        before = [(p.grad.clone(), p.detach().clone()) for p in model.parameters()]
        optimizer.step()
        moved = [(g, p.detach() - w) for (g, w), p in zip(before, model.parameters(), strict=True)]
        rows = {
            signals.GRAD_NORM: [g.norm() for g, _ in before],
            signals.WEIGHT_NORM: [w.norm() for _, w in before],
            signals.UPDATE_NORM: [d.norm() for _, d in moved],
            signals.GRAD_DOT_WEIGHT: [(g * w).sum() for g, w in before],
            signals.GRAD_DOT_SIGN: [(g * w.sign()).sum() for g, w in before],
            signals.GRAD_ZERO_SHARE: [(g == 0).float().mean() for g, _ in before],
        }
        if previous is not None:
            pairs = list(zip(moved, previous, strict=True))
            rows[signals.GRAD_DOT_PREV] = [(a[0] * b[0]).sum() for a, b in pairs]
            rows[signals.UPDATE_DOT_PREV] = [(a[1] * b[1]).sum() for a, b in pairs]
        previous = moved
        for signal, row in rows.items():
            seen.setdefault(signal, []).append([float(v) for v in row])
    return seen


@pytest.mark.parametrize("name", list(models()))
@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_signals_equal_plain_autograd(name: str, kind: str, record: Callable[..., Run]) -> None:
    make = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    }[kind]
    by_hand, x = models()[name]
    by_hand.eval()
    expected = reference(by_hand, make(by_hand.parameters()), x, steps=5)
    model, _ = models()[name]
    model.eval()
    optimizer = make(model.parameters())

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(5):
            optimizer.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            monitor.step(loss)

    run = record(model, optimizer, train, every=1)
    assert [p.name for p in run.meta.parameters] == [n for n, _ in model.named_parameters()]

    def reach(signal: Signal) -> float:
        """Return the largest value that the signal could have: for products that of the norms."""
        sizes = [[p.numel() ** 0.5 for p in model.parameters()]]
        lengths = {
            signals.GRAD_DOT_WEIGHT: expected[signals.WEIGHT_NORM],
            signals.GRAD_DOT_SIGN: sizes,
        }
        if signal not in lengths:
            return float(np.abs(expected[signal]).max())
        norms = np.array(expected[signals.GRAD_NORM]) * np.array(lengths[signal])
        return float(norms.max())

    # Strided samples of a large tensor estimate; everything else is exact.
    sampled = name.endswith("larger than the sample")
    for signal, rows in expected.items():
        measured = run.parameters.column(signal)[-len(rows) :]
        exact = signal is signals.GRAD_NORM or not sampled
        assert measured == pytest.approx(
            np.array(rows), rel=1e-3 if exact else 0.3, abs=1e-6 if exact else 0.1 * reach(signal)
        ), signal.name


def test_inner_products_need_two_steps_in_a_row(task: Any, record: Callable[..., Run]) -> None:
    run = record(task.model, task.optimizer, lambda m: task.train(9, m.step), every=4)
    assert run.parameters.steps.tolist() == [0, 4, 8]
    assert np.isnan(run.parameters.column(signals.GRAD_DOT_PREV)).all()
    assert np.isfinite(run.parameters.column(signals.GRAD_DOT_WEIGHT)).all()


def test_a_nan_in_an_element_outside_the_sample_is_counted() -> None:
    weight = nn.Parameter(torch.ones(9000))
    meter = StepMeter([weight])
    meter.before([weight])
    gradient = torch.ones(9000)
    gradient[1] = float("nan")
    meter.gradients([gradient])
    columns = meter.after([weight], lane=0, own_step=0)
    assert torch.isnan(columns[0])
    assert columns[8] == 0, "the strided sample does not hit element 1"


def test_non_finite_gradients_reach_the_log(record: Callable[..., Run]) -> None:
    model = nn.Linear(100, 100, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)

    def train(monitor: lossmon.Monitor) -> None:
        for value in (1.0, float("nan"), float("inf")):
            optimizer.zero_grad()
            model(torch.ones(1, 100)).sum().backward()
            model.weight.grad[0, 1] = value
            optimizer.step()
            monitor.step(1.0)

    run = record(model, optimizer, train, every=1)
    assert (run.parameters.column(signals.GRAD_NONFINITE)[:, 0] > 0).tolist() == [False, True, True]


def test_a_parameter_without_gradient_is_missing_and_not_zero(
    record: Callable[..., Run],
) -> None:
    model = nn.ModuleDict({"used": nn.Linear(2, 1), "unused": nn.Linear(2, 1)})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            loss = model["used"](torch.ones(1, 2)).sum()
            loss.backward()
            optimizer.step()
            monitor.step(loss)

    run = record(model, optimizer, train)
    norms = run.parameters.column(signals.GRAD_NORM)
    assert np.isfinite(norms[:, :2]).all()
    assert np.isnan(norms[:, 2:]).all()
    assert run.parameters.column(signals.GRAD_ARRIVED)[0].tolist() == [1, 1, 0, 0]
    assert run.parameters.column(signals.UPDATE_NORM)[0, 2:].tolist() == [0, 0]


def test_sparse_gradients_have_an_exact_norm(record: Callable[..., Run]) -> None:
    model = nn.Embedding(50, 4, sparse=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    norms: list[float] = []

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            loss = model(torch.tensor([1, 1, 7])).square().sum()
            loss.backward()
            norms.append(float(model.weight.grad.to_dense().norm()))
            optimizer.step()
            monitor.step(loss)

    run = record(model, optimizer, train)
    assert run.parameters.column(signals.GRAD_NORM)[:, 0] == pytest.approx(norms, rel=1e-5)


def test_half_precision_norms_are_summed_in_single_precision() -> None:
    ones = torch.ones(100_000, dtype=torch.bfloat16)
    assert float(exact_norms([ones])[0]) == pytest.approx(100_000**0.5, rel=1e-4)
    mixed = exact_norms([ones, torch.ones(4), torch.ones(9, dtype=torch.float64)])
    assert torch.stack(mixed).tolist() == pytest.approx([100_000**0.5, 2.0, 3.0], rel=1e-4)


def test_updates_that_bfloat16_rounds_away_are_counted(record: Callable[..., Run]) -> None:
    model = nn.Linear(64, 40, dtype=torch.bfloat16)
    optimizer = torch.optim.SGD(model.parameters(), lr=3e-3)
    x = torch.randn(16, 64, dtype=torch.bfloat16)
    expected: list[list[float]] = []

    def train(monitor: lossmon.Monitor) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            loss = model(x)[:, :20].float().square().mean()
            loss.backward()
            before = [p.detach().clone() for p in model.parameters()]
            optimizer.step()
            row = []
            for p, old in zip(model.parameters(), before, strict=True):
                pushed = p.grad != 0
                row.append(float((p.detach() == old)[pushed].float().mean()))
            expected.append(row)
            monitor.step(loss)

    run = record(model, optimizer, train, every=1)
    shares = run.parameters.column(signals.UNMOVED_SHARE)
    assert shares == pytest.approx(np.array(expected), abs=1e-6)
    assert 0.1 < shares[0, 0] < 0.99


def test_of_float32_no_lost_updates_are_told(task: Any, record: Callable[..., Run]) -> None:
    run = record(task.model, task.optimizer, lambda m: task.train(3, m.step), every=1)
    assert np.isnan(run.parameters.column(signals.UNMOVED_SHARE)).all()


def test_the_device_arithmetic_equals_the_cpu_arithmetic() -> None:
    tensors = [torch.randn(70, 70), torch.randn(5), torch.randn(3, 2)]
    tensors.append(torch.randn(50).to(torch.bfloat16))
    moved = [t + 0.1 * torch.randn_like(t) for t in tensors[:3]]
    moved.append(tensors[3] + 2e-3 * torch.randn(50).to(torch.bfloat16))
    grads: list[Tensor | None] = [torch.randn_like(tensors[0]), None, torch.zeros(3, 2)]
    grads.append(torch.randn_like(tensors[3]))
    results = []
    for numpy in (True, False):
        meter = StepMeter(tensors, numpy=numpy)
        for step in range(2):
            meter.before(tensors)
            meter.gradients(grads)
            vector = meter.after(moved, lane=0, own_step=step)
        results.append(vector)
    torch.testing.assert_close(results[0], results[1], equal_nan=True, rtol=1e-4, atol=1e-4)


def test_signs_are_looked_at_early_and_then_at_steps_divisible_by_eight(
    task: Any, record: Callable[..., Run]
) -> None:
    run = record(task.model, task.optimizer, lambda m: task.train(60, m.step), every=1)
    known = np.isfinite(run.parameters.column(signals.GRAD_DOT_SIGN)).all(axis=1)
    assert np.flatnonzero(known).tolist() == [*range(32), 32, 40, 48, 56]
