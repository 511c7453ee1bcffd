"""Whether the first gradient is out of all proportion to the weights and the loss.

‖g‖‖w‖, tensor by tensor, is the change of the loss that a step of the weights' own length promises;
all together would count large tables with gradients that are none of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import root_sum_squares
from lossmon.layersignals import STD_IN
from lossmon.numfmt import fmt
from lossmon.signals import GRAD_NORM, TOTAL_GRAD_NORM, UNCLIPPED_NORM, WEIGHT_NORM

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

ENLARGED = Threshold(10.0, "times a constant's", "an untrained model's own is 1 to 2 times that")
STEEP = Threshold(150.0, "of the loss", "untrained: learning programs at most 50, exploding 244")


@dataclass(frozen=True, slots=True)
class Steepness:
    """Of the first record, before any step."""

    norm: float
    """Total norm of the gradient before clipping, without those of replaced parameters."""
    slope: float
    """Root of the sum over the parameters of (‖g‖‖w‖)²; infinite where it overflowed."""
    used: float
    """The same of the gradient that the step used: less, where it was clipped."""
    scale: float
    """What it is held against: the first loss, or that of a constant where that is larger.

    That of a constant also where the first one itself is out of all proportion, see `_enlarged`.
    """

    @property
    def is_steep(self) -> bool:
        """Whether the slope is beyond the limit."""
        return self.slope > STEEP.value * self.scale

    @property
    def is_clipped(self) -> bool:
        """Whether clipping has left nothing of that."""
        return self.is_steep and self.used <= STEEP.value * self.scale

    def evidence(self, step: int, loss: float) -> Evidence:
        """Return what tells so, of a first step with that loss."""
        reads = f"the first gradient has a norm of {fmt(self.norm, 3)} where the loss is "
        reads += f"{fmt(loss, 3)}: a step as long as the weights promises to change it by "
        reads += fmt(self.slope, 3)
        limit, bound = STEEP.value, fmt(STEEP.value * self.scale, 3)
        observed, tag, source = self.slope / self.scale, TOTAL_GRAD_NORM.name, STEEP.source
        return Evidence(tag, step, step, observed, limit, reads, source, bound)


def steepness(facts: Facts) -> Steepness | None:
    """Return how steep the loss was at the first step; None where that was not recorded."""
    rows, loss = facts.run_rows[:1], facts.first_loss
    if not len(rows) or facts.sampled_steps[rows[0]] != facts.first_step or not loss > 0:
        return None
    clipped, weight = (facts.parameter(s, rows)[0] for s in (GRAD_NORM, WEIGHT_NORM))
    gradient = np.fmax(clipped, facts.parameter(UNCLIPPED_NORM, rows)[0])
    norm, slope, used = (
        float(root_sum_squares(x)) for x in (gradient, gradient * weight, clipped * weight)
    )
    constant = float(np.nan_to_num(facts.constant_loss))
    scale = constant if _enlarged(facts) else max(loss, constant)
    return Steepness(norm, slope, used, scale)


def _enlarged(facts: Facts) -> bool:
    """Return whether something that is no layer enlarged what the untrained model put out.

    Such as sums over a graph: how much each of them multiplies is not measured. The loss then lay
    far above that of a constant from the start, and still does.
    """
    far = facts.first_loss > ENLARGED.value * facts.constant_loss
    return far and facts.level.explained < 0 and not facts.is_recorded(STD_IN)
