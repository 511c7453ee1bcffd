"""One step of a run: from the first backward pass after a step to the last optimizer's step.

Several optimizers that step without a backward pass between them make one step of the run; the
same optimizer stepping again, or a backward pass, begins the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from lossmon.capture.samples import Sample
from lossmon.capture.scalars import Line


@dataclass(slots=True)
class Cycle:
    """What is recorded of one step until it is written."""

    line: Line
    sampled: bool
    stepped: set[int]
    """id() of every optimizer that stepped."""
    sample: Sample | None = None
    rates: Mapping[int, list[float | None]] | None = None
    """Per id() of an optimizer the lr of its groups; only while the run is on trial."""
    words: int = 0
    """Losses that the loop told before the step."""
    passes: int = 1
    """Backward passes behind the step."""
    is_open: bool = True
    """Whether it waits for more; False once it is written."""

    @property
    def is_told(self) -> bool:
        """Whether the loop has told the loss: where it tells each pass's, the last is to come."""
        return self.words > 0 and self.words != self.passes - 1

    def tell(self, loss: Tensor | float | None) -> None:
        """Take the loop's word after the step, None for a word without a loss."""
        if loss is not None and not self.is_told:
            self.line.losses = [*(self.line.losses if self.words else ()), loss]

    def join(self, optimizer: int, sample: Sample | None) -> None:
        """Take in the step of one more optimizer."""
        self.stepped.add(optimizer)
        if self.sample is None:
            self.sample = sample
        elif sample is not None:
            self.sample.join(sample)
