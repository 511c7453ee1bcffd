from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.decay import early_decay, ended_unseen
from lossmon.diagnosis.facts import Facts

CUT = np.repeat([1e-3, 1e-6], (100, 400))


def facts(lr: np.ndarray, loss: np.ndarray | None = None) -> Facts:
    return Facts(synth.run(500, loss=synth.flat(500) if loss is None else loss, lr=lr))


def test_a_schedule_is_worth_its_learning_rates_in_steps_at_the_peak() -> None:
    decay = early_decay(facts(CUT))
    assert decay is not None
    assert (decay.low, decay.spent, decay.steps) == (100, 100, 500)
    assert decay.worth == pytest.approx(100 + 0.4, rel=1e-5)
    assert not decay.is_brief


def test_an_exponential_decay_by_a_tenth_a_step_is_brief() -> None:
    decay = early_decay(facts(1e-3 * 0.9 ** np.arange(500)))
    assert decay is not None
    assert decay.is_brief


@pytest.mark.parametrize(
    "lr",
    [
        np.full(500, 1e-3),
        1e-3 * (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, 500))),
        np.repeat([1e-3, 1e-6], (460, 40)),
    ],
    ids=["constant", "cosine to zero", "cut at the end"],
)
def test_a_learning_rate_that_lasts_has_not_decayed_early(lr: np.ndarray) -> None:
    assert early_decay(facts(lr)) is None


def test_only_a_loss_that_was_seen_to_rest_has_ended_in_sight() -> None:
    assert ended_unseen(facts(CUT, synth.flat(500, noise=1e-3))) is None
    assert ended_unseen(facts(CUT, synth.flat(500, noise=0.5))) is not None
