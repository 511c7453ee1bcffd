"""What torch's SummaryWriter writes: two scalar encodings, add_scalars, add_hparams, histograms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.finding import Report
from lossmon.eventfile.logdir import read_runs
from lossmon.eventfile.watching import LogdirReader
from lossmon.records import Run

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("summary_writer")]

TAGS = ["Grad/norm", "LearningRate", "Loss/test", "Loss/train"]


@pytest.fixture(scope="module")
def logs(write_logs: Callable[..., Path]) -> Path:
    return write_logs("summary_writer")


@pytest.fixture(scope="module")
def runs(logs: Path) -> Mapping[str, Run]:
    return {run.name: run for run in read_runs(logs)}


def test_every_training_is_a_run_named_by_its_folder(runs: Mapping[str, Run]) -> None:
    parts = ("", "/Loss_both_test", "/Loss_both_train")
    assert list(runs) == [f"{name}{part}" for name in ("diverging", "healthy") for part in parts]


def test_scalars_are_what_tensorboard_reads(
    runs: Mapping[str, Run], logs: Path, assert_as_tensorboard_reads: Callable[[Run, Path], None]
) -> None:
    for name, run in runs.items():
        assert_as_tensorboard_reads(run, logs / name)
    assert len(runs["healthy"].series["Loss/train"]) == 120


def test_histograms_text_and_images_are_passed_over(runs: Mapping[str, Run]) -> None:
    assert list(runs["healthy"].series) == TAGS
    assert not runs["healthy"].damage


def test_histograms_are_noted_by_their_tags(runs: Mapping[str, Run]) -> None:
    assert runs["healthy"].histograms == {"0.weight", "0.bias", "2.weight", "2.bias"}
    assert not runs["healthy/Loss_both_test"].histograms


def test_roles_are_found_under_the_tags_of_the_log(runs: Mapping[str, Run]) -> None:
    assert runs["healthy"].roles == {
        "train_loss": "Loss/train",
        "val_loss": "Loss/test",
        "train_lr": "LearningRate",
        "train_grad_norm": "Grad/norm",
    }


def test_a_training_that_works_is_learning(
    runs: Mapping[str, Run], healthy_report: Callable[[Run], Report]
) -> None:
    assert healthy_report(runs["healthy"]).status == "learning"


def test_a_loss_that_is_not_finite_any_more_is_named_with_its_step(runs: Mapping[str, Run]) -> None:
    report = diagnose(runs["diverging"])
    assert (report.status, report.cause) == ("broken", "nan-in-loss")
    assert report.findings[0].since_step == first_lost(runs["diverging"])


def first_lost(run: Run) -> int:
    series = run.series["Loss/train"]
    return next(
        s for s, v in zip(series.steps.tolist(), series.values, strict=True) if not math.isfinite(v)
    )


def test_the_folder_of_add_hparams_is_no_run_but_where_it_is_opened(logs: Path) -> None:
    folders = [path for path in (logs / "healthy").iterdir() if path.name[:1].isdigit()]
    assert len(folders) == 1
    reader = LogdirReader(logs)
    assert all(folders[0].name not in run.name for run in reader.poll())
    assert [run.roles for run in read_runs(folders[0])] == [{}]


def test_the_test_half_of_add_scalars_is_a_validation_loss(runs: Mapping[str, Run]) -> None:
    assert runs["healthy/Loss_both_test"].roles == {"val_loss": "Loss/both"}
    assert runs["healthy/Loss_both_train"].roles == {"train_loss": "Loss/both"}
