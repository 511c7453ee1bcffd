"""How many values a batch statistic is taken over, of how many examples, and what is learnt so."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.batchstatistics import (
    behind,
    in_a_batch,
    learns_little,
    learnt_little,
    of_one_or_two,
)
from lossmon.diagnosis.facts import Facts
from lossmon.records import LayerInfo
from lossmon.signals import CRITERION_LOSS, PRIOR_LOSS


def norm(values: float) -> LayerInfo:
    return LayerInfo("1", "BatchNorm1d", settings={"values": values})


@pytest.mark.parametrize(
    ("sizes", "values", "typical"),
    [
        ([64.0] * 8, 49.0, 49.0),
        ([2.0, *[64.0] * 7], 2.0, 64.0),
        ([2.0, *[64.0] * 7], 32.0, 1024.0),
        ([24.0, 13.0, 21.0, 23.0, 14.0, 17.0], 11.0, 11.0),
        ([24.0, 9.0, 21.0, 23.0, 14.0, 17.0], 11.0, 19.0),
        ([64.0, 64.0, 16.0, 64.0], 3136.0, 3136.0),
    ],
    ids=[
        "batches of one size",
        "a first batch of two",
        "a first batch of two images",
        "a first graph smaller than all others that were looked at",
        "graphs of many sizes",
        "images, and a short batch at the end of an epoch",
    ],
)
def test_the_count_of_the_first_forward_becomes_a_typical_one(
    sizes: list[float], values: float, typical: float
) -> None:
    facts = Facts(synth.run(len(sizes), total={BATCH_SIZE: np.array(sizes)}))
    assert behind(facts, norm(values)) == pytest.approx(typical)


@pytest.mark.parametrize(("targets", "said"), [(1.0, True), (2.0, True), (3.0, False)])
def test_many_values_are_of_one_example_or_two(targets: float, said: bool) -> None:
    facts = Facts(synth.run(total={TARGET_COUNT: targets}))
    assert bool(list(of_one_or_two(facts, [norm(200.0)]))) == said


@pytest.mark.parametrize(
    ("rows", "targets", "examples"),
    [(2.0, 800.0, 2.0), (40.0, 1.0, 1.0), (64.0, 64.0, 64.0), (8.0, np.nan, 8.0)],
    ids=["two pictures", "a graph of forty nodes", "a table", "a loss that is written by hand"],
)
def test_a_batch_has_as_many_examples_as_it_has_rows_or_targets_whichever_are_fewer(
    rows: float, targets: float, examples: float
) -> None:
    facts = Facts(synth.run(total={BATCH_SIZE: rows, TARGET_COUNT: targets}))
    assert in_a_batch(facts) == examples


@pytest.mark.parametrize(
    ("run", "little"),
    [
        (synth.run(loss=synth.flat(300, at=2.2)), True),
        (synth.run(loss=synth.falling(300, end=0.1)), False),
    ],
    ids=["at the prior", "half of it is gone"],
)
def test_little_is_learnt_where_half_of_the_prior_is_there(run: synth.Run, little: bool) -> None:
    assert learns_little(Facts(run)) == little


@pytest.mark.parametrize(
    ("loss", "little"),
    [(synth.flat(300, at=2.2), True), (synth.falling(300, end=1.6), False)],
    ids=["flat", "falling"],
)
def test_without_a_prior_the_beginning_is_what_counts(loss: np.ndarray, little: bool) -> None:
    unknown = {PRIOR_LOSS: np.nan, CRITERION_LOSS: np.nan}
    facts = Facts(synth.run(loss=loss, total=unknown))
    assert learns_little(facts) == little
    assert "where it began with" in learnt_little(facts).reads
