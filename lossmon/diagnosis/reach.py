"""What a function can return, whatever it is given, and what that leaves of a loss at best."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, inf, isfinite, log, log1p
from typing import TYPE_CHECKING

from lossmon.diagnosis.finding import Evidence
from lossmon.numfmt import fmt
from lossmon.signals import CRITERION_LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

DISTANT = "distant"
"""Setting of a layer whose function comes after a sum or a product with others."""
REACH: Mapping[str, tuple[float, float]] = {
    "relu": (0.0, inf),
    "softplus": (0.0, inf),
    "exp": (0.0, inf),
    "abs": (0.0, inf),
    "elu": (-1.76, inf),
    "sigmoid": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hardtanh": (-1.0, 6.0),
    "logsoftmax": (-inf, 0.0),
    "logsigmoid": (-inf, 0.0),
}
"""Least and largest value, by the name of the function's node in the autograd graph.

relu6 is a hardtanh there, and selu an elu.
"""


def reach(function: str) -> tuple[float, float]:
    """Return the least and the largest value of a function; infinite for unknown ones."""
    return REACH.get(function, (-inf, inf))


def class_floor(classes: int, spread: float) -> float:
    """Return the least cross-entropy where no two logits lie further apart than `spread`.

    >>> round(class_floor(10, 1.0), 3)
    1.461
    """
    return log1p((classes - 1) * exp(-spread))


def binary_floor(low: float, high: float, ones: float) -> float:
    """Return the least binary cross-entropy of logits from low to high, for a share of ones.

    >>> round(binary_floor(0.0, 1.0, 0.5), 3)
    0.503
    """
    return ones * log1p(exp(-high)) + (1 - ones) * log1p(exp(low))


def coin_entropy(ones: float) -> float:
    """Return the entropy of a coin in nats: what the best constant prediction costs.

    >>> round(coin_entropy(0.5), 4), coin_entropy(0.0)
    (0.6931, 0.0)
    """
    return -sum(p * log(p) for p in (ones, 1 - ones) if p > 0)


def near_floor(facts: Facts, floor: float, of: str, source: str) -> tuple[Evidence, ...]:
    """Return how near the loss is to the least that it can be; nothing where it is not known."""
    loss, (first, last) = facts.level.loss, facts.window
    if not isfinite(loss):
        return ()
    reads = f"the loss is {fmt(loss, 3)}; of {of} it cannot fall below {fmt(floor, 3)}"
    return (Evidence(CRITERION_LOSS.name, first, last, loss, floor, reads, source),)
