"""Trains every set-up twice from one seed, unwatched and watched, and compares.

The unwatched training keeps a ledger of what plain autograd says of each step. The watched one must
end bit for bit as that one did, and its log must say what the ledger says.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import lossmon
from lossmon import signals
from lossmon.capture.layout import plain_name
from lossmon.records import Run
from lossmon.signals import Signal

STEPS = 5

Rows = dict[str, float]


class Ledger:
    """What plain autograd says of every step, by parameter name. Small tensors only."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.rows: dict[Signal, list[Rows]] = {}
        self._passes: list[float] = []
        self._weights: dict[str, Tensor] = {}

    def loss(self, loss: Tensor) -> None:
        """Note the loss of a backward pass of the step under way."""
        self._passes.append(float(loss.detach()))

    def unclipped(self, model: nn.Module, *, scale: float = 1.0) -> None:
        """Note the gradients after the step's last backward pass."""
        self._note(signals.UNCLIPPED_NORM, _gradients(model, scale))

    def before(self, model: nn.Module, *, scale: float = 1.0) -> None:
        """Note gradients and weights, right before the step."""
        self._note(signals.GRAD_NORM, _gradients(model, scale))
        self.weights(model)

    def weights(self, model: nn.Module) -> None:
        """Note the weights alone: a closure will compute the gradients."""
        self._weights = _weights(model)
        self._note(signals.WEIGHT_NORM, {n: _norm(w) for n, w in self._weights.items()})

    def after(self, model: nn.Module) -> None:
        """Note what the step has done."""
        moved = {n: _norm(w - self._weights[n]) for n, w in _weights(model).items()}
        self._note(signals.UPDATE_NORM, moved)
        self.losses.append(float(np.mean(self._passes)) if self._passes else float("nan"))
        self._passes = []

    def check(self, run: Run, *, rel: float = 1e-4) -> None:
        """Compare with what was recorded."""
        losses = run.scalar(signals.LOSS)
        assert losses is not None
        assert losses.steps.tolist() == list(range(len(self.losses)))
        np.testing.assert_allclose(losses.values, self.losses, rtol=rel)
        names = [parameter.name for parameter in run.meta.parameters]
        for signal, steps in self.rows.items():
            expected = np.array([[row.get(name, np.nan) for name in names] for row in steps])
            found = run.parameters.column(signal)
            np.testing.assert_allclose(found, expected, rel, 1e-7, err_msg=signal.name)
        self._check_totals(run, rel)

    def _check_totals(self, run: Run, rel: float) -> None:
        for total, signal in (
            (signals.TOTAL_GRAD_NORM, signals.GRAD_NORM),
            (signals.TOTAL_UNCLIPPED_NORM, signals.UNCLIPPED_NORM),
        ):
            if signal in self.rows:
                rows = [np.array(list(row.values())) for row in self.rows[signal]]
                expected = [np.sqrt(np.nansum(row**2)) for row in rows if not np.isnan(row).all()]
                values = run.scalar(total).values
                np.testing.assert_allclose(values, expected, rel, 1e-7, err_msg=total.name)

    def _note(self, signal: Signal, row: Rows) -> None:
        self.rows.setdefault(signal, []).append(row)


class NoLedger(Ledger):
    """The watched training reads nothing of its own."""

    def _note(self, signal: Signal, row: Rows) -> None:
        return


def _parameters(model: nn.Module) -> dict[str, Tensor]:
    return {plain_name(name): p for name, p in model.named_parameters()}


def _weights(model: nn.Module) -> dict[str, Tensor]:
    return {n: _double(p).clone() for n, p in _parameters(model).items()}


def _gradients(model: nn.Module, scale: float) -> Rows:
    grads = {name: p.grad for name, p in _parameters(model).items()}
    return {n: np.nan if g is None else _norm(g) / scale for n, g in grads.items()}


def _norm(tensor: Tensor) -> float:
    dense = tensor.to_dense() if tensor.is_sparse else tensor
    return float(_double(dense).abs().norm())


def _double(tensor: Tensor) -> Tensor:
    return tensor.detach().to(torch.promote_types(tensor.dtype, torch.float64))


class Side:
    """One of the two trainings of a set-up."""

    def __init__(self, logdir: Path, *, watched: bool) -> None:
        self.watched = watched
        self.ledger = NoLedger() if watched else Ledger()
        self.monitors: list[lossmon.Monitor] = []
        self._logdir = logdir

    def classifier(self) -> nn.Sequential:
        """Make a small model that draws random numbers as it runs."""
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 3))

    def loss(self, model: nn.Module) -> Tensor:
        """Return the loss of a batch drawn anew, which can be learnt."""
        x = torch.randn(16, 6)
        return F.cross_entropy(model(x), x[:, :3].argmax(1))

    def watch(self, model: nn.Module, optimizer: Any = (), **options: Any) -> None:
        """Watch from here on, at every step, where this side is the watched one."""
        if self.watched:
            place = self._logdir / str(len(self.monitors))
            options = {"every": 1, **options}
            self.monitors.append(lossmon.watch(model, optimizer, logdir=place, **options))

    def step(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Tensor,
        *,
        unclipped: bool = True,
    ) -> None:
        """Make a whole step in the plainest way.

        `unclipped=False` where the parameters are others than in the step before: their gradient
        before clipping is not known then.
        """
        optimizer.zero_grad()
        loss.backward()
        self.ledger.loss(loss)
        if unclipped:
            self.ledger.unclipped(model)
        self.ledger.before(model)
        optimizer.step()
        self.ledger.after(model)


Train = Callable[[Side], tuple[Any, ...]]
"""Trains, and returns whatever has a state: models, optimizers, scalers, schedulers."""


def state_of(trained: tuple[Any, ...]) -> list[Any]:
    """Return everything that a training may not find changed, the random states included."""
    held: list[Any] = [each.state_dict() for each in trained]
    models = [each for each in trained if isinstance(each, nn.Module)]
    held += [[(p.requires_grad, p.grad) for p in model.parameters()] for model in models]
    numpy_state = np.random.get_state()
    return [*held, torch.get_rng_state(), random.getstate(), numpy_state[1].tolist()]


def assert_identical(found: Any, expected: Any) -> None:
    """Compare two states bit for bit."""
    assert type(found) is type(expected)
    if isinstance(found, Tensor):
        assert found.dtype == expected.dtype
        if found.is_meta or found.is_quantized:
            return
        pair = [t.coalesce().to_dense() if t.is_sparse else t for t in (found, expected)]
        torch.testing.assert_close(*pair, rtol=0, atol=0, equal_nan=True)
    elif isinstance(found, Mapping):
        assert list(found) == list(expected)
        for key in found:
            assert_identical(found[key], expected[key])
    elif isinstance(found, list | tuple):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            assert_identical(*pair)
    elif not callable(found):
        assert found == expected


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """On a busy machine torch's threads wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Runs(list[Run]):
    """What the logs say, and what was warned of."""

    warnings: list[str]


@pytest.fixture
def twice(tmp_path: Path) -> Callable[..., Runs]:
    """Train unwatched and watched; compare states and ledger; return what the logs say.

    `ledger=False` where the set-up has no step that a ledger could be kept of; `notices` counts the
    warnings of ours that it deserves, and `fails` lets any number of them pass.
    """

    def twice(
        train: Train,
        *,
        ledger: bool = True,
        rel: float = 1e-4,
        notices: int = 0,
        fails: bool = False,
    ) -> Runs:
        states, sides = [], []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for watched in (False, True):
                torch.manual_seed(7)
                np.random.seed(7)
                random.seed(7)
                side = Side(tmp_path / "runs", watched=watched)
                sides.append(side)
                states.append(state_of(train(side)))
            for monitor in sides[1].monitors:
                monitor.close()
        ours = [str(w.message) for w in caught if "lossmon" in str(w.message)]
        assert fails or len(ours) == notices, ours
        assert_identical(states[1], states[0])
        runs = Runs(lossmon.read_run(monitor.logdir) for monitor in sides[1].monitors)
        runs.warnings = ours
        assert not any(run.damage for run in runs)
        off = [mark for run in runs for mark in run.marks if mark.kind == "collector-off"]
        assert fails or not off
        if ledger:
            sides[0].ledger.check(runs[0], rel=rel)
        return runs

    return twice
