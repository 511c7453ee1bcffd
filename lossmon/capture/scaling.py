"""What a GradScaler has multiplied: the loss behind a scaled one, and the scale of its gradients.

The scale stays a tensor on its device: nobody waits for its value. Where it cannot be told it is
NaN, so that what is divided by it is missing and not wrong.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.amp import GradScaler

from lossmon.capture.guard import Guard

MAX_LOSSES = 64
"""Scaled losses since a step that are remembered."""
UNKNOWN = torch.tensor(float("nan"))


@dataclass(frozen=True, slots=True)
class _Scaled:
    output: weakref.ref[Tensor]
    loss: Tensor
    scale: Tensor


class Scaling:
    """Losses that were scaled since the last optimizer step."""

    def __init__(self) -> None:
        self._known: dict[int, _Scaled] = {}
        self._guard = Guard(lambda collector, error: None)

    @property
    def is_known(self) -> bool:
        """Whether any loss was scaled since the last step."""
        return bool(self._known)

    def note(self, scaler: GradScaler, outputs: Any, scaled: Any) -> None:
        """Remember what `scaler.scale(outputs)` gave. Never raises."""
        self._guard.run("loss scale", self._note, scaler, outputs, scaled)

    def of(self, roots: Sequence[Tensor]) -> tuple[Tensor | None, Tensor | None]:
        """Return loss and scale of a backward pass; None for several losses, and for no scale."""
        if not self._known:
            return (roots[0] if len(roots) == 1 else None), None
        found = [self._known.get(id(root)) for root in roots]
        pairs = zip(found, roots, strict=True)
        hits = [known for known, root in pairs if known is not None and known.output() is root]
        loss = roots[0] if not hits else hits[0].loss
        # Of roots that were not scaled some may come from others that were.
        alike = len(hits) == len(roots) > 0 and all(hit.scale is hits[0].scale for hit in hits)
        return (loss if len(roots) == 1 else None), (hits[0].scale if alike else UNKNOWN)

    def forget(self) -> None:
        """Begin anew: a step was made."""
        if self._known:
            self._known = {}

    def _note(self, scaler: GradScaler, outputs: Any, scaled: Any) -> None:
        if scaled is outputs:
            return  # the scaler is switched off
        if not isinstance(scaled, Tensor):
            for output, each in zip(outputs, scaled, strict=True):
                self._note(scaler, output, each)
            return
        scale = getattr(scaler, "_scale", None)
        if len(self._known) >= MAX_LOSSES:
            self.forget()
        known = _Scaled(weakref.ref(scaled), outputs.detach(), UNKNOWN if scale is None else scale)
        self._known[id(scaled)] = known
