"""Backward passes that no optimizer step has followed: steps themselves, if none ever comes.

They are held back, because the first passes of an accumulated step look the same.
"""

from __future__ import annotations

import time

from torch import Tensor

from lossmon.capture.log import RunLog
from lossmon.capture.samples import Sample
from lossmon.capture.scalars import Line

MAX_TICKS = 64
"""Backward passes without any step that are held back before they count as steps themselves."""
Losses = list[Tensor | float | None]
"""One for each backward pass; None where the loop tells the loss itself."""


class Ticks:
    """The passes that are held back, each with its losses and what was sampled of it."""

    def __init__(self) -> None:
        self._held: list[tuple[Losses, Sample | None]] = []

    @property
    def is_full(self) -> bool:
        """Whether no step is to be expected any more."""
        return len(self._held) > MAX_TICKS

    def hold(self, losses: Losses, sample: Sample | None) -> None:
        """Hold back one more pass."""
        self._held.append((losses, sample))

    def forget_samples(self) -> None:
        """Drop what was sampled: the run has other rows now."""
        self._held = [(losses, None) for losses, _ in self._held]

    def take(self) -> list[tuple[Losses, Sample | None]]:
        """Return all that is held back, and hold nothing."""
        held, self._held = self._held, []
        return held

    def release(self, log: RunLog, next_step: int) -> None:
        """Write what is held back as steps; the one after them is `next_step`."""
        held = self.take()
        for step, (losses, sample) in enumerate(held, next_step - len(held)):
            log.put(Line(step, time.time(), {}, [x for x in losses if x is not None]))
            if sample is not None:
                log.sample(sample, None)
