from __future__ import annotations

import numpy as np
import pytest

from lossmon.batchsignals import BATCH_SIZE, INPUT_STD, LABEL_COUNTS, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.batches import FEW_BATCHES
from lossmon.diagnosis.facts import Facts
from lossmon.records import Mark
from lossmon.signals import BACKWARDS, CLASS_COUNT, CRITERION, Signal


def _seldom(every: int, steps: int = 1000) -> np.ndarray:
    values = np.full(steps, np.nan)
    values[::every] = np.arange(len(values[::every]))
    return values


def test_gaps_between_measurements_are_left_out() -> None:
    steps, values = Facts(synth.run(1000, total={INPUT_STD: _seldom(100)})).batches.measured(
        INPUT_STD
    )
    assert steps.tolist() == list(range(0, 1000, 100))
    assert values.tolist() == list(range(10))


def test_window_with_few_measurements_takes_the_newest_ones() -> None:
    steps, _ = Facts(synth.run(1000, total={INPUT_STD: _seldom(100)})).batches.newest(INPUT_STD)
    assert len(steps) == FEW_BATCHES
    assert steps[-1] == 900


def test_window_with_many_measurements_takes_its_own() -> None:
    steps, _ = Facts(synth.run(1000)).batches.newest(BATCH_SIZE)
    assert (int(steps[0]), int(steps[-1])) == (750, 999)


def test_counts_are_summed_over_the_window() -> None:
    run = synth.run(300, total={LABEL_COUNTS[0]: 2.0, LABEL_COUNTS[1]: 0.0})
    assert Facts(run).batches.pooled(LABEL_COUNTS[:2]).tolist() == [400.0, 0.0]


def test_newest_criterion_is_the_one_that_counts() -> None:
    facts = Facts(synth.run(marks=[synth.criterion(name="mse_loss", behind="relu")]))
    assert facts.batches.criterion is not None
    assert (facts.batches.criterion.name, facts.batches.criterion.behind) == ("mse_loss", "relu")


@pytest.mark.parametrize("detail", [{}, {"prediction_shape": "x", "name": 3, "weighted": []}])
def test_mark_of_any_content_makes_a_criterion(detail: dict[str, object]) -> None:
    criterion = Facts(synth.run(marks=[Mark(0, 0.0, CRITERION, detail)])).batches.criterion
    assert criterion is not None
    assert criterion.prediction_shape == ()


def test_log_of_losses_alone_has_no_batches() -> None:
    batches = Facts(synth.scalars_only(synth.falling(300))).batches
    assert batches.criterion is None
    assert batches.inputs == ()
    assert not len(batches.measured(BATCH_SIZE)[0])
    assert batches.pooled(LABEL_COUNTS[:2]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("total", "examples"),
    [
        ({BATCH_SIZE: 4.0, TARGET_COUNT: 4.0}, 4),
        ({BATCH_SIZE: 4.0, TARGET_COUNT: 4.0, BACKWARDS: 8.0}, 32),
        ({BATCH_SIZE: 4.0, TARGET_COUNT: 400.0}, 400),
        ({BATCH_SIZE: 4.0, TARGET_COUNT: 12.0, CLASS_COUNT: np.nan}, 4),
        ({BATCH_SIZE: np.nan, TARGET_COUNT: np.nan}, None),
    ],
    ids=["classes", "accumulated", "tokens", "regression", "unknown"],
)
def test_a_step_is_made_of_all_that_is_judged_in_it(
    total: dict[Signal, float], examples: float | None
) -> None:
    found = Facts(synth.run(total=total)).batches.examples
    assert np.isnan(found) if examples is None else found == examples


@pytest.mark.parametrize(
    ("total", "sequences"),
    [
        ({BATCH_SIZE: 4.0, TARGET_COUNT: 400.0}, 4),
        ({BATCH_SIZE: 4.0, TARGET_COUNT: 400.0, BACKWARDS: 8.0}, 32),
        ({BATCH_SIZE: 90.0, TARGET_COUNT: 2.0}, 2),
        ({BATCH_SIZE: np.nan, TARGET_COUNT: 4.0}, 4),
        ({BATCH_SIZE: np.nan, TARGET_COUNT: np.nan}, None),
    ],
    ids=["tokens", "accumulated", "nodes of two graphs", "no input", "unknown"],
)
def test_a_text_counts_once_however_many_of_its_words_are_judged(
    total: dict[Signal, float], sequences: float | None
) -> None:
    found = Facts(synth.run(total=total)).batches.sequences
    assert np.isnan(found) if sequences is None else found == sequences
