"""What several tests ask of the same synthetic run is worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from lossmon.batchsignals import (
    BATCH_SIZE,
    INPUT_MEAN,
    LABEL_COUNTS,
    PREDICTION_MEAN,
    TARGET_COUNT,
    TARGET_MEAN,
    TARGET_STD,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Report
from lossmon.diagnosis.rule import Case


@pytest.fixture(scope="session")
def report_of() -> Callable[[Case], Report]:
    """Return the report on the run of a rule's case."""
    return cache(lambda case: diagnose(case.run()))


@pytest.fixture
def forecast() -> Callable[..., Facts]:
    """Return a regression whose batches differ by 1.0, and their examples by `spread`.

    `follows`: how far mean predictions go along with mean `targets`, which are `told` in part by
    the mean inputs.
    """

    def run(
        *,
        loss: Any = None,
        at: float = 1.3,
        follows: float = 0.0,
        offset: Any = 0.0,
        told: float = 0.0,
        size: float = 32.0,
        count: float = 32.0,
        name: str = "smooth_l1_loss",
        spread: float = 1.0,
        targets: Any = None,
        parameter: Any = None,
    ) -> Facts:
        losses = synth.flat(300, at=at) if loss is None else loss
        means = np.random.default_rng(5).normal(0, 1, 300) if targets is None else targets
        means = means[: len(losses)]
        total = {
            **dict.fromkeys(LABEL_COUNTS, np.nan),
            TARGET_MEAN: means,
            TARGET_STD: spread,
            PREDICTION_MEAN: follows * means + offset,
            INPUT_MEAN: told * means + np.random.default_rng(6).normal(0, 1, len(losses)),
            BATCH_SIZE: size,
            TARGET_COUNT: count,
        }
        shape = [int(size), int(count / size)] if np.isfinite(size) and size > 0 else [1]
        marks = (synth.criterion(name=name, target_shape=shape),)
        return Facts(
            synth.run(len(losses), loss=losses, total=total, marks=marks, parameter=parameter)
        )

    return run
