"""What torch's SummaryWriter writes: two scalar encodings, add_scalars, add_hparams, histograms."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.finding import Report
from lossmon.eventfile.logdir import read_runs
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
    own = [name for name in runs if not re.search(r"/\d+\.\d+$", name)]
    parts = ("", "/Loss_both_test", "/Loss_both_train")
    assert own == [f"{name}{part}" for name in ("diverging", "healthy") for part in parts]


def test_scalars_are_what_tensorboard_reads(
    runs: Mapping[str, Run], logs: Path, assert_as_tensorboard_reads: Callable[[Run, Path], None]
) -> None:
    for name, run in runs.items():
        assert_as_tensorboard_reads(run, logs / name)
    assert len(runs["healthy"].series["Loss/train"]) == 120


def test_histograms_text_and_images_are_passed_over(runs: Mapping[str, Run]) -> None:
    assert list(runs["healthy"].series) == TAGS
    assert not runs["healthy"].damage


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


def test_the_point_of_add_hparams_is_no_loss(runs: Mapping[str, Run]) -> None:
    settings = [run for name, run in runs.items() if re.search(r"/\d+\.\d+$", name)]
    assert all(run.roles == {} for run in settings)
    assert all(diagnose(run).status == "not-enough-evidence" for run in settings)
