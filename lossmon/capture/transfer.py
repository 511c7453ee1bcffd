"""Device to host without a sync: one pinned, asynchronous copy a sample, polled while training.

A query from another thread can break a CUDA-graph capture, so nobody else may ask.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RING = 16
"""Copies in flight; a further one is refused."""

Receive = Callable[[NDArray[np.float32]], None]


class Transfer:
    """Delivers vectors to the host, in order."""

    def __init__(self) -> None:
        self._flying: deque[tuple[Any, Tensor, Receive]] = deque()

    @property
    def is_flying(self) -> bool:
        """Whether any copy is on its way."""
        return bool(self._flying)

    def send(self, vector: Tensor, receive: Receive) -> bool:
        """Call `receive` with the values: at once for host memory, at a later `poll` for a device.

        Returns False, and sends nothing, where too many copies are in flight.
        """
        if vector.device.type == "cpu":
            receive(vector.numpy())
        elif len(self._flying) >= RING:
            return False
        else:
            self._flying.append(_fly(vector, receive))
        return True

    def poll(self) -> None:
        """Deliver every copy that has arrived. Never waits."""
        while self._flying and (self._flying[0][0] is None or self._flying[0][0].query()):
            _, landed, receive = self._flying.popleft()
            receive(landed.numpy())

    def drain(self) -> None:
        """Wait for the copies in flight and deliver them; only for the end of a run."""
        while self._flying:
            event, landed, receive = self._flying.popleft()
            if event is not None:
                event.synchronize()
            receive(landed.numpy())


def _fly(vector: Tensor, receive: Receive) -> tuple[Any, Tensor, Receive]:
    if vector.device.type != "cuda":
        # Other devices have no event to poll; their copy is blocking.
        return None, vector.to("cpu"), receive
    landed = torch.empty(vector.shape, dtype=vector.dtype, device="cpu", pin_memory=True)
    landed.copy_(vector, non_blocking=True)
    event: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    event.record()
    return event, landed, receive
