"""Norms of a model that is small and plain, with a handful of calls for each step.

What is measured is what `StepMeter` measures with `norms_only`, to the last bit: of float32 tensors
in host memory that all have a dense gradient and stand where they stood. Of anything else nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._utils import _flatten_dense_tensors
from torch.optim import Optimizer

from lossmon.capture.groups import held_count, held_ids
from lossmon.capture.layout import Row
from lossmon.capture.samples import PARAMETER_COLUMNS, Floats, Rows, blank, norm_scalars
from lossmon.capture.segments import Flat, Segments
from lossmon.capture.sharding import PLAIN

_NORMS = slice(PARAMETER_COLUMNS["grad_norm"], PARAMETER_COLUMNS["update_norm"] + 1)
assert list(PARAMETER_COLUMNS)[_NORMS] == ["grad_norm", "weight_norm", "update_norm"]


def are_plain(rows: Sequence[Row]) -> bool:
    """Return whether `PlainNorms` may be made of these rows."""
    return bool(rows) and all(map(_is_plain, rows))


def _is_plain(row: Row) -> bool:
    tensor, owner = row.tensor(), row.owners[0]() if row.owners else None
    if tensor is None or owner is None or type(tensor) not in PLAIN:
        return False
    if not isinstance(owner._parameters, dict) or row.current() is not tensor:
        return False
    return tensor.is_cpu and tensor.dtype == torch.float32 and tensor.layout == torch.strided


class PlainNorms:
    """Measures steps of one optimizer; holds tensors only while it steps."""

    def __init__(self, rows: Sequence[Row], optimizer: Optimizer) -> None:
        """`rows` are plain, and the only ones of the run."""
        tensors = [t for row in rows if (t := row.tensor()) is not None]
        self._known = [
            (row.owners[0], row.name.rpartition(".")[2], row.tensor, t.requires_grad, t.data_ptr())
            for row, t in zip(rows, tensors, strict=True)
        ]
        ids = held_ids(optimizer)
        self.held: Rows = np.array([id(t) in ids for t in tensors], bool)
        self._held_count = held_count([optimizer])
        self._segments = Segments(tensors)
        sizes, counts = [t.numel() for t in tensors], self._segments.counts
        self._is_flat = len(tensors) > 1 and sizes == counts
        """Whether every element is sampled, so that one call gathers them."""
        self._factors = np.array(sizes, np.float32)
        self._factors /= np.array(counts, np.float32)
        self._block: Floats = np.empty((3, len(tensors)), np.float32)
        self.table: Floats = blank(len(tensors))[0]
        """The parameters' table of the newest step."""
        self._tensors: list[Tensor] = []
        self.weights: Flat = None
        """Sampled weights before the step under way."""

    @property
    def gradients(self) -> Floats:
        """Norms of the gradients that the step under way uses."""
        norms: Floats = self._block[0]
        return norms

    def before(self, optimizer: Optimizer) -> bool:
        """Note weights and gradients before a step; False where anything is not as it was."""
        tensors = self._living()
        if tensors is None or getattr(optimizer, "grad_scale", None) is not None:
            return False
        if held_count([optimizer]) != self._held_count:
            return False
        grads = []
        for tensor in tensors:
            grad = tensor.grad
            if type(grad) is not Tensor or grad.dtype != torch.float32 or not grad.is_cpu:
                return False
            if grad.layout != torch.strided:
                return False
            grads.append(grad)
        with torch.no_grad():
            self.weights = self._gather(tensors)
            self._block[0] = torch.stack(torch._foreach_norm(grads, 2)).numpy()
        self._tensors = tensors
        return True

    def after(self) -> dict[str, float]:
        """Fill in the table; return the scalars of the step."""
        tensors, self._tensors = self._tensors, []
        weights, block, total = self.weights, self._block, self._segments.sums
        with torch.no_grad():
            update = self._gather(tensors)
        # Overflow and NaN are what is looked for; numpy need not say so on stderr.
        with np.errstate(all="ignore"):
            update -= weights
            block[1], block[2] = total(weights * weights), total(update * update)
            block[1:] *= self._factors
            np.sqrt(block[1:], out=block[1:])
        self.table[:, _NORMS] = block.T
        return norm_scalars(self.table, self.held)

    def _gather(self, tensors: list[Tensor]) -> Flat:
        if self._is_flat:
            return _flatten_dense_tensors(tensors).numpy()  # type: ignore[no-untyped-call]  # torch
        return self._segments.gather(self._segments.parts(tensors))

    def _living(self) -> list[Tensor] | None:
        """Return the tensors; None where one was replaced, moved, frozen, or is gone."""
        tensors = []
        for owner, leaf, reference, is_trained, place in self._known:
            module: Any = owner()
            tensor = reference()
            if tensor is None or module is None or module._parameters.get(leaf) is not tensor:
                return None
            if tensor.requires_grad is not is_trained or tensor.data_ptr() != place:
                return None
            tensors.append(tensor)
        return tensors
