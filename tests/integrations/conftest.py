"""One tiny training, done by a plain loop and by every framework; the logs must say the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import lossmon
from lossmon import signals
from lossmon.autowatch.places import Places
from lossmon.autowatch.watcher import Watcher
from lossmon.diagnosis.engine import diagnose
from lossmon.livefinding import LiveFinding
from lossmon.records import Run

PAGE = (Path(__file__).parents[2] / "docs/integrations.md").read_text(encoding="utf-8")
BATCH = 16
LONG = 120
"""Steps after which a verdict is given."""


@dataclass(frozen=True)
class Task:
    """A small classifier that Adam trains on batches that come once each, in order."""

    name: str = "plain"
    steps: int = 12
    lr: float = 0.02
    accumulate: int = 1
    clip: float | None = None
    bf16: bool = False
    poisoned: int | None = None
    """Batch whose inputs are NaN."""

    def net(self) -> nn.Sequential:
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))

    def optimizer(self, net: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(net.parameters(), lr=self.lr)

    def data(self) -> TensorDataset:
        draw = torch.Generator().manual_seed(1)
        x = torch.randn(BATCH * self.steps * self.accumulate, 6, generator=draw)
        y = (x @ torch.randn(6, 3, generator=draw)).argmax(1)
        if self.poisoned is not None:
            x[BATCH * self.poisoned] = torch.nan
        return TensorDataset(x, y)

    def loader(self) -> DataLoader[tuple[Tensor, ...]]:
        return DataLoader(self.data(), BATCH)

    def precision(self) -> AbstractContextManager[object]:
        return torch.autocast("cpu", torch.bfloat16) if self.bf16 else nullcontext()


VARIANTS = (
    Task(),
    Task("accumulated", accumulate=3),
    Task("clipped", clip=0.1),
    Task("accumulated and clipped", accumulate=3, clip=0.1),
    Task("bf16", bf16=True),
    Task("nan", poisoned=4),
    Task("healthy", steps=LONG),
    Task("broken", steps=LONG, lr=0.0),
)
VERDICTS = {
    "healthy": ("learning", None, []),
    "broken": ("broken", "lr-zero", [("lr-zero", "error")]),
    "nan": ("broken", "nan-in-loss", [("nan-in-loss", "error")]),
}
Train = Callable[[Task, Path | None], nn.Module]
"""Trains, watched where there is a logdir; returns what was trained."""


@pytest.fixture(params=VARIANTS, ids=lambda task: task.name)
def task(request: pytest.FixtureRequest) -> Task:
    """By its name, where a test asks for some only."""
    if isinstance(request.param, Task):
        return request.param
    return next(task for task in VARIANTS if task.name == request.param)


@pytest.fixture
def small() -> Task:
    """Where one variant will do."""
    return Task(steps=6)


@pytest.fixture(autouse=True)
def _nothing_left(nothing_left: None) -> None:
    """No integration may leave anything behind."""


def plain_loop(task: Task, logdir: Path | None, *, words: bool = True) -> nn.Module:
    """Train by a loop of one's own, watched where there is a logdir."""
    net, criterion = task.net(), nn.CrossEntropyLoss()
    optimizer = task.optimizer(net)
    monitor = logdir and lossmon.watch(net, optimizer, logdir=logdir, every=1)
    for batch, (x, y) in enumerate(task.loader(), 1):
        with task.precision():
            loss = criterion(net(x), y)
        (loss / task.accumulate).backward()
        if batch % task.accumulate == 0:
            if task.clip is not None:
                nn.utils.clip_grad_norm_(net.parameters(), task.clip)
            optimizer.step()
            optimizer.zero_grad()
        if monitor and words:
            monitor.step(loss)
    if monitor:
        monitor.close()
    return net


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Task], Run]:
    """Return what lossmon records of a plain loop, trained once for each task."""
    folder = tmp_path_factory.mktemp("plain")

    def reference(task: Task) -> Run:
        logdir = folder / task.name
        if not logdir.exists():
            plain_loop(task, logdir)
        return lossmon.read_run(str(logdir))

    return reference


@pytest.fixture
def says_the_same(reference: Callable[[Task], Run]) -> Callable[[Run, Task], None]:
    """Compare a log with that of the plain loop."""

    def compare(run: Run, task: Task) -> None:
        expected = reference(task)
        loss, true_loss = run.scalar(signals.LOSS), expected.scalar(signals.LOSS)
        assert loss is not None
        assert true_loss is not None
        assert loss.steps.tolist() == true_loss.steps.tolist() == list(range(task.steps))
        np.testing.assert_allclose(loss.values, true_loss.values, rtol=1e-6)
        sampled = run.parameters.steps
        assert len(sampled) > 2
        for signal in (signals.GRAD_NORM, signals.UNCLIPPED_NORM, signals.UPDATE_NORM):
            found, true = run.parameters.column(signal), expected.parameters.column(signal)
            np.testing.assert_allclose(
                found, true[sampled], rtol=1e-5, atol=1e-8, err_msg=signal.name
            )
        passes = run.totals.column(signals.BACKWARDS)
        assert set(passes.ravel().tolist()) == {task.accumulate}
        if task.name in VERDICTS:
            assert verdict(run) == VERDICTS[task.name]

    return compare


def verdict(run: Run) -> tuple[object, ...]:
    report = diagnose(run)
    findings = [(finding.rule, str(finding.severity)) for finding in report.findings]
    return str(report.status), report.cause, findings


@pytest.fixture
def agrees(
    tmp_path: Path, says_the_same: Callable[[Run, Task], None]
) -> Callable[[Task, Train], Run]:
    """Train without and with lossmon: weights end bit for bit alike, the log is as it must be."""

    def agrees(task: Task, train: Train) -> Run:
        watched = train(task, tmp_path / "run")
        if task.steps < LONG:
            pairs = zip(train(task, None).parameters(), watched.parameters(), strict=True)
            assert all(torch.equal(a.nan_to_num(7.0), b.nan_to_num(7.0)) for a, b in pairs)
        run = lossmon.read_run(str(tmp_path / "run"))
        says_the_same(run, task)
        return run

    return agrees


@pytest.fixture
def under_lossmon_run(tmp_path: Path) -> Callable[[Callable[[], object]], dict[str, Run]]:
    """Call a training as `lossmon run` does; return the runs that it found by itself."""

    def under(train: Callable[[], object]) -> dict[str, Run]:
        watcher = Watcher(Places(tmp_path / "found"))
        try:
            train()
        finally:
            watcher.close(None)
        folder = tmp_path / "found"
        names = [path.name for path in folder.iterdir()] if folder.exists() else []
        return {name: lossmon.read_run(str(folder / name)) for name in names}

    return under


@pytest.fixture
def agrees_without_us(
    under_lossmon_run: Callable[[Callable[[], object]], dict[str, Run]],
    says_the_same: Callable[[Run, Task], None],
    tmp_path: Path,
) -> Callable[[Task, Train], None]:
    """`lossmon run` alone says the same; with our own line in the script too, nothing twice."""

    def agrees(task: Task, train: Train) -> None:
        (run,) = under_lossmon_run(lambda: train(task, None)).values()
        says_the_same(run, task)
        if task.steps >= LONG:
            return
        again = under_lossmon_run(lambda: train(task, tmp_path / "own"))
        assert len(again) == 1
        says_the_same(lossmon.read_run(str(tmp_path / "own")), task)

    return agrees


@pytest.fixture
def lost_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have every monitor find after so many steps that its training is lost."""

    def lost_after(steps: int) -> None:
        found = LiveFinding("run", "nan-in-loss", "error", 0, 0, "The loss is NaN.")
        monkeypatch.setattr(
            lossmon.Monitor,
            "stopping",
            property(lambda self: found if self.recorder.newest >= steps - 1 else None),
        )

    return lost_after


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[], Run]:
    """Read what was written to `tmp_path / "run"`."""
    return lambda: lossmon.read_run(str(tmp_path / "run"))


def what_ended(run: Run) -> str:
    """Return the exception that a log ends with, or "closed"."""
    return next((m.detail["error"] for m in run.marks if m.kind == "exception"), run.marks[-1].kind)


@pytest.fixture
def ending() -> Callable[[Run], str]:
    return what_ended


@pytest.fixture
def loop() -> Train:
    return plain_loop


@pytest.fixture
def follow(
    small: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Execute a recipe of docs/integrations.md, in a folder of its own, with the names given."""

    def follow(name: str, **names: Any) -> dict[str, Any]:
        found = re.search(rf"<!-- recipe: {name} -->\n```python\n(.*?)```", PAGE, re.DOTALL)
        assert found is not None
        monkeypatch.chdir(tmp_path)
        names = {"loader": small.loader(), "criterion": nn.CrossEntropyLoss(), **names}
        exec(found.group(1), names)
        return names

    return follow
