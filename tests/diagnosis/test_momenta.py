"""How much of the running statistics is left of what they began with."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.momenta import lagging
from lossmon.diagnosis.synthnorms import never_validated, normed
from lossmon.records import Run
from lossmon.signals import VAL_LOSS


def test_after_300_steps_more_than_half_is_left_by_a_momentum_of_0_002() -> None:
    layers = normed(values=64.0, momentum=0.002)
    (evidence,) = lagging(Facts(synth.run(layers=layers)), layers[1:2])
    assert evidence.observed == pytest.approx(0.998**300)


@pytest.mark.parametrize("momentum", [0.01, 0.1, 0.0])
def test_nothing_is_said_of_a_momentum_that_has_done_its_work_or_of_none(momentum: float) -> None:
    layers = normed(values=64.0, momentum=momentum)
    assert not list(lagging(Facts(synth.run(layers=layers)), layers[1:2]))


def test_a_cumulative_average_has_no_momentum_and_lags_nothing() -> None:
    (norm,) = normed(values=64.0)[1:2]
    settings = {"eps": 1e-5, "values": 64.0}
    assert not list(lagging(Facts(synth.run()), [type(norm)("1", norm.kind, settings=settings)]))


def asked(run: Run) -> bool:
    return "mon.probe(batch)" in diagnose(run).undecided.get("batchnorm-misuse", "")


def test_without_a_validation_a_probe_is_asked_for() -> None:
    assert asked(synth.run(layers=normed(values=64.0, momentum=0.002)))
    assert not asked(synth.run(layers=normed(values=64.0, momentum=0.01)))


def test_a_validation_that_was_good_once_leaves_it_to_the_probe() -> None:
    run = never_validated(kinds=False, momentum=0.002)
    (finding,) = (f for f in diagnose(run).findings if f.rule == "batchnorm-misuse")
    assert finding.severity == "warning"
    losses = np.where(np.arange(300) % 20 == 19, np.linspace(0.1, 4.0, 300), np.nan)
    layers = normed(values=64.0, momentum=0.002)
    falls = synth.run(loss=synth.falling(300, end=0.1), layers=layers, scalar={VAL_LOSS: losses})
    assert asked(falls)
