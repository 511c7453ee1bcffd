"""Which elements of a layer's output are read: some of its units, each at the same samples.

A layer is read alike at every step, so that its units can be followed; only where in the batch, and
at which positions, changes from step to step. One strided view does it, of whatever memory format.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

OUTPUT_ELEMENTS = 4096
INPUT_ELEMENTS = 2048
"""Of an input only the deviation is asked for."""
MAX_UNITS = 256
"""Of wider layers every third, fifth, ... unit is followed, so that each has 16 samples a step."""
MAX_SAMPLES = 512
TURNS = 8
"""Places in the batch that are read in turn."""


@dataclass(frozen=True, slots=True)
class Share:
    """What is read of a layer at every step."""

    dims: int
    unit_dim: int
    """-1 for an output of one dimension, which has a single unit."""
    units: int
    every: int
    """Distance between two units that are read."""
    samples: int
    """Samples of each unit; a power of two, so that it can be parted over the dimensions."""

    @property
    def kept(self) -> int:
        """Number of units that are read."""
        return -(-self.units // self.every)


@dataclass(frozen=True, slots=True)
class Cut:
    """A strided view of an output: samples first, units last."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    starts: tuple[int, ...]
    """Where it begins, in turn."""

    def of(self, tensor: Tensor, turn: int) -> Tensor:
        """Return the view of `tensor`."""
        start = tensor.storage_offset() + self.starts[turn % TURNS]
        return tensor.detach().as_strided(self.size, self.stride, start)


def share_of(shape: Sequence[int], unit_dim: int, elements: int) -> Share | None:
    """Return what to read of outputs like one of `shape`; None where there is nothing."""
    if not shape or 0 in shape:
        return None
    dims = len(shape)
    unit_dim = unit_dim % dims if dims > 1 else -1
    units = shape[unit_dim] if dims > 1 else 1
    every = 1 if units <= MAX_UNITS else -(-units // MAX_UNITS) | 1
    kept = -(-units // every)
    there = math.prod(_floor(n) for dim, n in enumerate(shape) if dim != unit_dim)
    samples = min(_floor(elements // kept), there, MAX_SAMPLES)
    return Share(dims, unit_dim, units, every, samples)


def cut(share: Share, shape: Sequence[int], stride: Sequence[int]) -> Cut | None:
    """Return how to read an output of this shape; None where it is too small, or another kind."""
    dims = len(shape)
    if dims != share.dims or (share.unit_dim >= 0 and shape[share.unit_dim] != share.units):
        return None
    left = share.samples
    sizes, steps, starts = [], [], [0] * TURNS
    for dim, length in enumerate(shape):
        if dim == share.unit_dim:
            continue
        count = min(_floor(length), left) if length else 0
        if not count:
            return None
        left //= count
        step = length // count
        spare = length - step * (count - 1) - 1
        sizes.append(count)
        steps.append(step * stride[dim])
        for turn in range(TURNS):
            # Another order in each dimension, so that the places do not run along a diagonal.
            starts[turn] += (turn * (2 * dim + 1) % TURNS) * spare // (TURNS - 1) * stride[dim]
    if left > 1:
        return None
    unit_stride = share.every * stride[share.unit_dim] if share.unit_dim >= 0 else 1
    return Cut((*sizes, share.kept), (*steps, unit_stride), tuple(starts))


def _floor(number: int) -> int:
    """Return the largest power of two up to a number; 0 for 0."""
    return 1 << number.bit_length() - 1 if number else 0
