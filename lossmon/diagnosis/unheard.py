"""Whether batch norm takes all of what a layer says away: it says the same of a whole batch.

A batch of one user has one row of their embedding, and the statistics of a batch are of that row:
less its mean it is 0, whoever they are. So it is where the row is first joined to others that do
differ, and goes through a linear layer: there it adds the same to every example.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.batches import FEW_BATCHES
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.onerow import ROW
from lossmon.layersignals import MEAN_OUT, STD_IN, UNIT_STD
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]

JUMPS = 0.5
"""Least difference of means in a row, of what those drawn at random have: a slow drift has 0."""
KEEPS = frozenset(("cat", "add", "sub", "stack"))
"""What stands between layers and leaves alone, or adds, what each example has got."""
_VERBS = {True: "is given", False: "puts out"}
SHIFTED = ("Linear", "LazyLinear")
"""Layers that make of something added to all of a batch something else that is added to all."""


def unheard(facts: Facts, taking: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """The first layer that gives a whole batch one row, all of which is normalised away."""
    infos = facts.layers.infos
    for at, share in _alike(facts, taking):
        is_first = infos[at] in taking
        norm = infos[at] if is_first else _removed_by(infos, at)
        if norm is not None:
            end = f"{norm.name} takes the mean of a batch away, and with it all of that"
            yield _evidence(facts, f"{infos[at].name} {_VERBS[is_first]}", share, end)
            return


def alike(facts: Facts, taking: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """The first layer that gives a whole batch one row, heard or not."""
    for at, share in _alike(facts, taking):
        info = facts.layers.infos[at]
        end = "what the rows of a batch share is normalised away"
        yield _evidence(facts, f"{info.name} {_VERBS[info in taking]}", share, end)
        return


def _alike(facts: Facts, taking: Sequence[LayerInfo]) -> Iterator[tuple[int, float]]:
    """Yield which layers give a whole batch one row, and in which share of batches."""
    infos, layers = facts.layers.infos, facts.layers
    if not taking:
        return
    signals = (UNIT_STD, MEAN_OUT, STD_IN)
    spreads, means, given = (layers.column(signal, layers.spread) for signal in signals)
    for at, info in enumerate(infos):
        is_first = info in taking and not info.sources
        share = _same(spreads[:, at], (given if is_first else means)[:, at])
        if share >= ROW.value and (is_first or info not in taking):
            yield at, share


def _evidence(facts: Facts, what: str, share: float, end: str) -> Evidence:
    first, last = facts.first_step, facts.last_step
    reads = f"{what} the same for all of a batch, in {fmt(100 * share, 3)} % of them, and "
    reads += f"something else for the next: {end}"
    tag, bound = UNIT_STD.name, f"{fmt(100 * ROW.value)} %"
    return Evidence(tag, first, last, share, ROW.value, reads, ROW.source, bound)


def _same(spreads: Floats, means: Floats) -> float:
    """Return of which share of batches a layer says one thing each; 0 where of all the same.

    A layer that says the same of all batches, or drifts as it is trained, has nothing to tell.
    """
    seen = np.isfinite(spreads) & np.isfinite(means)
    if seen.sum() < FEW_BATCHES:
        return 0.0
    alike, told = spreads[seen] == 0, means[seen]
    variance = float(told[alike].var()) if alike.any() else 0.0
    if len(np.unique(told[alike])) < FEW_BATCHES or not variance > 0:
        return 0.0
    # Of means drawn at random the squared difference is twice the variance.
    jumps = float(np.square(np.diff(told[alike])).mean()) / (2 * variance)
    return float(alike.mean()) if jumps >= JUMPS else 0.0


def _removed_by(infos: tuple[LayerInfo, ...], at: int) -> LayerInfo | None:
    """Return the norm that takes away what layer `at` puts out; None where some of it is heard."""
    users = [(n, x) for n, x in enumerate(infos) if at in x.sources]
    found = None
    for number, user in users:
        if not KEEPS.issuperset(user.between):
            return None
        if _takes(user):
            found = user
        elif user.kind in SHIFTED and not user.activation:
            found = _removed_by(infos, number)
        else:
            return None
        if found is None:
            return None
    return found


def _takes(info: LayerInfo) -> bool:
    return "BatchNorm" in info.kind and info.settings.get("values", 0) > 0
