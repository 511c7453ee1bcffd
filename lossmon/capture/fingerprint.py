"""One number a batch: equal for equal batches, different for different ones almost surely.

The product of at most 1,024 strided elements with a fixed direction. It tells that every step sees
the same batch, or that batches come again in the same order, without keeping any data.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lossmon.capture.direction import fixed_direction

ELEMENTS = 1024
MAX_ROWS = 64
"""Examples that are looked at where a layout lets no view at all elements be had for nothing."""
_CHANNELS_LAST = ((4, torch.channels_last), (5, torch.channels_last_3d))


class Fingerprints:
    """Keeps one direction per length and device."""

    def __init__(self) -> None:
        self._directions: dict[tuple[int, torch.device], Tensor] = {}

    def of(self, tensor: Tensor) -> Tensor:
        """Return the fingerprint, zero-dimensional float32; NaN where an element is not finite."""
        part = _flat(tensor.detach())
        part = part[:: -(-part.shape[0] // ELEMENTS) or 1].to(torch.float32)
        key = (part.shape[0], part.device)
        if key not in self._directions:
            if len(self._directions) >= ELEMENTS:
                self._directions.clear()
            self._directions[key] = fixed_direction(*key)
        # Not a product of matrices: autocast would round it to half precision.
        return (part * self._directions[key]).sum()


def _flat(tensor: Tensor) -> Tensor:
    """Return a flat view of the elements in the order of memory, or a copy of some rows of them."""
    if tensor.is_contiguous():
        return tensor.view(-1)
    if any(tensor.dim() == n and tensor.is_contiguous(memory_format=f) for n, f in _CHANNELS_LAST):
        # Any order will do, if it is always the same.
        return tensor.as_strided((tensor.numel(),), (1,))
    return tensor[:: -(-tensor.shape[0] // MAX_ROWS)].reshape(-1)
