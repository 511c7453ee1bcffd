"""Trains a twin on its batch by a method that needs no lr: it is not the run's own that is asked.

Adam (Kingma and Ba 2015), whose step for each tensor is a share of the size of its numbers, as
Adafactor's is (Shazeer and Stern 2018, section 8), in full precision whatever the weights have.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lossmon.probes.twin import Twin

RATE = 1e-2
"""Step as a share of a tensor's root mean square: Adafactor's own."""
BETAS = 0.9, 0.99
EPSILON = 1e-10


class Fit:
    """Makes steps; can go back to where the twin was best."""

    def __init__(self, twin: Twin, rate: float = RATE) -> None:
        self.rate = rate
        """Step as a share of a tensor's size; may be changed between steps."""
        self._twin = twin
        with torch.no_grad():
            self._weights = [_real(p).to(_full(p.dtype), copy=True) for p in twin.parameters]
            self._sizes = [_size(p) for p in twin.parameters]
        self._kept = [w.clone() for w in self._weights]
        self._begin_anew()

    def step(self) -> bool:
        """Make a step; return whether any gradient arrived."""
        _, gradients = self._twin.gradients()
        if all(gradient is None for gradient in gradients):
            return False
        with torch.no_grad():
            self._move(
                [
                    torch.zeros_like(w) if g is None else _real(g).to(w.dtype)
                    for w, g in zip(self._weights, gradients, strict=True)
                ]
            )
            self._write()
        return True

    def keep(self) -> None:
        """Remember the weights as they are."""
        torch._foreach_copy_(self._kept, self._weights)

    def go_back(self) -> None:
        """Go back to the weights that were kept last, and begin anew from there."""
        with torch.no_grad():
            torch._foreach_copy_(self._weights, self._kept)
            self._begin_anew()
            self._write()

    def _begin_anew(self) -> None:
        self._steps = 0
        self._means = [torch.zeros_like(w) for w in self._weights]
        self._squares = [torch.zeros_like(w) for w in self._weights]

    def _move(self, gradients: list[Tensor]) -> None:
        self._steps += 1
        of_mean, of_square = (1 - beta**self._steps for beta in BETAS)
        torch._foreach_lerp_(self._means, gradients, 1 - BETAS[0])
        torch._foreach_mul_(self._squares, BETAS[1])
        torch._foreach_addcmul_(self._squares, gradients, gradients, 1 - BETAS[1])
        roots = torch._foreach_sqrt(self._squares)
        torch._foreach_div_(roots, math.sqrt(of_square))
        torch._foreach_add_(roots, EPSILON)
        rates = [-self.rate * size / of_mean for size in self._sizes]
        torch._foreach_addcdiv_(self._weights, self._means, roots, rates)

    def _write(self) -> None:
        for parameter, weight in zip(self._twin.parameters, self._weights, strict=True):
            _real(parameter).copy_(weight)


def without_dropout(model: nn.Module) -> None:
    """Take the chance out of a copy's layers: what it can learn is asked, not how well it does."""
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
        for name, value in list(vars(module).items()):
            # Of recurrent and attention layers, and as a rule of hand-written ones.
            if "drop" in name and isinstance(value, float):
                setattr(module, name, 0.0)


def _size(parameter: Tensor) -> float:
    """Return the size of a tensor's numbers: at least what torch would initialise a layer with.

    1 for biases and gains, which may begin at 0 and have far to go.
    """
    if parameter.dim() < 2 or not parameter.numel():
        return 1.0
    numbers = _real(parameter).float()
    usual = 1 / math.sqrt(3 * parameter.numel() / parameter.shape[0])
    return max(float(numbers.square().mean().sqrt()), usual)


def _full(dtype: torch.dtype) -> torch.dtype:
    return torch.float64 if dtype in (torch.float64, torch.complex128) else torch.float32


def _real(tensor: Tensor) -> Tensor:
    """Return complex numbers as pairs, without a copy."""
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor
