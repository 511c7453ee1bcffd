"""A layer of one or two units that more outputs have to go through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import INPUT_PRINT, TARGET_PRINT
from lossmon.diagnosis.architecture import Matrix, before_last, narrowest, outputs
from lossmon.diagnosis.rule import Threshold

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

UNITS = Threshold(2, "units", "nobody carries four or more outputs through so few on purpose")
SPARE = Threshold(2, "outputs", "so many more than units: the softmax of K classes needs K - 1")


def bottleneck(facts: Facts) -> Matrix | None:
    """Return a layer of one or two units that more outputs have to go through; None for none."""
    neck = narrowest(facts)
    before = before_last(facts)
    if before is not None and (neck is None or before.outputs < neck.outputs):
        neck = before
    if neck is None or neck.outputs > UNITS.value or _rebuilds_its_input(facts):
        return None
    return neck if outputs(facts) >= neck.outputs + SPARE.value else None


def _rebuilds_its_input(facts: Facts) -> bool:
    """Return whether targets are the inputs: then the narrow layer is the point of the model."""
    steps, prints = facts.batches.measured(INPUT_PRINT)
    targets = facts.total(TARGET_PRINT, steps)
    known = np.isfinite(targets)
    return bool(known.any() and np.allclose(prints[known], targets[known], rtol=1e-4))
