"""Whether batches of one kind each are told, of which nothing is learnt but by heart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import BATCH_SIZE, INPUT_MEAN, INPUT_STD, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.apart import apart
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.synthnorms import normed, of_pairs_by_user, of_two_forwards
from lossmon.diagnosis.synthtables import layer_table
from lossmon.layersignals import MEAN_OUT, UNIT_STD
from lossmon.records import Run
from lossmon.signals import PRIOR_LOSS

ONE_USER = of_pairs_by_user(64.0)


def like(**changed: Any) -> Run:
    """Return the run of one user a batch, with another loss, or other inputs."""
    inputs = {INPUT_MEAN: np.random.default_rng(8).normal(0, 1, 300), INPUT_STD: 1.0}
    total = {PRIOR_LOSS: np.nan, **inputs, **changed.pop("total", {})}
    loss = changed.pop("loss", synth.flat(300, at=0.693, noise=0.002))
    run = synth.run(loss=loss, layers=normed(values=64.0), total=total)
    return replace(run, marks=ONE_USER.marks)


def told(run: Run) -> list[Evidence]:
    facts = Facts(run)
    return list(apart(facts, [i for i in facts.layers.infos if i.settings.get("values", 0) > 0]))


def test_batches_of_one_user_each_that_are_learnt_by_heart_and_not_else_are_told() -> None:
    kinds, by_heart = told(ONE_USER)
    assert 40 < kinds.observed < 90
    assert "could overfit one batch" in by_heart.reads


def test_one_number_all_over_a_batch_is_told_too() -> None:
    kinds, _ = told(like(total={INPUT_STD: 0.0}))
    assert kinds.observed == float("inf")


def test_a_layer_that_says_one_thing_of_a_whole_batch_tells_of_whom_it_is() -> None:
    deviations = np.array([0.0, 1.0, 0.5, 0.5, 0.5, 0.5])
    means = np.random.default_rng(9).normal(size=(300, 6))
    mixed = of_pairs_by_user(1.0)
    kinds, _ = told(
        replace(mixed, layers=layer_table(300, 6, {UNIT_STD: deviations, MEAN_OUT: means}))
    )
    assert kinds.reads.startswith("0 puts out the same for all of a batch, in 100 % of them")


@pytest.mark.parametrize(
    "run",
    [
        of_pairs_by_user(1.0),
        of_pairs_by_user(5.0),
        replace(ONE_USER, marks=ONE_USER.marks[:-1]),
        of_two_forwards(least=0.693),
        like(loss=synth.falling(300, start=0.7, end=0.1)),
        like(loss=np.r_[synth.flat(50, at=0.69), synth.flat(250, at=0.5, noise=0.002)]),
        like(total={BATCH_SIZE: np.nan, TARGET_COUNT: np.nan}),
        like(total={INPUT_MEAN: np.where(np.arange(300) < 9, np.arange(300), np.nan)}),
    ],
    ids=[
        "users are mixed",
        "each comes with five others",
        "no batch was tried by heart",
        "none was learnt by heart",
        "the loss falls",
        "some was learnt",
        "nobody knows how many examples a batch has",
        "nine batches were looked at",
    ],
)
def test_nothing_is_told_where(run: Run) -> None:
    assert not told(run)
