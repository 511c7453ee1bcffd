"""One step of a run: from the first backward pass after a step to the last optimizer's step.

Several optimizers that step without a backward pass between them make one step of the run; the
same optimizer stepping again, or a backward pass, begins the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    is_told: bool = False
    """Whether the loop told the loss before the step."""
    is_open: bool = True
    """Whether it waits for more; False once it is written."""

    def join(self, optimizer: int, sample: Sample | None) -> None:
        """Take in the step of one more optimizer."""
        self.stepped.add(optimizer)
        if self.sample is None:
            self.sample = sample
        elif sample is not None:
            self.sample.join(sample)
