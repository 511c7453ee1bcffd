"""Real trainings on disks that fail, and with children: the parameters do not depend on the log."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

import lossmon
from lossmon import signals
from lossmon.cli import main
from lossmon.eventfile.reader import RunReader

STEPS = 300

if sys.platform == "win32":
    pytest.skip("needs mounts and forks", allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """On a busy machine torch's threads wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def train(
    logdir: Path | None, at: Callable[[int], None] = lambda step: None
) -> tuple[list[torch.Tensor], torch.Tensor, str]:
    """Return parameters, the state of the generator, and where the log is."""
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    monitor = lossmon.watch(model, optimizer, logdir=logdir, every=1) if logdir else None
    for step in range(STEPS):
        x = torch.randn(16, 6)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))
        loss.backward()
        optimizer.step()
        if monitor:
            monitor.step(loss)
        at(step)
    if monitor:
        monitor.close()
    return list(model.parameters()), torch.get_rng_state(), monitor.logdir if monitor else ""


@pytest.fixture(scope="module")
def unwatched() -> tuple[list[torch.Tensor], torch.Tensor]:
    return train(None)[:2]


def assert_same(found: tuple[Any, ...], unwatched: tuple[Any, ...]) -> None:
    assert all(torch.equal(a, b) for a, b in zip(found[0], unwatched[0], strict=True))
    assert torch.equal(found[1], unwatched[1])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    if os.geteuid():
        pytest.skip("only root can mount a file system of 64 kB")
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", place]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> None:
    with (place / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_on_a_disk_of_64_kb_training_is_the_same_and_the_gap_is_noted(
    small_disk: Path,
    unwatched: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("lossmon.eventfile.queue.MAX_POINTS", 50)
    monkeypatch.setattr("lossmon.eventfile.queue._WIDE_BYTES", 1)

    def change(step: int) -> None:
        if step == 20:
            fill(small_disk)
        if step == 250:
            subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        found = train(small_disk / "run", change)
    assert_same(found, unwatched)
    assert any("training goes on" in str(one.message) for one in caught)
    run = lossmon.read_run(found[2])
    assert not run.damage
    dropped, losses = run.scalar(signals.DROPPED), run.scalar(signals.LOSS)
    assert dropped is not None
    assert losses is not None
    assert dropped.values[-1] >= STEPS - len(losses) > 0
    assert {"dropped", "closed"} <= {mark.kind for mark in run.marks}
    capsys.readouterr()
    main(["check", found[2]])
    assert (
        f"{int(dropped.values[-1])} records were dropped while writing" in capsys.readouterr().out
    )
    main(["check", "--json", found[2]])
    assert f'"dropped": {int(dropped.values[-1])}' in capsys.readouterr().out


def test_on_a_disk_that_stays_full_training_is_the_same(small_disk: Path, unwatched: Any) -> None:
    def change(step: int) -> None:
        if step == 20:
            while not RunReader(small_disk / "run", "x", patience=0).poll().series:
                time.sleep(0.01)
            fill(small_disk)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = train(small_disk / "run", change)
    assert_same(found, unwatched)
    assert not lossmon.read_run(found[2]).damage


def test_where_the_logdir_is_deleted_training_is_the_same_and_the_rest_is_readable(
    tmp_path: Path, unwatched: Any
) -> None:
    logdir = tmp_path / "run"
    found = train(logdir, lambda step: shutil.rmtree(logdir) if step == 150 else None)
    assert_same(found, unwatched)
    run = lossmon.read_run(logdir)
    assert run.meta is not None
    assert run.last_step == STEPS - 1


def test_where_the_logdir_becomes_a_file_training_is_the_same(
    tmp_path: Path, unwatched: Any
) -> None:
    logdir = tmp_path / "run"

    def replace(step: int) -> None:
        if step == 150:
            shutil.rmtree(logdir)
            logdir.write_text("in the way")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert_same(train(logdir, replace), unwatched)
    assert logdir.read_text() == "in the way"


class Points(Dataset[torch.Tensor]):
    """Rows of a fixed table; holds what a worker should not need, as users' data sets do."""

    def __init__(self, *holds: object) -> None:
        self.holds = holds
        self.rows = torch.arange(64.0).reshape(32, 2) / 64

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> torch.Tensor:
        for one in self.holds:
            if isinstance(one, lossmon.Monitor):
                one.step(float(1000 + index))
                one.log(from_worker=1.0)
        return self.rows[index]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_that_hold_model_and_monitor_add_nothing(tmp_path: Path, method: str) -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 on: threads, and a fork
        with lossmon.watch(model, optimizer, logdir=tmp_path / "run") as monitor:
            loader = DataLoader(
                Points(model, monitor),
                batch_size=4,
                num_workers=1,
                multiprocessing_context=method,
            )
            for x in loader:
                optimizer.zero_grad()
                loss = model(x).square().mean()
                loss.backward()
                optimizer.step()
                monitor.step(loss)
    run = lossmon.read_run(tmp_path / "run")
    losses = run.scalar(signals.LOSS)
    assert losses is not None
    assert losses.steps.tolist() == list(range(8))
    assert losses.values.max() < 100
    assert "from/worker" not in run.series
    assert len(list((tmp_path / "run" / "lossmon").iterdir())) == 2


def test_a_forked_child_that_trains_on_adds_nothing(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def steps(count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            (loss := model(torch.ones(1, 2)).square().mean()).backward()
            optimizer.step()
            monitor.step(loss)

    monitor = lossmon.watch(model, optimizer, logdir=tmp_path / "run")
    steps(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        steps(10)
        monitor.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    steps(3)
    monitor.close()
    losses = lossmon.read_run(tmp_path / "run").scalar(signals.LOSS)
    assert losses is not None
    assert losses.steps.tolist() == list(range(6))


def test_two_trainings_that_begin_in_one_logdir_get_one_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = [nn.Linear(2, 1) for _ in range(3)]
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.01) for model in models]
    monitors = [
        lossmon.watch(model, optimizer, logdir=tmp_path / "a")
        for model, optimizer in zip(models, optimizers, strict=True)
    ]
    assert [Path(m.logdir).name for m in monitors] == ["a", "a-2", "a-3"]
    assert "writing to" in capsys.readouterr().err
    for monitor in monitors:
        monitor.close()


class Odd:
    """A number whose conversion fails in its own way."""

    def __float__(self) -> float:
        raise KeyError("odd")


def test_log_takes_what_it_can_of_anything(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    values: dict[str, Any] = {
        "m_big": 10**400,
        "m_negative": -(10**400),
        "m_tensor": torch.tensor(2.0, requires_grad=True),
        "m_half": torch.tensor([0.5], dtype=torch.bfloat16),
        "m_nan": float("nan"),
        "m_odd": Odd(),
        "m_many": torch.ones(2),
        "m_none": None,
        "x" * 5_000_000: 1.0,
        "lossmon_dropped": 5.0,
        "lossmon_parameters": 5.0,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch's, on tensors that want gradients
        with lossmon.watch(model, optimizer, logdir=tmp_path / "run") as monitor:
            monitor.log(**values)
    run = lossmon.read_run(tmp_path / "run")
    found = {tag: float(series.values[0]) for tag, series in run.series.items()}
    assert found.pop("m/nan") != 0
    assert found == {
        "m/big": float("inf"),
        "m/negative": float("-inf"),
        "m/tensor": 2.0,
        "m/half": 0.5,
        "user/lossmon_dropped": 5.0,
        "user/lossmon_parameters": 5.0,
    }
    assert not run.damage
