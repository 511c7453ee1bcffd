"""How far batches differ in their targets, and whether neighbours are alike: the order of data.

Batches drawn at random differ by chance alone, and neighbours no less than others. Of class labels
the counts are compared, of values the means.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import lgamma
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import LABEL_COUNTS, TARGET_MEAN, TARGET_STD
from lossmon.diagnosis.sampling import early_and_spread

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

MAX_DRAWS = 256
"""Batches with more targets than that are taken for ones of so many: their entropy is the same."""
FEW = 64
"""Batches that are held against each other, each with each."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the batches that were looked at have to do with each other."""

    steps: Steps
    """Steps of the batches, ascending."""
    sorted_share: float
    """How much of the targets' variety lies between batches: about 0 for batches drawn at random,
    1 for batches of one class, or of one value, each."""
    neighbours: float
    """How alike two batches in a row are, 0 to 1; NaN where hardly any were looked at."""
    others: float
    """How alike any two batches are, 0 to 1."""
    classes: int
    """Number of classes, or bins of them, that were seen; 0 for targets that are values."""
    typical: float
    """Number of classes in a typical batch; NaN for targets that are values."""
    chance: float
    """Standard deviation of `sorted_share` where each target is drawn at random: of a G-test."""


def order(facts: Facts) -> Order | None:
    """Return the order of the targets over the run; None where they are not known."""
    steps = facts.batches.measured(LABEL_COUNTS[0])[0]
    steps = steps[early_and_spread(len(steps), FEW)]
    counts = facts.totals(LABEL_COUNTS, steps)
    full = counts.sum(1) > 0
    if full.sum() > 1:
        return _of_classes(steps[full], counts[full])
    steps = facts.batches.measured(TARGET_MEAN)[0]
    steps = steps[early_and_spread(len(steps), FEW)]
    means, spreads = facts.totals((TARGET_MEAN, TARGET_STD), steps).T
    known = np.isfinite(spreads)
    return _of_values(steps[known], means[known], spreads[known]) if known.sum() > 1 else None


def _of_classes(steps: Steps, counts: Floats) -> Order | None:
    sizes = counts.sum(1, keepdims=True)
    shares = counts / sizes
    pooled = counts.sum(0) / counts.sum()
    lengths, which = np.unique(sizes[:, 0], return_inverse=True)
    drawn = np.array([expected_entropy(tuple(pooled), int(n)) for n in lengths])[which]
    if not drawn.mean() > 0:
        return None
    # Overlap of two histograms: 1 for equal ones, 0 for ones without a class in common.
    overlap = np.minimum(shares[:, None], shares[None]).sum(2)
    return Order(
        steps=steps,
        sorted_share=float(1 - entropy(shares).mean() / drawn.mean()),
        neighbours=_between_neighbours(steps, overlap),
        others=_between_all(overlap),
        classes=int((pooled > 0).sum()),
        typical=float(np.median((counts > 0).sum(1))),
        chance=_chance(counts, float(drawn.mean())),
    )


def _of_values(steps: Steps, means: Floats, spreads: Floats) -> Order | None:
    between, within = float(means.var()), float(np.square(spreads).mean())
    if not between + within > 0:
        return None
    far = np.abs(means[:, None] - means[None])
    alike = np.exp(-far / max(float(np.sqrt(between + within)), 1e-30))
    return Order(
        steps=steps,
        sorted_share=between / (between + within),
        neighbours=_between_neighbours(steps, alike),
        others=_between_all(alike),
        classes=0,
        typical=float("nan"),
        chance=float("nan"),
    )


def _chance(counts: Floats, drawn: float) -> float:
    """Return by how much the sorted share of batches drawn at random varies.

    2 N times the information of batch and class has a chi-square distribution, with a variance of
    2 (batches - 1) (classes - 1).
    """
    free = (len(counts) - 1) * (int((counts.sum(0) > 0).sum()) - 1)
    return float(np.sqrt(2 * free) / (2 * counts.sum()) / drawn)


def _between_all(alike: Floats) -> float:
    """Return the mean over all pairs of two, of a symmetric matrix."""
    n = len(alike)
    return float((alike.sum() - np.trace(alike)) / (n * (n - 1)))


def _between_neighbours(steps: Steps, alike: Floats) -> float:
    first = np.flatnonzero(np.diff(steps) == 1)
    return float(alike[first, first + 1].mean()) if len(first) > 2 else float("nan")


def entropy(shares: Floats) -> Floats:
    """Return the entropy of each distribution along the last axis, in nats."""
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return np.asarray(-(shares * logs).sum(-1))


@lru_cache(maxsize=256)
def expected_entropy(shares: tuple[float, ...], draws: int) -> float:
    """Return the mean entropy of a batch of `draws` targets drawn at random from `shares`.

    >>> expected_entropy((0.5, 0.5), 1), round(expected_entropy((0.5, 0.5), 2), 4)
    (0.0, 0.3466)
    """
    n = max(1, min(draws, MAX_DRAWS))
    k = np.arange(1, n + 1)
    parts = -(k / n) * np.log(k / n)
    ways = np.array([lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) for i in k])
    total = 0.0
    for share in shares:
        if 0 < share < 1:
            chance = np.exp(ways + k * np.log(share) + (n - k) * np.log1p(-share))
            total += float((chance * parts).sum())
    return total
