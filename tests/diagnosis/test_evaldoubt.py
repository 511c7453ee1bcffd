"""When a probe is asked whether a training batch is known again in eval mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import BATCH_SIZE, LABEL_COUNTS, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.synthnorms import normed, of_four, probed_in_both
from lossmon.records import LayerInfo, Run

RULE = "batchnorm-misuse"


def of_one_class_each(classes: int = 2) -> Run:
    """Return a run that learns, of batches that hold one class each."""
    which = np.random.default_rng(2).integers(classes, size=300)
    counts: dict[Any, Any] = dict.fromkeys(LABEL_COUNTS, np.zeros(300))
    counts |= {LABEL_COUNTS[c]: np.where(which == c, 64.0, 0.0) for c in range(classes)}
    sizes = {BATCH_SIZE: 64.0, TARGET_COUNT: 64.0}
    return synth.run(layers=normed(values=64.0), total={**counts, **sizes})


PICTURES = {BATCH_SIZE: 2.0, TARGET_COUNT: 800.0}


@pytest.mark.parametrize(
    "run",
    [
        of_four(),
        of_four(values=20.0, total={TARGET_COUNT: 1.0}),
        of_four(values=800.0, total=PICTURES),
        of_one_class_each(),
    ],
    ids=["four values", "one graph", "two pictures of many pixels", "one class a batch"],
)
def test_a_probe_is_asked_for_where_a_statistic_is_of(run: Run) -> None:
    report = diagnose(run)
    assert "mon.probe(batch)" in report.undecided[RULE]
    assert RULE not in {finding.rule for finding in report.findings}


@pytest.mark.parametrize(
    "run",
    [of_four(values=32.0), of_one_class_each(1), of_four(probed_in_both(0.4, 0.4))],
    ids=["many values", "the one class there is", "four values that a probe has seen do no harm"],
)
def test_none_is_asked_for_where_a_statistic_is_of(run: Run) -> None:
    assert RULE not in diagnose(run).undecided


def severities(run: Run) -> list[str]:
    return [finding.severity for finding in diagnose(run).findings if finding.rule == RULE]


def test_two_pictures_that_are_known_better_without_their_own_statistics_are_a_warning() -> None:
    marks = (probed_in_both(0.3, 0.05),)
    assert severities(of_four(*marks, values=800.0, total=PICTURES)) == ["warning"]
    assert not severities(of_four(*marks, values=800.0))


def test_dropout_may_be_why_a_batch_is_known_better_in_eval_mode() -> None:
    layers = (*normed(values=4.0), LayerInfo("5", "Dropout", settings={"p": 0.2}))
    loss, marks = synth.flat(300, at=0.4), (probed_in_both(0.9, 0.1),)
    assert not severities(synth.run(loss=loss, layers=layers, marks=marks))
    assert severities(synth.run(loss=loss, layers=normed(values=4.0), marks=marks)) == ["warning"]


def test_what_statistics_cost_is_no_matter_where_nearly_all_is_learnt() -> None:
    loss, marks = synth.flat(300, at=0.1), (probed_in_both(0.1, 0.01),)
    assert not severities(synth.run(loss=loss, layers=normed(values=4.0), marks=marks))
