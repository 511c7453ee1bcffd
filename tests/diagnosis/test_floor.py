from __future__ import annotations

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.floor import creeps, off_floor

TIME = np.arange(400) / 400


def facts(loss: np.ndarray) -> Facts:
    return Facts(synth.run(loss=loss, steps=400))


def test_a_loss_of_which_the_second_half_of_the_run_brought_little_creeps() -> None:
    run = facts(1.4 + np.exp(-20 * TIME) - 0.15 * TIME + synth.flat(400, at=0, noise=0.005))
    assert run.is_improving
    assert creeps(run)
    assert not off_floor(run, by_shape=True)


def test_slow_but_steady_is_no_creeping() -> None:
    run = facts(2.3 - 0.6 * TIME + synth.flat(400, at=0, noise=0.005))
    assert run.is_improving
    assert not creeps(run)


def test_a_flat_loss_does_not_creep() -> None:
    assert not creeps(facts(synth.flat(400, at=1.4)))
