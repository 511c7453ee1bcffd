"""Activation functions, by the name that their module's class and their autograd node share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

INF = math.inf
PINNED = 5.0
"""|pre-activation| beyond which tanh and sigmoid are pinned (DeepDiagnosis, Wardat et al. 2022)."""
CERTAIN = 1 / (1 + math.exp(-PINNED))
"""Largest entry of a softmax above which it is pinned: with two classes the same as `PINNED`."""


@dataclass(frozen=True, slots=True)
class Function:
    """What has to be known of a function."""

    apply: Callable[[Tensor], Tensor]
    low: float = -INF
    high: float = INF
    """At and beyond these pre-activations it is pinned."""
    fires: bool = False
    """Whether a unit fires exactly where its pre-activation is above 0."""

    @property
    def has_limits(self) -> bool:
        """Whether it can be pinned."""
        return self.low > -INF or self.high < INF

    def limits(self, *, of_output: bool) -> tuple[float, float]:
        """Return the limits for what goes in, or for what comes out: it rises, so both tell."""
        if not of_output:
            return self.low, self.high
        ends = [self.apply(torch.tensor(x)).item() for x in (self.low, self.high)]
        return (
            ends[0] if self.low > -INF else -INF,
            ends[1] if self.high < INF else INF,
        )


SOFTMAX = "softmax"
FUNCTIONS = {
    "relu": Function(F.relu, fires=True),
    "relu6": Function(F.relu6, high=6.0, fires=True),
    "tanh": Function(torch.tanh, -PINNED, PINNED),
    "sigmoid": Function(torch.sigmoid, -PINNED, PINNED),
    "hardtanh": Function(F.hardtanh, -1.0, 1.0),
    "hardsigmoid": Function(F.hardsigmoid, -3.0, 3.0),
    "gelu": Function(F.gelu),
    "silu": Function(F.silu),
    "elu": Function(F.elu),
    "selu": Function(F.selu),
    "celu": Function(F.celu),
    "leakyrelu": Function(F.leaky_relu),
    "prelu": Function(F.leaky_relu),
    "mish": Function(F.mish),
    "hardswish": Function(F.hardswish),
    "softplus": Function(F.softplus),
    "softsign": Function(F.softsign),
    SOFTMAX: Function(lambda x: x.softmax(-1)),
}
_HARDTANH = {(-1.0, 1.0): "hardtanh", (0.0, 6.0): "relu6"}
_NODE = re.compile(r"(?:Cpp)?(\w+?)(?:Kernel)?Backward\d*$")


def of_node(node: Any) -> str:
    """Return the name of the operation that made an autograd node: "addmm", "relu", ..."""
    found = _NODE.search(node.name())
    name = (found.group(1) if found else node.name()).lower()
    if name == "hardtanh":
        return _HARDTANH.get((node._saved_min_val, node._saved_max_val), "clamp")
    return name


def of_module(module: nn.Module) -> str:
    """Return the name of the function that a module is; "" for one that is none."""
    name = type(module).__name__.lower()
    if isinstance(module, nn.Hardtanh):
        name = _HARDTANH.get((module.min_val, module.max_val), "")
    return name if name in FUNCTIONS else ""
