"""Sampled elements of many tensors as one flat array, and sums over each tensor's share of it.

On the CPU the arithmetic is numpy's: five times faster than torch's segment sums at these sizes
(2 against 9 us for 9,000 elements, 49 against 254 us for 300,000, one thread).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossmon.capture.layout import sampled_count, sampled_stride
from lossmon.capture.sharding import PLAIN, elements, local

Flat = Any
"""A flat float32 array: numpy's on the CPU, torch's on a device; both know + - * and comparison."""


class Segments:
    """The rows that live on one device."""

    def __init__(self, tensors: Sequence[Tensor], *, numpy: bool | None = None) -> None:
        """`tensors` fix the lengths; all live on one device."""
        self.device = tensors[0].device
        self.on_cpu = self.device.type == "cpu" if numpy is None else numpy
        sizes = [elements(t) for t in tensors]
        self._complex = [t.is_complex() for t in tensors]
        self.counts = [sampled_count(size) for size in sizes]
        self._strides = [sampled_stride(size) for size in sizes]
        self._starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]]).astype(np.intp)
        self._filled = np.array(self.counts) > 0
        """False for rows without an element here: shards that a rank was left none of."""
        self._all_filled = bool(self._filled.all())
        self._blank: dict[int, Tensor] = {}
        self._owner: Tensor | None = None
        self._unknown: Flat = None

    def parts(self, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        """Return flat views of the sampled elements of `tensors`; zeros where one is None.

        A copy where a layout forbids a view.

        Raises:
            ValueError: A tensor has another size than when it was first seen.
        """
        return [self._part(i, t) for i, t in enumerate(tensors)]

    def gather(self, parts: list[Tensor]) -> Flat:
        """Return the elements of `parts` in one new float32 array."""
        flat = torch.cat(parts) if len(parts) > 1 else parts[0].clone()
        if flat.dtype != torch.float32:
            flat = flat.float()
        return flat.numpy() if self.on_cpu else flat

    def sums(self, flat: Flat) -> Flat:
        """Return the sum over each row's elements."""
        if self.on_cpu:
            if self._all_filled:
                return np.add.reduceat(flat, self._starts, dtype=np.float32)
            sums = self.none()
            if len(flat):
                starts = self._starts[self._filled]
                sums[self._filled] = np.add.reduceat(flat, starts, dtype=np.float32)
            return sums
        if self._owner is None:
            # Filled over there: what is copied there has the host wait.
            filled = [torch.full((n,), i, device=self.device) for i, n in enumerate(self.counts)]
            self._owner = torch.cat(filled)
        sums = torch.zeros(len(self.counts), dtype=torch.float32, device=self.device)
        return sums.index_add_(0, self._owner, flat.to(torch.float32))

    def signs(self, flat: Flat) -> Flat:
        """Return -1, 0 or 1 for each element; NaN for NaN."""
        return np.sign(flat) if self.on_cpu else torch.sign(flat)

    def join(self, columns: Sequence[Flat]) -> Tensor:
        """Return the columns one after the other, as one float32 vector on the device."""
        if self.on_cpu:
            return torch.from_numpy(np.concatenate(columns).astype(np.float32, copy=False))
        return torch.cat([c.to(torch.float32) for c in columns])

    def column(self, values: Sequence[Tensor], present: Sequence[int]) -> Flat:
        """Return a column of zero-dimensional `values` at rows `present`, NaN elsewhere."""
        if values and len(present) == len(self.counts):
            column = torch.stack(list(values)).to(torch.float32)
        else:
            column = torch.full((len(self.counts),), float("nan"), device=self.device)
            for at, value in zip(present, values, strict=True):
                column[at] = value
        return column.numpy() if self.on_cpu else column

    def unknown(self) -> Flat:
        """Return a column of NaN, not to be written to."""
        if self._unknown is None:
            self._unknown = self.column((), ())
        return self._unknown

    def flags(self, which: Sequence[bool]) -> Flat:
        """Return a column of 1 where `which` holds, and NaN elsewhere."""
        # Filled over there, as for sums.
        marks = (1.0 if flag else float("nan") for flag in which)
        return self.column(
            [torch.full((), m, device=self.device) for m in marks], range(len(which))
        )

    def none(self) -> Flat:
        """Return a column of zeros, for host memory."""
        return np.zeros(len(self.counts), np.float32)

    def _part(self, index: int, tensor: Tensor | None) -> Tensor:
        if tensor is not None:
            # Written out: of a small model this is called as often as anything, and calls cost.
            whole = tensor if type(tensor) in PLAIN else local(tensor)
            if self._complex[index]:
                whole = torch.view_as_real(whole.detach().resolve_conj())
            flat, stride = whole.detach().reshape(-1), self._strides[index]
            part = flat if stride == 1 else flat[::stride]
            if part.shape[0] != self.counts[index]:
                raise ValueError(f"parameter {index} has another size than when it was first seen")
            return part
        count = self.counts[index]
        if count not in self._blank:
            self._blank[count] = torch.zeros(count, device=self.device)
        return self._blank[count]


def by_device(tensors: Sequence[Tensor | None]) -> list[list[int]]:
    """Return the indices of the tensors that live on each device, in order of first appearance."""
    groups: dict[torch.device, list[int]] = {}
    for index, tensor in enumerate(tensors):
        if tensor is not None:
            groups.setdefault(tensor.device, []).append(index)
    return list(groups.values())
