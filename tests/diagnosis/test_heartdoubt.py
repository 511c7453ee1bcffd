"""Where the loss may fall by heart alone, the report says how to find out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.heartdoubt import HOLD_OUT_CALL, doubt
from lossmon.diagnosis.rule import Undecided
from lossmon.records import Mark
from lossmon.signals import EPOCH, HELD_OUT_LOSS, VAL_LOSS

LENGTH = 40
STEPS = np.arange(10 * LENGTH)
OF_PASS = STEPS // LENGTH
BEGUN = np.where(STEPS % LENGTH == 1, OF_PASS + 1.0, np.nan)
FALLS = 1.4 + 0.6 * np.exp(-12 * STEPS / LENGTH) - 0.05 * OF_PASS


def of(loss: np.ndarray, noise: float = 0.3, scalar: dict[Any, Any] | None = None) -> Any:
    noisy = loss + synth.flat(len(loss), at=0, noise=noise)
    named = {EPOCH: BEGUN[: len(loss)], **(scalar or {})}
    return doubt(Facts(synth.run(len(loss), loss=noisy, scalar=named)))


def test_a_loss_that_falls_over_passes_and_is_noisy_within_them_is_in_doubt() -> None:
    found = of(FALLS)
    assert isinstance(found, Undecided)
    assert HOLD_OUT_CALL in found.needs


@pytest.mark.parametrize(
    ("loss", "noise", "why"),
    [
        (2 - STEPS / 400, 0.02, "it falls within passes, for sure"),
        (FALLS + 0.05 * OF_PASS, 0.02, "it does not fall any more"),
        (FALLS[: 5 * LENGTH], 0.3, "few passes, of which nothing can be held out"),
    ],
)
def test_there_is_no_doubt_where(loss: np.ndarray, noise: float, why: str) -> None:
    assert of(loss, noise) is None, why


def test_short_passes_leave_it_in_doubt() -> None:
    begun = np.where(STEPS % 8 == 1, STEPS // 8 + 1.0, np.nan)
    assert of(2 - STEPS / 400, 0.02, {EPOCH: begun}) is not None
    assert of(2 - 0 * STEPS, 0.02, {EPOCH: begun}) is None


def test_a_validation_loss_leaves_no_doubt() -> None:
    validated = np.where(STEPS % LENGTH == LENGTH - 1, FALLS, np.nan)
    assert of(FALLS, scalar={VAL_LOSS: validated}) is None


def test_it_is_not_asked_for_again_where_nothing_could_be_held_out() -> None:
    loss = FALLS + synth.flat(len(STEPS), at=0, noise=0.3)
    off = Mark(
        0, 0.0, "collector-off", {"collector": HELD_OUT_LOSS, "error": "it does not shuffle"}
    )
    run = synth.run(len(STEPS), loss=loss, scalar={EPOCH: BEGUN})
    assert doubt(Facts(run)) is not None
    assert doubt(Facts(replace(run, marks=(*run.marks, off)))) is None


def test_a_probe_that_would_decide_is_asked_for_first() -> None:
    stands = synth.run(len(STEPS), loss=synth.flat(len(STEPS), at=1.4), scalar={EPOCH: BEGUN})
    assert "mon.probe(batch)" in diagnose(stands).undecided["label-noise"]
