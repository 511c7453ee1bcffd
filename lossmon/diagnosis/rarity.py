"""Which classes are common, and how many of the labels of the others are found.

The common ones are those of which each outnumbers the mean of all others ten times: mostly one, or
two where padding is counted as a class of its own. A model may know them all, and so be right
nearly always, and never tell one of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import CLASS_BINS, FOUND_COUNTS, LABEL_COUNTS
from lossmon.diagnosis.rule import Threshold

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

RATIO = Threshold(10.0, "times the others' mean", "SageMaker Debugger, ClassImbalance: ratio of 10")
RARELY = Threshold(0.25, "of the rare labels", "a class of which a quarter is predicted at most")
FOUND = Threshold(0.5, "of the rare labels", "whoever finds half of them does not pass them by")
KNOWN = Threshold(0.9, "of the common labels", "else the model has not come to them yet, either")
FEW = 3
"""So many measurements tell what is predicted, at least."""
LABELS = 10
"""Of fewer rare labels nobody knows how many are found."""


@dataclass(frozen=True, slots=True)
class Rarity:
    """What became of the rare labels, over the batches of the window that were looked at."""

    steps: Steps
    common: float
    """Share of the labels that are of common classes."""
    right: float
    """Share of all labels that are predicted, over the newest third of the batches."""
    known: float
    """Share of the common labels that are predicted, over the same."""
    found: float
    """Share of the rare labels that are predicted."""
    lately: float
    """That over the newest third."""

    @property
    def is_passed_by(self) -> bool:
        """Whether the common classes are known, and hardly any label of another is found."""
        few = self.found <= RARELY.value and self.lately <= FOUND.value
        return few and self.known >= KNOWN.value


def crowd(labels: Floats, classes: int) -> NDArray[np.bool_]:
    """Return which classes are common, of counts per class: the commonest, or a few at its side.

    >>> [int(is_common) for is_common in crowd(np.array([50.0, 45, 2, 1, 2]), 5)]
    [1, 1, 0, 0, 0]
    """
    order = np.argsort(-labels, kind="stable")
    common = np.zeros(len(labels), bool)
    common[order[0]] = True
    for size in range(2, classes // 2 + 1 if classes <= CLASS_BINS else 0):
        others = float(labels[order[size:]].sum()) / (classes - size)
        if others > 0 and labels[order[size - 1]] >= RATIO.value * others:
            common[order[:size]] = True
    return common


def share_of_constant(prior: float) -> float:
    """Return how often the best constant answer of each output is right, of yes and no.

    From its loss, a mean of the outputs' entropies: exact where all are alike, else a little high.

    >>> round(share_of_constant(0.0560), 3), round(share_of_constant(0.6931), 2)
    (0.99, 0.51)
    """
    shares = np.linspace(0.5, 1, 1001)[1:-1]
    entropies = -shares * np.log(shares) - (1 - shares) * np.log(1 - shares)
    return float(shares[int(np.abs(entropies - prior).argmin())])


def rarity(facts: Facts, common: NDArray[np.bool_]) -> Rarity | None:
    """Return what became of the labels of other classes; None where of too few it is known."""
    steps = facts.batches.newest(FOUND_COUNTS[0])[0]
    labels, hits = (facts.totals(counts, steps) for counts in (LABEL_COUNTS, FOUND_COUNTS))
    rare, found = labels[:, ~common].sum(1), hits[:, ~common].sum(1)
    if not rare.sum() >= LABELS:
        return None
    newest = slice(-max(FEW, len(steps) // 3), None)
    often = labels[newest][:, common].sum()
    return Rarity(
        steps,
        common=float(1 - rare.sum() / labels.sum()),
        right=float(hits[newest].sum() / labels[newest].sum()),
        known=float(hits[newest][:, common].sum() / max(often, 1)),
        found=float(found.sum() / rare.sum()),
        lately=float(found[newest].sum() / max(rare[newest].sum(), 1)),
    )
