from __future__ import annotations

import numpy as np
import pytest

from lossmon.batchsignals import ACCURACY, CONFIDENT_WRONG, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.lingering import calm
from lossmon.diagnosis.twokinds import Kinds, two_kinds
from lossmon.signals import CONFIDENCE_STD, PREDICTION_CONFIDENCE, Signal

LEAST = 0.1
KINDS = {
    PREDICTION_CONFIDENCE: 0.65,
    CONFIDENCE_STD: 0.34,
    CONFIDENT_WRONG: 0.0,
    ACCURACY: 0.65,
}
"""Two thirds of the examples are sure, and the rest is anybody's guess."""


def facts(total: dict[Signal, float]) -> Facts:
    return Facts(synth.run(loss=synth.flat(300, at=0.8), total={**KINDS, **total}))


def kinds_of(run: Facts) -> Kinds | None:
    return two_kinds(run, calm(run, LEAST))


def test_some_examples_are_sure_and_right_and_the_rest_is_a_guess() -> None:
    kinds = kinds_of(facts({}))
    assert kinds is not None
    assert kinds.steps == (0, 295)
    assert kinds.spread == pytest.approx(0.34**2 / (0.35 * 0.55), abs=0.01)
    assert kinds.errors == pytest.approx(0.35 * 64 * 300, rel=0.1)
    assert "the model was sure of another 0 times" in kinds.evidence().reads


@pytest.mark.parametrize(
    "total",
    [
        {CONFIDENT_WRONG: 0.02},
        {CONFIDENCE_STD: 0.2},
        {PREDICTION_CONFIDENCE: 0.93, CONFIDENCE_STD: 0.2},
        {ACCURACY: 0.998},
        {TARGET_COUNT: 640},
        {ACCURACY: np.nan},
    ],
    ids=[
        "surely wrong now and then",
        "of all kinds",
        "hardly any of the unsure",
        "hardly any errors",
        "several labels an example",
        "unknown",
    ],
)
def test_otherwise_nothing_is_said(total: dict[Signal, float]) -> None:
    assert kinds_of(facts(total)) is None


def test_without_a_stretch_in_which_the_loss_lingered_there_are_no_kinds() -> None:
    falling = np.linspace(2.3, 0.5, 300)
    assert kinds_of(Facts(synth.run(loss=falling, total=KINDS))) is None
