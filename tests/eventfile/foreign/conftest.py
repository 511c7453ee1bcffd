"""Logs that other libraries write: each trains for real, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util

from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.finding import Report
from lossmon.records import Run

WRITERS = Path(__file__).parent / "writers"
ROOT = Path(__file__).resolve().parents[3]
SCALARS = {"", "scalars"}
"""Plugins whose tensors are scalars; others hold histograms, text, graphs, settings."""
KEEP_ALL = {event_accumulator.SCALARS: 0, event_accumulator.TENSORS: 0}


@pytest.fixture(scope="session")
def write_logs(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return the folder that `train_with_<library>.py` wrote to; it runs once for all processes."""

    def write(library: str, python: str | Path = sys.executable) -> Path:
        base = tmp_path_factory.getbasetemp()
        shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        folder = shared / f"written-by-{library}" / "logs"
        # pytest-xdist 3.8 does not see groups under pytest 9.2, so two processes may ask at once.
        with FileLock(shared / f"{library}.lock"):
            if not folder.exists():
                _train(library, python, folder.parent / "unfinished")
                (folder.parent / "unfinished").rename(folder)
        return folder

    return write


def _train(library: str, python: str | Path, folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    script = WRITERS / f"train_with_{library}.py"
    quiet = {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [str(python), "-W", "ignore", str(script), str(folder)],
        env={**os.environ, **quiet},
        timeout=300,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="session")
def tensorflow_python() -> Path:
    """The interpreter of .venv-tf: SummaryWriter writes otherwise where TensorFlow is at hand."""
    if not (ROOT / ".venv-tf" / ".installed").exists():
        pytest.skip("no TensorFlow in .venv-tf; `make .venv-tf/.installed` says why")
    return ROOT / ".venv-tf" / "bin" / "python"


@pytest.fixture
def assert_as_tensorboard_reads() -> Callable[[Run, Path], None]:
    """Compare every scalar of a run with what TensorBoard's own reader finds in its files."""

    def compare(run: Run, folder: Path) -> None:
        theirs = _tensorboard_reads(folder)
        assert sorted(run.series) == sorted(theirs)
        for tag, series in run.series.items():
            assert series.steps.tolist() == sorted(theirs[tag])
            expected = [theirs[tag][step] for step in series.steps.tolist()]
            np.testing.assert_array_equal(series.values, expected)
        assert not run.damage

    return compare


def _tensorboard_reads(folder: Path) -> dict[str, dict[int, float]]:
    """Return the value by step by tag, of a step written twice the last one."""
    reader = event_accumulator.EventAccumulator(str(folder), size_guidance=KEEP_ALL)
    reader.Reload()
    tags: dict[str, Any] = reader.Tags()
    found = {tag: {e.step: e.value for e in reader.Scalars(tag)} for tag in tags["scalars"]}
    for tag in tags["tensors"]:
        if reader.SummaryMetadata(tag).plugin_data.plugin_name in SCALARS:
            events = reader.Tensors(tag)
            found[tag] = {e.step: tensor_util.make_ndarray(e.tensor_proto).item() for e in events}
    return found


@pytest.fixture
def healthy_report() -> Callable[[Run], Report]:
    """Diagnose a run that trains well: nothing above info, and what the log lacks is said."""

    def judge(run: Run) -> Report:
        report = diagnose(run)
        assert [f.rule for f in report.findings if f.severity != "info"] == []
        assert report.cause is None
        assert report.skipped["vanishing-gradient"].endswith("recorded")
        return report

    return judge
