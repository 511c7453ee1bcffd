"""Gradient norms as a backward pass has left them: accumulated, and not yet clipped.

Exact, like those of the step, and of the same gradients where nobody clips. That cannot be told
without a second look: clipping through `.data` leaves no trace in a version counter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmon.capture.segments import by_device
from lossmon.capture.transfer import Transfer
from lossmon.capture.updates import dense, exact_norms

UNCLIPPED_FIRST = 256
"""So many sampled passes are measured; then those of every other step: 45 us of the 340 us that all
signals of a tiny model's step cost, and a clip factor is as well known from half of them."""

Column = NDArray[np.float32]


def unclipped_norms(
    tensors: Sequence[Tensor | None], scale: Tensor | None, transfer: Transfer
) -> Column:
    """Return the norm of every tensor's gradient over `scale`, NaN where there is none.

    From a device they arrive later, before anything that is sent after them.
    """
    column = np.full(len(tensors), np.nan, np.float32)
    grads = [None if t is None else dense(t.grad) for t in tensors]
    for rows in by_device(grads):
        present = [g for i in rows if (g := grads[i]) is not None]
        norms = torch.stack(exact_norms(present)).to(torch.float32)
        if scale is not None:
            # A number on the host divides a tensor on any device, without a copy.
            on_host = scale.device.type == "cpu"
            norms = norms / (scale if on_host else scale.to(norms.device, non_blocking=True))
        transfer.send(norms, _into(column, rows))
    return column


def _into(column: Column, rows: list[int]) -> Callable[[Column], None]:
    def receive(values: Column) -> None:
        column[rows] = values

    return receive
