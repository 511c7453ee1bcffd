"""Device to host without a sync: one pinned, asynchronous copy a sample, polled while training.

A query from another thread can break a CUDA-graph capture, so nobody else may ask. Pinned memory
is used again and again: asking the driver for more of it may wait for the device.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RING = 16
"""Copies in flight; a further one is refused."""
_GRANULE = 256
"""Buffers are so many numbers long, or a multiple, so that vectors of any length share them."""

Receive = Callable[[NDArray[np.float32]], None]


class Event(Protocol):
    """What tells when a copy has arrived."""

    def query(self) -> bool:
        """Whether it has; does not wait."""

    def synchronize(self) -> None:
        """Wait until it has."""


class Lane(Protocol):
    """How vectors of one kind of device come to the host."""

    def is_direct(self, vector: Tensor) -> bool:
        """Return whether `vector` lies in host memory, where it can be read at once."""

    def buffer(self, length: int) -> Tensor:
        """Return host memory that the device can write to by itself."""

    def copy(self, vector: Tensor, into: Tensor) -> Event | None:
        """Begin to copy; return what tells of its end, None where it has ended already."""


class DeviceLane:
    """CUDA and what looks like it: pinned memory, and an event in the stream of the training."""

    def is_direct(self, vector: Tensor) -> bool:
        """See `Lane`."""
        return vector.device.type == "cpu"

    def buffer(self, length: int) -> Tensor:
        """See `Lane`."""
        return torch.empty(length, dtype=torch.float32, pin_memory=torch.cuda.is_initialized())  # type: ignore[no-untyped-call]  # torch leaves it so

    def copy(self, vector: Tensor, into: Tensor) -> Event | None:
        """See `Lane`."""
        into.copy_(vector, non_blocking=vector.is_cuda)
        if not vector.is_cuda:
            # Other devices have no event to poll; their copy is blocking.
            return None
        event: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        event.record(torch.cuda.current_stream(vector.device))
        return event  # type: ignore[no-any-return]  # nor does it type this


@dataclass(frozen=True, slots=True)
class _Flight:
    event: Event | None
    buffer: Tensor
    length: int
    receive: Receive


class Transfer:
    """Delivers vectors to the host, in order."""

    def __init__(self, lane: Lane | None = None) -> None:
        self._lane = lane or DeviceLane()
        self._flying: deque[_Flight] = deque()
        self._free: dict[int, list[Tensor]] = {}

    @property
    def is_flying(self) -> bool:
        """Whether any copy is on its way."""
        return bool(self._flying)

    def send(self, vector: Tensor, receive: Receive) -> bool:
        """Call `receive` with the values: at once for host memory, at a later `poll` for a device.

        The values are valid during that call only. Returns False, and sends nothing, where too many
        copies are in flight: what then is the sender's to say.
        """
        if self._lane.is_direct(vector):
            receive(vector.numpy())
            return True
        if len(self._flying) >= RING:
            return False
        length = -(-vector.numel() // _GRANULE) * _GRANULE
        free = self._free.get(length)
        buffer = free.pop() if free else self._lane.buffer(length)
        event = self._lane.copy(vector, buffer[: vector.numel()])
        self._flying.append(_Flight(event, buffer, vector.numel(), receive))
        return True

    def poll(self) -> None:
        """Deliver every copy that has arrived. Never waits."""
        while self._flying and (self._flying[0].event is None or self._flying[0].event.query()):
            self._deliver()

    def drain(self) -> None:
        """Wait for the copies in flight and deliver them; only for the end of a run."""
        while self._flying:
            event = self._flying[0].event
            if event is not None:
                event.synchronize()
            self._deliver()

    def _deliver(self) -> None:
        flight = self._flying.popleft()
        try:
            flight.receive(flight.buffer[: flight.length].numpy())
        finally:
            self._free.setdefault(flight.buffer.numel(), []).append(flight.buffer)
