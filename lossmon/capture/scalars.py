"""One line of scalars a step, written in step order, without waiting for a loss on a device."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmon.capture.sharding import local
from lossmon.capture.transfer import Transfer
from lossmon.eventfile.writer import RunWriter
from lossmon.signals import LOSS

MAX_PENDING = 64
MAX_AGE_S = 0.2
"""Losses on a device are fetched together, at the latest after this many steps or seconds."""


@dataclass(slots=True)
class Line:
    """The scalars of one step."""

    step: int
    wall_time: float
    values: dict[str, float] = field(default_factory=dict)
    losses: list[Tensor | float] = field(default_factory=list)
    """Losses of the step's backward passes; their mean is the step's loss."""
    is_put: bool = False
    """Whether it has gone to the log: then nothing more may be added to it."""


def held_loss(loss: Tensor) -> Tensor | float | None:
    """Return a loss that outlives the step: a number from the CPU, a copy from a device."""
    if type(loss) is not Tensor:
        # Asking a distributed tensor for its value would make all ranks talk.
        loss = local(loss)
    if loss.numel() != 1:
        return None
    if loss.is_cpu:
        return float(loss.item())
    return loss.detach().reshape(()).float().clone()


def told_loss(loss: Any) -> Tensor | float | None:
    """Return a loss as the loop told it, which may be a plain number."""
    return held_loss(loss) if isinstance(loss, Tensor) else float(loss)


class ScalarLog:
    """Writes lines as their losses become known."""

    def __init__(self, writer: RunWriter, transfer: Transfer) -> None:
        self._writer = writer
        self._transfer = transfer
        self._pending: list[Line] = []
        self._oldest = 0.0

    @property
    def waits(self) -> bool:
        """Whether any line waits for a loss."""
        return bool(self._pending)

    def put(self, line: Line) -> None:
        """Write `line`, at once where all its losses are numbers and nothing older waits."""
        on_device = any(isinstance(loss, Tensor) for loss in line.losses)
        if not on_device and not self._pending:
            self._write(line)
            return
        now = time.monotonic()
        if not self._pending:
            self._oldest = now
        self._pending.append(line)
        if len(self._pending) >= MAX_PENDING or now - self._oldest > MAX_AGE_S:
            self.fetch()

    def fetch(self) -> None:
        """Ask for the losses of all waiting lines, in one copy."""
        lines, self._pending = self._pending, []
        tensors = [x for line in lines for x in line.losses if isinstance(x, Tensor)]
        if not tensors:
            for line in lines:
                self._write(line)
            return
        device = tensors[0].device
        vector = torch.stack([t.to(device, non_blocking=True) for t in tensors])

        def receive(values: NDArray[np.float32]) -> None:
            numbers = iter(values.tolist())
            for line in lines:
                line.losses = [next(numbers) if isinstance(x, Tensor) else x for x in line.losses]
                self._write(line)

        if not self._transfer.send(vector, receive):
            # A loss is never dropped: it waits for the next fetch.
            self._pending = lines + self._pending

    def _write(self, line: Line) -> None:
        numbers = [x for x in line.losses if isinstance(x, float)]
        if numbers:
            line.values = {LOSS.tag: sum(numbers) / len(numbers), **line.values}
        if line.values:
            self._writer.scalars(line.step, line.wall_time, line.values)
