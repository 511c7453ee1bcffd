"""A training with a probe in the middle ends bit for bit as one without, and so does its log."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import lossmon
from lossmon.autowatch.places import Places
from lossmon.autowatch.watcher import Watcher
from lossmon.layersignals import LAYER_SIGNALS
from lossmon.probes import input_twin, overfit_batch, suite
from lossmon.probes.results import ProbeResults
from lossmon.records import Run, Table
from lossmon.signals import PARAMETER_SIGNALS, PROBE, RUN_SIGNALS, STEP_MS

CLOCKS = ("perf/", "lossmon/overhead")
"""Series that no two trainings have alike."""
SIGNALS = {s.name: s for s in (*PARAMETER_SIGNALS, *LAYER_SIGNALS, *RUN_SIGNALS)}
Optimizers = Callable[[Any], torch.optim.Optimizer]

OPTIMIZERS: dict[str, Optimizers] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=1e-3),
    "adam": lambda p: torch.optim.Adam(p, lr=1e-2),
    "closure": lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=3),
}


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the experiments short: what they say is asked elsewhere."""
    monkeypatch.setattr(overfit_batch, "MAX_STEPS", 30)
    monkeypatch.setattr(input_twin, "STEPS", 5)


class Net(nn.Module):
    """Draws random numbers, has running statistics, and keeps a tensor with a graph."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(6, 16), nn.BatchNorm1d(16)
        self.drop, self.last = nn.Dropout(0.3), nn.Linear(16, 3)
        self.hidden: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.hidden = self.norm(self.first(x)).relu()
        noise = random.random() * 0.01 + float(np.random.rand()) * 0.01
        return self.last(self.drop(self.hidden)) + noise


@dataclass
class Training:
    """A training, from a seed, that is the same every time."""

    optimizer: str = "sgd"
    dtype: torch.dtype = torch.float32
    before: int = 7
    after: int = 7

    def __post_init__(self) -> None:
        torch.manual_seed(7)
        random.seed(7)
        np.random.seed(7)
        self.model: nn.Module = Net().to(self.dtype)
        self.criterion = nn.CrossEntropyLoss()
        self.steps = OPTIMIZERS[self.optimizer](self.model.parameters())
        x = torch.randn(24, 6)
        self.held_out = x.to(self.dtype), x[:, :3].argmax(1)

    def run(self, ask: Callable[[], Any], each: Callable[[], Any] = lambda: None) -> None:
        """Train, ask in the middle, and train on."""
        for step in range(self.before + self.after):
            if step == self.before:
                ask()
            self.step()
            each()

    def step(self) -> None:
        x = torch.randn(16, 6)
        y = x[:, :3].argmax(1)

        def closure() -> Tensor:
            self.steps.zero_grad()
            loss = self.criterion(self.model(x.to(self.dtype)), y)
            loss.backward()
            return loss

        if self.optimizer == "closure":
            self.steps.step(closure)
        else:
            closure()
            self.steps.step()

    def probe(self, **options: Any) -> ProbeResults:
        return lossmon.probe(self.model, self.criterion, self.held_out, self.steps, **options)

    def state(self) -> list[Any]:
        """Return all that the next step depends on, and the gradients of the last."""
        slots = [v for slot in self.steps.state.values() for v in slot.values()]
        modes = [module.training for module in self.model.modules()]
        grads = [p.grad for p in self.model.parameters()]
        drawn = torch.get_rng_state(), random.getstate(), np.random.get_state()
        return [*self.model.state_dict().values(), *grads, slots, modes, *drawn]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_the_training_goes_on_as_if_nothing_had_been(optimizer: str, dtype: torch.dtype) -> None:
    if optimizer == "closure" and dtype == torch.bfloat16:
        pytest.skip("LBFGS knows no bfloat16")
    plain, probed = Training(optimizer, dtype), None
    plain.run(lambda: None)
    expected = plain.state()
    probed = Training(optimizer, dtype)
    found: list[ProbeResults] = []
    probed.run(lambda: found.append(probed.probe()))
    assert same(expected, probed.state())
    assert "could not be run" not in str(found[0])


def test_a_probe_between_backward_and_step_leaves_the_gradients(tmp_path: Path) -> None:
    training = Training()
    training.step()
    x = torch.randn(16, 6)
    loss = training.criterion(training.model(x), x[:, :3].argmax(1))
    before = training.state()
    training.probe()
    assert same(before, training.state())
    loss.backward()
    before = training.state()
    training.probe()
    assert same(before, training.state())


def _series(run: Run) -> dict[str, Any]:
    return {
        tag: (series.steps, series.values)
        for tag, series in run.series.items()
        if not tag.startswith(CLOCKS)
    }


def _table(table: Table | None) -> list[Any]:
    if table is None:
        return []
    columns = [table.column(SIGNALS[name]) for name in table.signals if name in SIGNALS]
    assert len(columns) > 5
    return [table.steps, *columns]


def check_logs(plain: Run, probed: Run) -> None:
    """The second log says the same as the first, and what the probe found."""
    for found in (_series, lambda r: _table(r.parameters), lambda r: _table(r.layers),
                  lambda r: _table(r.totals)):  # fmt: skip
        np.testing.assert_equal(found(probed), found(plain))
    kept = [(m.step, m.kind, m.detail) for m in probed.marks if m.kind != PROBE]
    assert kept == [(m.step, m.kind, m.detail) for m in plain.marks]
    assert [m.kind for m in plain.marks].count(PROBE) == 0
    names = [m.detail["probe"] for m in probed.marks if m.kind == PROBE]
    assert names == [name for name, _, _ in suite.EXPERIMENTS]


@pytest.mark.parametrize(
    ("options", "before"),
    [({"every": 1}, 1), ({"every": 1}, 9), ({"every": 16}, 60)],
    ids=["early", "sampled", "quiet"],
)
@pytest.mark.parametrize("tells", [True, False], ids=["told", "untold"])
def test_the_log_of_a_watched_training_is_as_it_would_be(
    tmp_path: Path, options: dict[str, Any], before: int, tells: bool
) -> None:
    def watched(name: str, probes: bool) -> tuple[Run, list[Any]]:
        training = Training(before=before, after=40)
        with lossmon.watch(
            training.model,
            training.steps,
            criterion=training.criterion,
            logdir=tmp_path / name,
            **options,
        ) as monitor:
            training.run(
                lambda: monitor.probe(training.held_out) if probes else None,
                monitor.step if tells else lambda: None,
            )
        return lossmon.read_run(monitor.logdir), training.state()

    plain, expected = watched("plain", probes=False)
    probed, state = watched("probed", probes=True)
    assert same(expected, state)
    check_logs(plain, probed)
    marks = [mark for mark in probed.marks if mark.kind == PROBE]
    assert {mark.step for mark in marks} == {before - 1}


def test_the_log_under_lossmon_run_is_as_it_would_be(tmp_path: Path) -> None:
    def watched(name: str, probes: bool) -> tuple[list[Run], list[Any]]:
        watcher = Watcher(Places(tmp_path / name))
        try:
            training = Training(before=20, after=20)
            training.run(training.probe if probes else lambda: None)
        finally:
            watcher.close(None)
        runs = [lossmon.read_run(path) for path in sorted((tmp_path / name).iterdir())]
        return runs, training.state()

    (plain,), expected = watched("plain", probes=False)
    (probed,), state = watched("probed", probes=True)
    assert same(expected, state)
    assert plain.meta is not None
    assert plain.meta.model == "Net"
    _same_scalars(plain, probed)
    assert [m.detail["probe"] for m in probed.marks if m.kind == PROBE]


def _same_scalars(plain: Run, probed: Run) -> None:
    assert set(probed.series) == set(plain.series)
    for tag in ("train/loss", "train/lr"):
        np.testing.assert_equal(probed.series[tag].values, plain.series[tag].values)


def test_a_probe_before_the_first_step_of_a_watched_training_is_recorded(tmp_path: Path) -> None:
    training = Training()
    with lossmon.watch(
        training.model, training.steps, criterion=training.criterion, logdir=tmp_path / "run"
    ) as monitor:
        monitor.probe(training.held_out)
        training.step()
    run = lossmon.read_run(monitor.logdir)
    assert len([mark for mark in run.marks if mark.kind == PROBE]) == 5
    assert len(run.series["train/loss"].values) == 1


def test_the_time_of_a_probe_is_no_step_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    def slow(subject: Any, clock: Any) -> Any:
        time.sleep(1.0)
        return suite.NotRun("it slept")

    monkeypatch.setattr(suite, "EXPERIMENTS", (*suite.EXPERIMENTS[:-1], ("input-twin", slow, 1.0)))
    training = Training()
    with lossmon.watch(
        training.model, training.steps, criterion=training.criterion, logdir=tmp_path / "run"
    ) as monitor:
        training.run(lambda: monitor.probe(training.held_out), monitor.step)
    run = lossmon.read_run(monitor.logdir)
    assert run.series[STEP_MS.tag].values.max() < 900
    assert run.series["perf/data_ms"].values.max() < 900


@pytest.mark.parametrize("at", [1, 12, 40, 90])
def test_an_interrupt_passes_through_and_leaves_all_as_it_was(at: int, tmp_path: Path) -> None:
    plain, probed = Training(), Training()
    plain.run(lambda: None)
    expected, calls = plain.state(), 0

    def interrupting(model: nn.Module, batch: Any) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == at:
            raise KeyboardInterrupt
        return probed.criterion(model(batch[0]), batch[1])

    def ask() -> None:
        with pytest.raises(KeyboardInterrupt):
            lossmon.probe(probed.model, interrupting, probed.held_out, probed.steps)

    probed = Training()
    with lossmon.watch(probed.model, probed.steps, logdir=tmp_path / "run") as monitor:
        probed.run(ask, monitor.step)
    assert same(expected, probed.state())
    assert len(lossmon.read_run(monitor.logdir).series["train/loss"].values) == 14


def test_a_loss_function_that_runs_the_original_is_refused_and_leaves_it_as_it_was() -> None:
    training = Training()
    training.step()
    before = training.state()
    original = training.model

    def wrong(model: nn.Module, batch: Any) -> Tensor:
        return training.criterion(original(batch[0]), batch[1])

    found = lossmon.probe(training.model, wrong, training.held_out, training.steps)
    assert "does not depend on the model that loss_fn is given" in str(found.overfit_batch)
    assert same(before, training.state())


def test_in_place_changes_of_a_batch_stay_in_the_copy() -> None:
    class Centring(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            x -= 100.0
            return super().forward(x)

    x, y = torch.randn(16, 6) + 100, torch.randint(0, 3, (16,))
    kept = x.clone()
    model = Centring(6, 3)
    found = lossmon.probe(model, nn.CrossEntropyLoss(), (x, y))
    assert torch.equal(x, kept)
    assert found.overfit_batch.first_loss < 10


def test_gradients_of_what_else_a_loss_depends_on_stay_as_they_are() -> None:
    model, teacher = nn.Linear(6, 3), nn.Linear(6, 3)
    x = torch.randn(16, 6)
    distil = lambda model, batch: (model(batch) - teacher(batch)).square().mean()  # noqa: E731
    found = lossmon.probe(model, distil, x)
    assert found.overfit_batch.last_loss < found.overfit_batch.first_loss
    assert teacher.weight.grad is None
