"""The update that a twin's own optimizers would make now: their lr, state and decay included."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import Optimizer

from lossmon.probes.outcome import CannotRunError
from lossmon.probes.twin import Twin


def update_of(twin: Twin) -> list[Tensor]:
    """Return what one step adds to each of the twin's parameters; moves them.

    Without what the loop does to gradients before a step, such as clipping.

    Raises:
        CannotRunError: It adds nothing.
    """
    begin = [parameter.detach().clone() for parameter in twin.parameters]
    closure = _closure(twin)
    closure()
    for optimizer in twin.optimizers:
        if _asks_for_closure(optimizer):
            optimizer.step(closure)
        else:
            optimizer.step()
    update = [p.detach() - start for p, start in zip(twin.parameters, begin, strict=True)]
    if not any(bool(step.any()) for step in update):
        raise CannotRunError("the optimizer's step changes none of the model's parameters")
    return update


def _closure(twin: Twin) -> Callable[[], float]:
    def closure() -> float:
        with torch.enable_grad():
            loss, gradients = twin.gradients()
        for parameter, gradient in zip(twin.parameters, gradients, strict=True):
            parameter.grad = gradient
        return float(loss)

    return closure


def _asks_for_closure(optimizer: Optimizer) -> bool:
    found = inspect.signature(type(optimizer).step).parameters.get("closure")
    return found is not None and found.default is inspect.Parameter.empty
