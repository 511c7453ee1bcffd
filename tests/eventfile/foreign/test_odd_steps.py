"""Steps as people pass them to SummaryWriter: repeated, starting anew each epoch, left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

pytest.importorskip("torch")

from torch.utils.tensorboard import SummaryWriter

from lossmon.diagnosis.engine import diagnose
from lossmon.eventfile.logdir import read_run
from lossmon.records import Run


def write(logdir: Path, points: Iterable[tuple[int | None, float]]) -> Run:
    with SummaryWriter(logdir) as writer:
        for step, value in points:
            writer.add_scalar("loss", value, step)
    return read_run(logdir)


def test_of_a_step_written_twice_the_last_value_counts(tmp_path: Path) -> None:
    run = write(tmp_path, [(i // 2, float(i)) for i in range(60)])
    assert run.series["loss"].steps.tolist() == list(range(30))
    assert run.series["loss"].values.tolist() == list(range(1, 60, 2))


def test_of_steps_that_start_anew_each_epoch_the_last_epoch_counts(tmp_path: Path) -> None:
    run = write(tmp_path, [(i % 50, 5.0 - i / 50) for i in range(200)])
    assert run.series["loss"].steps.tolist() == list(range(50))
    assert run.series["loss"].values[0] == pytest.approx(2.0)
    assert diagnose(run).findings == ()


def test_steps_that_only_go_down_are_put_in_order(tmp_path: Path) -> None:
    run = write(tmp_path, [(100 - i, float(i)) for i in range(50)])
    assert run.series["loss"].steps.tolist() == list(range(51, 101))


def test_without_any_step_one_point_is_left(tmp_path: Path) -> None:
    run = write(tmp_path, [(None, float(i)) for i in range(50)])
    assert run.series["loss"].values.tolist() == [49.0]
    assert diagnose(run).status == "not-enough-evidence"


def test_steps_of_ten_to_the_twelve_are_judged_like_others(tmp_path: Path) -> None:
    run = write(tmp_path, [((i + 1) * 10**12, 5.0 - i / 25) for i in range(100)])
    assert diagnose(run).status == "learning"
