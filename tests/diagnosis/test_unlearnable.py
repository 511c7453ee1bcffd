"""When a probe is asked of a run that is stuck behind batch norm, and what its answer says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.synthnorms import normed, of_two_forwards
from lossmon.diagnosis.unlearnable import stuck, unlearnable
from lossmon.records import LayerInfo, Run
from lossmon.signals import PRIOR_LOSS, UPDATE_NORM

UNKNOWN = {PRIOR_LOSS: np.nan}
EQUAL = synth.flat(300, at=0.693, noise=0.002)


def of_pairs(loss: Any = EQUAL, **changed: Any) -> Run:
    """Return a run of a loss that nobody knows, behind usual batch norm."""
    return synth.run(len(loss), loss=loss, total=UNKNOWN, layers=normed(values=64.0), **changed)


def is_told(run: Run) -> bool:
    facts = Facts(run)
    taking = [info for info in facts.layers.infos if info.settings.get("values", 0) > 0]
    return bool(list(unlearnable(facts, taking)))


def with_layers(run: Run, layers: tuple[LayerInfo, ...]) -> Run:
    assert run.meta is not None
    return replace(run, meta=replace(run.meta, layers=layers))


def test_a_loss_of_pairs_that_stays_where_it_began_has_a_probe_asked_for() -> None:
    report = diagnose(of_pairs())
    assert report.status == "stuck"
    assert "mon.probe(batch)" in report.undecided["batchnorm-misuse"]


def test_so_has_one_that_is_too_noisy_to_tell_its_trend() -> None:
    assert list(stuck(Facts(of_pairs(synth.flat(300, at=0.69, noise=0.1)))))


@pytest.mark.parametrize(
    "run",
    [
        of_pairs(synth.falling(300, start=0.7, end=0.1)),
        of_pairs(synth.flat(100, at=0.693)),
        of_pairs(parameter={UPDATE_NORM: 1e-7}),
        synth.run(loss=synth.flat(300, at=0.8), layers=normed(values=64.0)),
    ],
    ids=["the loss falls", "a hundred steps were seen", "weights hardly move", "most is explained"],
)
def test_nothing_is_stuck_where(run: Run) -> None:
    assert not list(stuck(Facts(run)))


def test_a_batch_that_no_copy_learns_by_heart_is_told_with_the_norm_that_sets_the_mean() -> None:
    (finding,) = diagnose(of_two_forwards(least=0.693)).findings
    assert finding.rule == "batchnorm-misuse"
    assert finding.severity == "warning"
    assert "behind 5 nothing but linear layers" in finding.evidence[0].reads


@pytest.mark.parametrize("least", [0.6, 0.3])
def test_a_tenth_that_is_learnt_by_heart_tells_of_no_norm(least: float) -> None:
    assert is_told(of_two_forwards(least=0.65))
    assert not is_told(of_two_forwards(least=least))


def test_a_function_between_the_norm_and_the_output_tells_of_none() -> None:
    run = of_two_forwards(least=0.693)
    layers = Facts(run).layers.infos
    rectified = replace(layers[-2], activation="relu")
    assert not is_told(with_layers(run, (*layers[:-2], rectified, layers[-1])))
    product = replace(layers[-1], between=("mul",))
    assert not is_told(with_layers(run, (*layers[:-1], product)))


def test_a_norm_that_comes_last_is_told_as_well() -> None:
    run = of_two_forwards(least=0.693)
    assert is_told(with_layers(run, Facts(run).layers.infos[:-1]))
