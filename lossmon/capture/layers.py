"""Which modules count as layers: the leaves of the module tree, under their plain names."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn
from torch.nn.modules.loss import _Loss

from lossmon.capture.compiling import is_compiled, is_wrapper
from lossmon.capture.layout import plain_name

_WHOLE = (nn.MultiheadAttention,)
"""Modules that run their children's weights, never the children."""
_NO_CHILDREN = {"parametrizations"}
"""Children that compute a weight, not an activation."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One leaf module."""

    name: str
    module: weakref.ref[nn.Module]
    """Weak: a monitor must not keep a model's memory alive."""


OUTPUT = "output"
"""Name of the only layer of a compiled model."""


def layers_of_model(model: nn.Module) -> tuple[Layer, ...]:
    """Return the layers that can be watched: of a compiled model its output, else the leaves.

    None of a model that is compiled in part: hooks would be traced.
    """
    if is_wrapper(model):
        return (Layer(OUTPUT, weakref.ref(model)),)
    return () if is_compiled(model) else layers_of(model.named_modules())


def layers_of(modules: Iterable[tuple[str, nn.Module]]) -> tuple[Layer, ...]:
    """Return the leaves among the named modules, in their order; loss modules are no layers."""
    found: dict[int, Layer] = {}
    inside: set[int] = set()
    for name, module in modules:
        if id(module) in inside:
            continue
        if isinstance(module, _WHOLE) or not set(module._modules) - _NO_CHILDREN:
            inside.update(id(part) for part in module.modules())
            if not isinstance(module, _Loss):
                found[id(module)] = Layer(plain_name(name), weakref.ref(module))
    return tuple(found.values())
