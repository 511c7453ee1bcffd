"""Logs of other writers: one point in many steps, steps that are samples or epochs."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.recorded import WINDOW_LOSSES
from lossmon.records import Run, Series
from lossmon.signals import LOSS, LR

EVERY = (10, 50, 500, 1024)


def series(tag: str, steps: np.ndarray, values: np.ndarray) -> Series:
    return Series(tag, steps.astype(np.int64), steps.astype(float), values)


def foreign(losses: np.ndarray, every: int = 1, *others: Series) -> Run:
    loss = series("loss", np.arange(1, len(losses) + 1) * every, losses)
    found = {one.tag: one for one in (loss, *others)}
    return Run("x", found, roles={LOSS.name: "loss", LR.name: "lr"})


def falling(count: int) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 0.02, count)
    return 0.5 + 2 * np.exp(-2 * np.linspace(0, 1, count)) + noise


def flat(count: int) -> np.ndarray:
    return 2.3 + np.random.default_rng(0).normal(0, 0.02, count)


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("count", [25, 40, 60, 120])
def test_a_falling_loss_is_seen_however_seldom_it_is_logged(count: int, every: int) -> None:
    report = diagnose(foreign(falling(count), every))
    assert report.status == "learning"
    assert [f.rule for f in report.findings if f.severity != "info"] == []


@pytest.mark.parametrize("every", EVERY)
def test_a_flat_loss_is_seen_however_seldom_it_is_logged(every: int) -> None:
    assert diagnose(foreign(flat(60), every)).status == "stuck"


@pytest.mark.parametrize("losses", [falling(10), flat(10)], ids=["falling", "flat"])
def test_ten_epochs_are_not_enough_evidence(losses: np.ndarray) -> None:
    report = diagnose(foreign(losses))
    assert report.status == "not-enough-evidence"
    assert report.findings == ()


def test_a_lr_logged_by_samples_does_not_move_the_window_of_the_loss() -> None:
    samples = np.arange(1, 201) * 512
    run = foreign(falling(200), 1, series("lr", samples, np.full(200, 0.1)))
    assert Facts(run).window == (1, 200)
    assert diagnose(run).status == "learning"


def test_the_window_of_a_long_sparse_log_is_its_last_quarter() -> None:
    assert len(Facts(foreign(flat(400), 50)).window_losses) == 100


def test_the_window_of_a_short_sparse_log_holds_enough_losses() -> None:
    assert len(Facts(foreign(flat(120), 50)).window_losses) == WINDOW_LOSSES
