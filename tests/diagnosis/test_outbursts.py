from __future__ import annotations

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.outbursts import lasting
from lossmon.records import GroupInfo, Run
from lossmon.signals import LOSS, TOTAL_GRAD_NORM, TOTAL_UPDATE_RATIO, UPDATE_NORM

EARLY = (20, 30, 40)
ADAM = GroupInfo("", "Adam", 1e-3, held=len(synth.SHAPES), options={"betas": [0.9, 0.999]})


def run(*, shorter: float = 1.0, peak: float = 0.0, lr: float = 1.0) -> Run:
    norms = np.exp(np.random.default_rng(3).normal(0, 0.3, 500))
    norms[list(EARLY)] = 300.0
    loss = synth.flat(500)
    loss[450] += peak
    since = np.where(np.arange(500) > EARLY[-1], 1.0, 0.0)
    updates = 0.02 * (1 - since + since * shorter * lr)
    return synth.run(
        500,
        loss=loss,
        groups=(ADAM,),
        lr=1e-3 * (1 - since + since * lr),
        scalar={TOTAL_GRAD_NORM: norms},
        parameter={UPDATE_NORM: updates[:, None] * np.ones(len(synth.SHAPES))},
    )


def seen(made: Run) -> list[str]:
    return [evidence.signal for evidence in lasting(Facts(made), EARLY[0], EARLY[-1])]


def test_early_outbursts_after_which_all_is_as_before_are_none() -> None:
    assert seen(run()) == []
    assert diagnose(run()).cause != "exploding-gradient"


def test_a_loss_that_still_peaks_shows_outbursts_that_no_sample_met() -> None:
    made = run(peak=100.0)
    assert seen(made) == [LOSS.name]
    assert diagnose(made).cause == "exploding-gradient"


def test_steps_that_are_shorter_ever_since_show_that_adam_remembers_them() -> None:
    made = run(shorter=0.05)
    assert seen(made) == [TOTAL_UPDATE_RATIO.name]
    assert diagnose(made).cause == "exploding-gradient"


def test_steps_that_a_schedule_shortened_show_nothing() -> None:
    assert seen(run(lr=0.05)) == []
