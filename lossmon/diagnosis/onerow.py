"""Whether an embedding gives one row of its table to a whole batch: it is of one user, or shop.

What the examples of a batch have in common can then be learnt by that row, once it has come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lossmon.diagnosis.batches import FEW_BATCHES
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.layersignals import MEAN_OUT, UNIT_STD
from lossmon.numfmt import fmt, plural

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

VISITS = Threshold(2.0, "steps a row", "by definition: a row has come back once, on average")
ROW = Threshold(0.9, "of the batches", "fewer that get one row each are no rule of this training")


def of_one_row(facts: Facts) -> Iterator[Evidence]:
    """The first embedding that gives each batch one row, and another one to the next."""
    records, sizes = facts.layers.spread, {p.name: p.shape for p in facts.parameters}
    spreads, means = (facts.layers.column(signal, records) for signal in (UNIT_STD, MEAN_OUT))
    for number, info in enumerate(facts.layers.infos):
        shape = sizes.get(f"{info.name}.weight", ())
        if info.kind != "Embedding" or not shape or facts.n_steps < VISITS.value * shape[0]:
            continue
        seen = np.isfinite(spreads[:, number]) & np.isfinite(means[:, number])
        if seen.sum() < FEW_BATCHES or len(np.unique(means[seen, number])) < FEW_BATCHES:
            continue
        share = float((spreads[seen, number] == 0).mean())
        if share >= ROW.value:
            first, last = facts.first_step, facts.last_step
            reads = f"{info.name} gives all of a batch one of its {plural(shape[0], 'row')}, in "
            reads += f"{fmt(100 * share, 3)} % of them; each row has come "
            reads += f"{fmt(facts.n_steps / shape[0], 2)} times on average"
            tag, bound = UNIT_STD.name, f"{fmt(100 * ROW.value)} %"
            yield Evidence(tag, first, last, share, ROW.value, reads, ROW.source, bound)
            return
