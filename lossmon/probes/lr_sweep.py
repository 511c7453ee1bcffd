"""lr-sweep: how far along its update could the optimizer go before the loss of the batch rises?

The critical lr of Kalra and Barkeshli (arXiv 2601.16979): the smallest one that raises the loss
along the actual update, found by forward passes alone. 2 / it is the critical sharpness: under
gradient descent on a quadratic its curvature. Every pass draws the same random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lossmon.capture.groups import lr_numbers
from lossmon.numfmt import fmt
from lossmon.probes.clock import Clock
from lossmon.probes.outcome import CannotRunError
from lossmon.probes.randomstate import random_state_kept
from lossmon.probes.subject import Subject
from lossmon.probes.twin import Twin
from lossmon.probes.update import update_of

FACTOR = 4.0
"""Between two multiples while the critical one is searched for."""
MAX_POWER = 8
"""Of `FACTOR`, up and down from the lr itself."""
REFINEMENTS = 3


@dataclass(frozen=True, slots=True)
class LrSweep:
    """The answer."""

    lr: float
    """Of the first param group; multiples apply to the whole update."""
    critical_lr: float
    """The smallest that raises the loss; inf where none does up to 65,536 times the lr, 0 where
    even a 65,536th of it does: that update leads uphill."""
    lrs: tuple[float, ...]
    """What was tried, ascending; the first is 0."""
    losses: tuple[float, ...]
    """The loss at each of them."""

    def __str__(self) -> str:
        if self.critical_lr == 0:
            return f"lr {fmt(self.lr)}: the update raises the loss at any lr"
        if math.isinf(self.critical_lr):
            return f"lr {fmt(self.lr)}: no lr up to {fmt(self.lrs[-1])} raises the loss"
        times = fmt(self.critical_lr / self.lr, 2)
        return (
            f"lr {fmt(self.lr)}: the loss rises from {fmt(self.critical_lr)} on, {times} times it"
        )


def lr_sweep(subject: Subject, clock: Clock) -> LrSweep:
    """Let a copy of the optimizer make its step, and look along it.

    Raises:
        CannotRunError: There is no optimizer, or its update is 0.
    """
    if not subject.optimizers:
        raise CannotRunError("no optimizer is known; pass it to watch() or probe()")
    twin = Twin(subject, with_optimizers=True)
    rates = [rate for rate in lr_numbers(twin.optimizers) if rate is not None]
    if not rates or rates[0] == 0:
        raise CannotRunError("the lr is 0" if rates else "the optimizer has no lr")
    begin = [parameter.detach().clone() for parameter in twin.parameters]
    update = update_of(twin)
    losses: dict[float, float] = {}

    def loss_at(multiple: float) -> float:
        clock.tell(f"{fmt(multiple)} times the lr")
        if multiple not in losses:
            losses[multiple] = _loss_along(twin, begin, update, multiple)
        return losses[multiple]

    critical = _critical(loss_at)
    tried = sorted(losses)
    lrs = tuple(rates[0] * multiple for multiple in tried)
    return LrSweep(rates[0], rates[0] * critical, lrs, tuple(losses[m] for m in tried))


def _critical(loss_at: Callable[[float], float]) -> float:
    """Return the smallest multiple at which the loss is above that at 0."""

    def rise(multiple: float) -> float:
        """The rise per length: of a quadratic a straight line, which is 0 at the critical one."""
        risen = (loss_at(multiple) - loss_at(0.0)) / multiple
        return risen if risen == risen else math.inf

    low, high = _bracket(rise)
    for _ in range(REFINEMENTS):
        if low == 0 or math.isinf(high):
            break
        middle = _crossing(low, rise(low), high, rise(high))
        low, high = (low, middle) if rise(middle) > 0 else (middle, high)
    if low == 0 or math.isinf(high):
        return low if low == 0 else high
    return _crossing(low, rise(low), high, rise(high))


def _bracket(rise: Callable[[float], float]) -> tuple[float, float]:
    """Return multiples between which the loss begins to rise; 0 or inf where it does not there."""
    low, high = 0.0, math.inf
    multiple = 1.0
    upwards = not rise(multiple) > 0
    for _ in range(MAX_POWER + 1):
        if rise(multiple) > 0:
            high = multiple
            if upwards:
                break
            multiple /= FACTOR
        else:
            low = multiple
            if not upwards:
                break
            multiple *= FACTOR
    return low, high


def _crossing(low: float, below: float, high: float, above: float) -> float:
    """Return where a straight line between two rises is 0; their middle where one is infinite."""
    if math.isinf(above) or above == below:
        return math.sqrt(low * high)
    return low + (high - low) * -below / (above - below)


def _loss_along(twin: Twin, begin: list[Tensor], update: list[Tensor], multiple: float) -> float:
    with torch.no_grad(), random_state_kept({p.device for p in begin}):
        for parameter, start, step in zip(twin.parameters, begin, update, strict=True):
            parameter.copy_(start + multiple * step if multiple else start)
        return float(twin.loss())
