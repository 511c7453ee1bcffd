"""Units that a step killed, and those that were dead before or died by other means."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.deadunits import killed
from lossmon.diagnosis.facts import Facts
from lossmon.layersignals import DEAD_SHARE

FIRST = 8
"""The first record with a share: eight batches of 64 samples."""


def dead_from(at: int, *, until: int = 300) -> Facts:
    share = np.zeros((300, len(synth.LAYERS)))
    share[at:until, 2] = 0.7
    share[:FIRST] = np.nan
    return Facts(synth.run(loss=synth.flat(300), layer={DEAD_SHARE: share}))


def test_units_that_died_within_two_windows_of_a_step_were_killed_by_it() -> None:
    found = killed(dead_from(17), step=2)
    assert found is not None
    assert (found.first_step, found.last_step) == (FIRST, 17)
    assert "units of 2 were dead by step 17" in found.reads


@pytest.mark.parametrize(
    "facts",
    [dead_from(FIRST), dead_from(60), dead_from(17, until=100)],
    ids=["from the first look on", "much later", "and fire again"],
)
def test_units_that_died_otherwise_were_not(facts: Facts) -> None:
    assert killed(facts, step=2) is None
