"""What the model is given: scale, range and features that say nothing, at its root's forward.

The main input is the first floating-point tensor among the arguments, else the first of whole
numbers: token ids, or pixels as bytes; the mark says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lossmon.batchsignals import INPUT_SIGNALS
from lossmon.capture.criterion import one_vector
from lossmon.capture.precision import full_precision
from lossmon.capture.targets import Moments

MAX_TENSORS = 16
MAX_DEPTH = 3
MAX_FEATURES = 4096
MAX_ELEMENTS = 1 << 16
"""Elements looked at; rows and, above `MAX_FEATURES`, features are evenly strided."""
_PLAIN = (Tensor, nn.Parameter)
"""Tensors of other types may be shards, fake, or anything else."""


class InputMeter:
    """Turns a main input into `INPUT_SIGNALS`; pools its features over the run."""

    def __init__(self) -> None:
        self._moments: Moments | None = None
        self._range: tuple[Tensor, Tensor] | None = None

    def measure(self, batch: Tensor) -> Tensor:
        """Return the values, float32, on the input's device."""
        with full_precision(batch.device):
            return one_vector(self._measure(_rows(batch.detach())), batch.device)

    def _measure(self, rows: Tensor) -> list[Tensor | float]:
        low, high = rows.aminmax()
        features = rows.shape[1]
        if self._moments is None or not self._moments.matches(features, rows.device):
            self._moments, self._range = Moments(features, rows.device), None
        self._moments.add(rows)
        least, most = rows.amin(0), rows.amax(0)
        if self._range is not None:
            least = torch.minimum(least, self._range[0])
            most = torch.maximum(most, self._range[1])
        self._range = least, most
        varies = (most > least).to(torch.float32)
        return [
            rows.mean(),
            rows.std(correction=0),
            low,
            high,
            (~rows.isfinite()).sum(),
            1 - varies.mean(),
            *_scales(self._moments, varies),
        ]


assert len(INPUT_SIGNALS) == 8


def _scales(moments: Moments, varies: Tensor) -> tuple[Tensor, Tensor]:
    """Return how far off zero the features that vary lie, and how unlike their scales are."""
    std = moments.variances.float().sqrt().clamp_min(1e-30)
    number = varies.sum()
    offset = ((moments.mean.float().abs() / std) * varies).sum() / number
    scale = std.log()
    gap = (scale - (scale * varies).sum() / number) * varies
    return offset, (gap.square().sum() / number).sqrt()


def _rows(batch: Tensor) -> Tensor:
    """Return at most `MAX_ELEMENTS` elements as (examples, features), float32."""
    each = batch.numel() // batch.shape[0] if batch.dim() > 1 else 1
    features = -(-each // -(-each // MAX_FEATURES))
    wanted = max(2, MAX_ELEMENTS // features)
    some = batch[:: -(-batch.shape[0] // wanted)]
    rows = some.reshape(some.shape[0], -1)
    return rows[:, :: -(-each // MAX_FEATURES)].to(torch.float32)


def tensors_among(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[tuple[str, Tensor]]:
    """Return the tensors among a call's arguments with their places: `0`, `input_ids`, `0.mask`."""
    found: list[tuple[str, Tensor]] = []
    named = [*((str(i), a) for i, a in enumerate(args)), *kwargs.items()]
    for place, value in named:
        for found_at in _tensors(place, value, MAX_DEPTH):
            if len(found) >= MAX_TENSORS:
                return found
            found.append(found_at)
    return found


def _tensors(place: str, value: Any, depth: int) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        if type(value) in _PLAIN and not value.is_meta:
            yield place, value
    elif depth and isinstance(value, Mapping | tuple | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from _tensors(f"{place}.{key}", item, depth - 1)


def main_input(tensors: Sequence[tuple[str, Tensor]]) -> Tensor | None:
    """Return the main input; None where no tensor has examples to look at."""
    usable = [
        t for _, t in tensors
        if t.dim() and t.numel() and t.layout == torch.strided
        and not t.is_complex() and not t.is_quantized
    ]  # fmt: skip
    floating = [t for t in usable if t.is_floating_point()]
    return next(iter(floating or usable), None)
