"""Are weights still as an initialisation left them? Their norms tell, within the error of a sample.

A matrix of random numbers has a norm that follows from its shape. Training makes it longer as a
rule; a wide layer trained for a short while may keep it nearly, so a norm that fits is a hint, and
one that does not fit is proof of the opposite.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import Threshold
from lossmon.records import ParameterInfo

Floats = NDArray[np.float64]

ERRORS = Threshold(3.0, "standard errors", "the usual 3 sigma, of a mean of squares")
SPREAD = 2**0.5
"""Standard deviation of the square of a normal number, in units of its mean; less of uniform."""
LEAST = 300
"""With fewer elements in all the error, a quarter, is too large to tell."""
GATES = {"LSTM": 4, "LSTMCell": 4, "GRU": 3, "GRUCell": 3}
ATTENTION = "in_proj_weight"
OTHERWISE = Threshold(
    0.1, "of the elements", "a tenth may be made otherwise: tokens, places, scales"
)
STDS = (1.0, 0.1, 0.05, 0.02, 0.01)
BOUNDS = (0.1, 0.05, 0.01)
"""What people write by hand in `normal_(std=)` and `uniform_(-bound, bound)`."""


def is_untrained(facts: Facts, mask: NDArray[np.bool_]) -> bool:
    """Return whether usual initialisations explain the norms of the matrices of `mask`.

    One for all of them; or for nine tenths PyTorch's own, or numbers of a round spread.
    """
    infos = [p for p, hit in zip(facts.parameters, mask, strict=True) if hit]
    counts = np.array([p.sampled for p in infos], np.float64)
    norms = facts.parameter(signals.WEIGHT_NORM, facts.rows)[:, mask]
    if not len(infos) or counts.sum() < LEAST or not np.isfinite(norms).all() or not len(norms):
        return False
    mean_squares = np.square(norms[-1]) / np.array([p.numel for p in infos])
    expected = (
        [_torch_default(infos), *_named(infos)] if len(infos) > 1 else [_torch_default(infos)]
    )
    if len(infos) > 2:
        expected.append(np.full(len(infos), np.average(mean_squares, weights=counts)))
    errors = ERRORS.value * SPREAD / np.sqrt(counts)
    if any(bool((np.abs(mean_squares / e - 1) <= errors).all()) for e in expected):
        return True
    own = np.vstack([expected[0], *(np.full(len(infos), square) for square in _made_by_hand())])
    fits = (np.abs(mean_squares / own - 1) <= errors).any(axis=0)
    return bool(counts[fits].sum() >= (1 - OTHERWISE.value) * counts.sum())


def _made_by_hand() -> Floats:
    """Return the mean squares of numbers of a round standard deviation, or between round bounds."""
    return np.concatenate((np.square(STDS), np.square(BOUNDS) / 3))


def _torch_default(infos: list[ParameterInfo]) -> Floats:
    """Return the mean squares that PyTorch's own modules start with."""
    return np.array([_default_of(info) for info in infos])


def _default_of(info: ParameterInfo) -> float:
    if "Embedding" in info.kind:
        return 1.0
    if info.kind == "MultiheadAttention" and info.name.endswith(ATTENTION):
        return 2 / sum(_fans(info))
    if info.kind in GATES or info.kind.startswith("RNN"):
        return GATES.get(info.kind, 1) / (3 * info.shape[0])
    return 1 / (3 * _fans(info)[0])


def _named(infos: list[ParameterInfo]) -> list[Floats]:
    """Return the mean squares of Xavier's, He's (of both fans) and LeCun's initialisation."""
    fans = np.array([_fans(info) for info in infos])
    return [2 / fans.sum(axis=1), 2 / fans[:, 0], 2 / fans[:, 1], 1 / fans[:, 0]]


def _fans(info: ParameterInfo) -> tuple[int, int]:
    """Return the numbers of inputs and outputs that meet in a unit, as `nn.init` counts them."""
    return info.numel // info.shape[0], info.numel // info.shape[1]
