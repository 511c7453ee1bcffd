"""Which backward pass is the last one before a step, and what its gradients are multiplied by."""

from __future__ import annotations

from torch import Tensor

from lossmon.capture.scaling import UNKNOWN


class Passes:
    """Counts the passes behind the steps of a run."""

    def __init__(self) -> None:
        self.in_step = False
        """Whether an optimizer is at work: passes are a closure's then."""
        self.scale: Tensor | None = None
        """Scale of the gradients that have been accumulated; None for none."""
        self._behind: dict[int, int] = {}

    @property
    def are_single(self) -> bool:
        """Whether every step came after one pass, the last time."""
        return all(count == 1 for count in self._behind.values())

    def ended(self, number: int, scale: Tensor | None) -> bool:
        """Take note of the end of pass `number`, from 1; return whether it may be the last one.

        How many are accumulated the last steps tell: only from there on it is worth a look.
        """
        self.scale = scale if number < 2 or scale is self.scale else UNKNOWN
        least = 1 if self.in_step else min(self._behind.values(), default=1)
        return number >= max(1, least)

    def behind(self, lane: int, count: int) -> None:
        """Take note that a step of the optimizer `lane` came after `count` passes."""
        self._behind[lane] = count
