"""Layers most of whose units never fire any more, and those among them that an early step killed.

A share of dead units is of at least 512 samples; until so many have been seen it is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.layersignals import DEAD_SHARE, OUT_NONFINITE
from lossmon.numfmt import fmt

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]

MOST = Threshold(0.5, "of the units", "SageMaker Debugger: more than half of a layer")
EXPLAINED = Threshold(0.9, "of the prior's loss", "a model that explains so much needs no more")
UNITS = 4
"""Of fewer units half may well be dead by chance."""
WINDOWS = 2
"""Windows of samples after a step in which what it killed shows: one may hold samples before it."""
MANY = 1024
"""Records that are looked at, at most: two windows of single samples."""


def dead_now(facts: Facts, share: Floats) -> NDArray[np.bool_]:
    """Return of which layers most units are dead, by their share in the window."""
    layers = facts.layers
    wide = np.array([info.sampled_units >= UNITS for info in layers.infos], bool)
    broken = layers.typical(OUT_NONFINITE, layers.newest)
    dead = wide & (np.nan_to_num(share) > MOST.value) & ~(broken > 0)
    return np.asarray(dead & (not facts.level.explained >= EXPLAINED.value), bool)


def killed(facts: Facts, step: int) -> Evidence | None:
    """Return what tells that units of a layer died soon after a step, for good; None where not.

    Of units that were dead in the first window nobody knows whether they ever fired.
    """
    layers = facts.layers
    if not len(layers.steps):
        return None
    dead = np.flatnonzero(dead_now(facts, layers.typical(DEAD_SHARE, layers.newest)))
    for at in dead:
        found = _killed(facts, int(at), step)
        if found is not None:
            return found
    return None


def _killed(facts: Facts, at: int, step: int) -> Evidence | None:
    layers = facts.layers
    after = int(np.searchsorted(layers.steps, step))
    reached = layers.column(DEAD_SHARE, np.arange(len(layers.steps[: after + MANY])))[:, at]
    known = np.flatnonzero(np.isfinite(reached))
    if not len(known) or reached[known[0]] > MOST.value:
        return None
    soon = reached[: after + WINDOWS * (int(known[0]) + 1) + 1]
    died = np.flatnonzero(np.nan_to_num(soon) > MOST.value)
    if not len(died):
        return None
    first, since = int(layers.steps[known[0]]), int(layers.steps[died[0]])
    share, name = float(reached[died[0]]), layers.infos[at].name
    reads = (
        f"{fmt(100 * share, 3)} % of the units of {name} were dead by step {since}, where at first "
    )
    reads += f"{fmt(100 * float(reached[known[0]]), 3)} % were, and most have been since"
    bound = f"{fmt(100 * MOST.value)} %"
    return Evidence(DEAD_SHARE.name, first, since, share, MOST.value, reads, MOST.source, bound)
