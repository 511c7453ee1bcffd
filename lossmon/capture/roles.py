"""What has to be known of the activation functions of layers that are measured together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from lossmon.capture.functions import FUNCTIONS, INF, SOFTMAX, Function
from lossmon.capture.slots import Slot


class Roles:
    """One entry a slot, in their order."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        known = [None if s.is_input else FUNCTIONS.get(s.function) for s in slots]
        self.has_function = np.array([f is not None for f in known], bool)
        self.fires = np.array([f is not None and f.fires for f in known], bool)
        """Whether its units can be dead: it is a ReLU, or feeds one."""
        self.is_softmax = np.array([_is_whole_softmax(slot) for slot in slots], bool)
        limits = [_limits(f, slot) for f, slot in zip(known, slots, strict=True)]
        self.low = np.array([low for low, _ in limits], np.float32)
        self.high = np.array([high for _, high in limits], np.float32)
        self.has_limits = (self.low > -INF) | (self.high < INF)
        """Whether there are values at which it is pinned: up to `low`, from `high` on."""
        self.follows = self.has_function & [not slot.is_activation for slot in slots]
        """Whether the function comes after what is measured."""
        self.floor = np.where(self.follows & self.fires, np.float32(0), np.float32(-INF))
        """A ReLU that comes after is the larger of this and the value."""
        self.worked_out: list[tuple[int, Callable[[Tensor], Tensor]]] = [
            (at, _scaled(function.apply, slots[at].scale))
            for at, function in enumerate(known)
            if function is not None and self.follows[at] and not function.fires
        ]
        """Other functions that come after."""


def _limits(function: Function | None, slot: Slot) -> tuple[float, float]:
    if function is None:
        return -INF, INF
    low, high = function.limits(of_output=slot.is_activation)
    return low / slot.scale, high / slot.scale


def _scaled(apply: Callable[[Tensor], Tensor], scale: float) -> Callable[[Tensor], Tensor]:
    return apply if scale == 1 else lambda x: apply(scale * x)


def _is_whole_softmax(slot: Slot) -> bool:
    """Return whether whole distributions are read: along the units, and all of these."""
    share = slot.share
    return slot.function == SOFTMAX and not slot.is_input and share.every == 1 and share.units > 1
