"""What Keras and TF2 write: scalars as tensors, a run for training and one for validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.finding import Report
from lossmon.eventfile.logdir import read_runs
from lossmon.records import Run

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("keras")]


@pytest.fixture(scope="module")
def logs(write_logs: Callable[..., Path], tensorflow_python: Path) -> Path:
    return write_logs("keras", tensorflow_python)


@pytest.fixture(scope="module")
def runs(logs: Path) -> Mapping[str, Run]:
    return {run.name: run for run in read_runs(logs)}


def test_training_and_validation_are_runs(runs: Mapping[str, Run]) -> None:
    assert list(runs) == ["fit/train", "fit/validation", "loop"]


def test_scalars_are_what_tensorboard_reads(
    runs: Mapping[str, Run], logs: Path, assert_as_tensorboard_reads: Callable[[Run, Path], None]
) -> None:
    for name, run in runs.items():
        assert_as_tensorboard_reads(run, logs / name)
    assert len(runs["fit/train"].series["batch_loss"]) == 100
    assert len(runs["loop"].series["loss"]) == 120


def test_doubles_are_read(runs: Mapping[str, Run]) -> None:
    series = runs["loop"].series
    assert series["in double"].values == pytest.approx(series["loss"].values, rel=1e-6)


def test_histograms_are_noted_by_their_tags(runs: Mapping[str, Run]) -> None:
    assert runs["loop"].histograms == {"w"}
    assert any(tag.endswith("kernel/histogram") for tag in runs["fit/train"].histograms)


def test_of_a_fit_the_loss_of_a_batch_is_preferred_to_that_of_an_epoch(
    runs: Mapping[str, Run],
) -> None:
    roles = {"train_loss": "batch_loss", "train_lr": "epoch_learning_rate"}
    assert runs["fit/train"].roles == roles


def test_the_run_of_validation_has_a_validation_loss_only(runs: Mapping[str, Run]) -> None:
    assert runs["fit/validation"].roles == {"val_loss": "evaluation_loss_vs_iterations"}


def test_roles_of_a_loop_of_ones_own_are_found(runs: Mapping[str, Run]) -> None:
    assert runs["loop"].roles == {
        "train_loss": "loss",
        "train_lr": "learning_rate",
        "train_grad_norm": "gradient norm",
    }


@pytest.mark.parametrize("name", ["fit/train", "loop"])
def test_a_training_that_works_is_learning(
    runs: Mapping[str, Run], healthy_report: Callable[[Run], Report], name: str
) -> None:
    assert healthy_report(runs[name]).status == "learning"


def test_ten_epochs_are_not_enough_evidence(runs: Mapping[str, Run]) -> None:
    run = runs["fit/validation"]
    assert max(len(series) for series in run.series.values()) == 10
    assert diagnose(run).status == "not-enough-evidence"
