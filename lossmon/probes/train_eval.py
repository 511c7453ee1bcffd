"""train-eval: what do train mode's dropout and batch statistics change in the loss of one batch?"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import torch

from lossmon.numfmt import fmt
from lossmon.probes.clock import Clock
from lossmon.probes.subject import Subject
from lossmon.probes.twin import Twin

PASSES = 8
"""In train mode: dropout draws anew in each."""


@dataclass(frozen=True, slots=True)
class TrainEval:
    """The answer."""

    train_loss: float
    """The mean over eight passes in train mode."""
    eval_loss: float

    def __str__(self) -> str:
        return f"loss {fmt(self.train_loss)} in train mode, {fmt(self.eval_loss)} in eval mode"


def train_eval(subject: Subject, clock: Clock) -> TrainEval:
    """Compute the loss of the batch in both modes.

    Parts that the training keeps in eval mode, such as a frozen backbone, stay there.
    """
    twin = Twin(subject)
    modes = [(module, module.training) for module in twin.model.modules()]
    with torch.no_grad():
        # First: passes in train mode move the statistics that eval mode uses.
        twin.model.eval()
        eval_loss = float(twin.loss())
        for module, mode in modes:
            module.training = mode
        if not twin.model.training:
            twin.model.train()
        train_losses = []
        for number in range(PASSES):
            clock.tell(f"pass {number + 1}")
            train_losses.append(float(twin.loss()))
            if clock.is_over:
                break
    return TrainEval(statistics.fmean(train_losses), eval_loss)
