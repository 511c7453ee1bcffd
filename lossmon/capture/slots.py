"""One layer's output, or its input, as the hook puts it where it is measured."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from lossmon.capture.cuts import Cut, Share, cut

MAX_PLANS = 64
"""Shapes of one layer's output whose cuts are kept."""
MISSES = 3
"""Outputs in a row that are too small to be read as the first was, before fewer are asked for."""


@dataclass(slots=True, eq=False)
class Slot:
    """Where the sampled elements of one tensor of a layer go."""

    row: int
    """Of the layer table."""
    share: Share
    device: torch.device
    is_input: bool
    target: Tensor
    """Shape (samples, kept units)."""
    function: str = ""
    """Activation function that the layer is, or that follows it."""
    scale: float = 1.0
    """What its output is multiplied by before that function."""
    is_activation: bool = False
    fresh: bool = False
    """Whether the target holds what the newest forward pass put there."""
    misses: int = 0
    turn: int = 0
    _plans: dict[tuple[torch.Size, tuple[int, ...]], tuple[Cut, Tensor] | None] = field(
        default_factory=dict
    )

    def take(self, tensor: Tensor) -> None:
        """Copy the sampled elements of `tensor`; nothing where it does not fit."""
        key = tensor.shape, tensor.stride()
        if key not in self._plans:
            self._plan(key)
        plan = self._plans[key]
        if plan is None or tensor.device != self.device:
            self.misses += 1
            return
        elements, target = plan
        target.copy_(elements.of(tensor, self.turn))
        self.turn += 1
        self.misses = 0
        self.fresh = True

    def move(self, target: Tensor) -> None:
        """Go on in another place, with what is there."""
        target.copy_(self.target)
        self.target = target
        self._plans.clear()

    def _plan(self, key: tuple[torch.Size, tuple[int, ...]]) -> None:
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
        elements = cut(self.share, *key)
        target = None if elements is None else self.target.view(elements.size)
        self._plans[key] = None if elements is None or target is None else (elements, target)


def new_slot(row: int, share: Share, device: torch.device, *, is_input: bool) -> Slot:
    """Return a slot with a place of its own."""
    target = torch.zeros(share.samples, share.kept, device=device)
    return Slot(row, share, device, is_input, target)
