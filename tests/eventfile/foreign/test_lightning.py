"""What Lightning's TensorBoardLogger writes: step and epoch copies, norms of every parameter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.diagnosis.finding import Report
from lossmon.eventfile.logdir import read_runs
from lossmon.records import Run

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("lightning")]

FOLDER = "regression/version_0"


@pytest.fixture(scope="module")
def logs(write_logs: Callable[..., Path]) -> Path:
    return write_logs("lightning")


@pytest.fixture(scope="module")
def run(logs: Path) -> Run:
    (found,) = read_runs(logs)
    return found


def test_the_version_is_the_run(run: Run) -> None:
    assert run.name == FOLDER


def test_scalars_are_what_tensorboard_reads(
    run: Run, logs: Path, assert_as_tensorboard_reads: Callable[[Run, Path], None]
) -> None:
    assert_as_tensorboard_reads(run, logs / FOLDER)
    assert len(run.series["train_loss_step"]) == 6 * 16


def test_the_loss_of_a_step_is_preferred_to_that_of_an_epoch(run: Run) -> None:
    assert {"train_loss_step", "train_loss_epoch"} <= run.series.keys()
    assert run.roles["train_loss"] == "train_loss_step"


def test_the_norm_of_all_parameters_is_preferred_to_that_of_one(run: Run) -> None:
    assert "grad_2.0_norm/net.0.bias" in run.series
    assert run.roles["train_grad_norm"] == "grad_2.0_norm_total"


def test_validation_loss_and_lr_are_found(run: Run) -> None:
    assert (run.roles["val_loss"], run.roles["train_lr"]) == ("val_loss", "lr-AdamW")


def test_the_epoch_that_repeats_in_every_step_is_a_plain_series(run: Run) -> None:
    assert sorted(set(run.series["epoch"].values)) == [0, 1, 2, 3, 4, 5]


def test_a_training_that_works_is_learning(
    run: Run, healthy_report: Callable[[Run], Report]
) -> None:
    assert healthy_report(run).status == "learning"
