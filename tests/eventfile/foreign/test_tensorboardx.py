"""What tensorboardX writes: cleaned tags, a file name without process, steps that count samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lossmon.diagnosis.finding import Report
from lossmon.eventfile.logdir import read_runs
from lossmon.records import Run

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("tensorboardx")]


@pytest.fixture(scope="module")
def logs(write_logs: Callable[..., Path]) -> Path:
    return write_logs("tensorboardx")


@pytest.fixture(scope="module")
def runs(logs: Path) -> Mapping[str, Run]:
    return {run.name: run for run in read_runs(logs)}


def test_the_training_and_its_add_scalars_are_runs(runs: Mapping[str, Run]) -> None:
    assert {"logs", "Loss/train", "Loss/test"} <= runs.keys()


def test_scalars_are_what_tensorboard_reads(
    runs: Mapping[str, Run], logs: Path, assert_as_tensorboard_reads: Callable[[Run, Path], None]
) -> None:
    assert_as_tensorboard_reads(runs["logs"], logs)
    assert_as_tensorboard_reads(runs["Loss/test"], logs / "Loss" / "test")


def test_histograms_are_noted_by_their_tags(runs: Mapping[str, Run]) -> None:
    assert runs["logs"].histograms == {"weights"}


def test_roles_are_found_under_the_cleaned_tags(runs: Mapping[str, Run]) -> None:
    assert runs["logs"].roles == {"train_loss": "train__loss", "train_lr": "learning_rate"}


def test_a_training_in_steps_of_samples_is_learning(
    runs: Mapping[str, Run], healthy_report: Callable[[Run], Report]
) -> None:
    assert runs["logs"].last_step == 120 * 64
    assert healthy_report(runs["logs"]).status == "learning"
