"""input-twin: does the model learn anything from what it is given?

Copies are trained for a few dozen steps on the batch as it is, with inputs that say nothing, and
with inputs that belong to other targets (the zeroed-input twin is TheDeepChecker's, Ben Braiek and
Khomh 2022). On one batch any inputs can be learnt by heart: what speaks for them is that the right
ones are learnt faster than shuffled ones, by more than those differ among themselves.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

import torch
from torch import Tensor

from lossmon.numfmt import fmt
from lossmon.probes.calls import Change, altered_inputs, dim_of_examples, examples_in, inputs_of
from lossmon.probes.clock import Clock
from lossmon.probes.fit import Fit, without_dropout
from lossmon.probes.level import level_of
from lossmon.probes.outcome import CannotRunError
from lossmon.probes.subject import Subject
from lossmon.probes.twin import Twin

STEPS = 40
RATE = 3e-2
"""See `Fit`: three times its usual, so that in so few steps one linear layer gets somewhere, too.
Measured on MLPs of 64 and 256 examples: there right inputs are farthest from shuffled ones."""
SHUFFLES = 8
SPREADS = 3.5
"""Standard deviations of the shuffled losses that the right one must be below their mean: noise
passes in less than one of 100 (Student's t with 7 degrees of freedom, for a ninth value)."""
LEAST_GAP = 0.01
"""As a share of the shuffled loss: where all shuffles give the same loss, rounding is no evidence.
"""


@dataclass(frozen=True, slots=True)
class InputTwin:
    """The answer."""

    loss: float
    """After training on the batch as it is; the criterion's own, where one is known."""
    zeroed_loss: float
    """With inputs of 0; where they are whole numbers, with the first example's for all."""
    shuffled_loss: float
    """With inputs that belong to other targets: the mean of eight shuffles."""
    shuffled_spread: float
    """Their standard deviation: few examples leave it large, and then little can be seen."""
    uses_input: bool
    """Whether the loss is lower than it is without the input, and with another's."""

    def __str__(self) -> str:
        helps = "helps" if self.uses_input else "does not help"
        shuffled = f"{fmt(self.shuffled_loss, 3)} ± {fmt(self.shuffled_spread, 2)}"
        others = f"zeroed {fmt(self.zeroed_loss, 3)}, shuffled {shuffled}"
        return f"the input {helps}: loss {fmt(self.loss, 3)}, {others}"


def input_twin(subject: Subject, clock: Clock) -> InputTwin:
    """Train copies on the batch and on what takes the input's meaning away.

    Raises:
        CannotRunError: Nothing in the batch is input, or its time was over.
    """
    twin = Twin(subject)
    inputs = inputs_of(twin)
    examples = examples_in(twin, inputs)
    if all(dim_of_examples(tensor, examples) is None for tensor in inputs):
        raise CannotRunError("no input has a row for each example")
    del twin
    loss = _trained(subject, clock, lambda tensor: tensor)
    zeroed = _trained(subject, clock, _emptied(examples))
    shuffled = [_trained(subject, clock, _shuffled(examples, seed)) for seed in range(SHUFFLES)]
    if not all(map(math.isfinite, (loss, *shuffled))):
        raise CannotRunError("the loss of a copy became infinite or NaN")
    mean, spread = statistics.fmean(shuffled), statistics.stdev(shuffled)
    uses = _is_below(loss, shuffled) and not loss >= zeroed - LEAST_GAP * abs(zeroed)
    return InputTwin(loss, zeroed, mean, spread, uses)


def _is_below(loss: float, shuffled: list[float]) -> bool:
    """Return whether `loss` is lower than chance would have it, were it one of `shuffled`.

    As logarithms where there are any: of a batch learnt by heart the ratios still differ.
    """
    if min(loss, *shuffled) > 0:
        loss, shuffled = math.log(loss), [math.log(each) for each in shuffled]
        least = LEAST_GAP
    else:
        least = LEAST_GAP * abs(statistics.fmean(shuffled))
    return loss < statistics.fmean(shuffled) - max(SPREADS * statistics.stdev(shuffled), least)


def _trained(subject: Subject, clock: Clock, change: Change) -> float:
    """Return the loss of a copy that was trained with altered inputs."""
    twin = Twin(subject)
    without_dropout(twin.model)
    fit = Fit(twin, RATE)
    with altered_inputs(twin.model, change):
        for step in range(STEPS):
            if clock.is_over:
                raise CannotRunError(
                    "its time was over before all copies were trained; give it more seconds="
                )
            clock.tell(f"step {step}")
            if not fit.step():
                break
        return level_of(twin).loss


def _emptied(examples: int) -> Change:
    """Return what leaves nothing of an input that tells examples apart."""

    def change(tensor: Tensor) -> Tensor:
        dim = dim_of_examples(tensor, examples)
        if dim is None:
            return tensor
        if tensor.is_floating_point():
            return torch.zeros_like(tensor)
        # There may be no 0 among token ids, or it may stand for nothing at all.
        return tensor.narrow(dim, 0, 1).expand_as(tensor).clone()

    return change


def _shuffled(examples: int, seed: int) -> Change:
    """Return what gives every input the rows in another order, one order for all inputs."""
    order = torch.randperm(examples, generator=torch.Generator().manual_seed(seed))

    def change(tensor: Tensor) -> Tensor:
        dim = dim_of_examples(tensor, examples)
        return tensor if dim is None else tensor.index_select(dim, order.to(tensor.device))

    return change
