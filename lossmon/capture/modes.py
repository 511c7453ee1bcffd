"""Which layers are in eval mode while the model trains, and what batch norms then normalise by.

Modules are asked on few sampled steps. The graph of the loss is walked only where a batch norm is
in eval mode: it alone tells which of them the loss depends on. Nothing here waits for a device.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from lossmon.capture.between import graph_behind
from lossmon.capture.criterion import one_vector
from lossmon.signals import EVAL_LAYERS, FRESH_NORMS

COLUMNS = (EVAL_LAYERS.name, FRESH_NORMS.name)
NAN = float("nan")


class ModeMeter:
    """Asks the layers of one model."""

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        """`modules` are the outermost ones of the model, held weakly."""
        self._modules = [weakref.ref(module) for module in modules]

    def measure(self, roots: Sequence[Tensor]) -> Tensor | None:
        """Return `COLUMNS` of the pass that ends in `roots`; None where no layer has a mode."""
        layers = [module for module in self._living() if has_mode(module)]
        if not layers:
            return None
        resting = [layer for layer in layers if not layer.training]
        fresh: Tensor | float = NAN
        if any(isinstance(layer, _NormBase) for layer in resting):
            fresh = _fresh_share(roots)
        share = len(resting) / len(layers)
        device = fresh.device if isinstance(fresh, Tensor) else torch.device("cpu")
        return one_vector([share, fresh], device)

    def _living(self) -> Iterator[nn.Module]:
        for reference in self._modules:
            module = reference()
            if module is not None:
                yield from module.modules()


def has_mode(module: nn.Module) -> bool:
    """Return whether a layer does something else in eval mode."""
    if isinstance(module, _NormBase):
        return module.running_mean is not None
    if isinstance(module, _DropoutNd):
        return module.p > 0
    return isinstance(module, nn.RNNBase | nn.MultiheadAttention) and module.dropout > 0


def _fresh_share(roots: Sequence[Tensor]) -> Tensor | float:
    """Return the share of batch norms whose running statistics are still 0 and 1."""
    norms = [n for n in graph_behind(roots).nodes.values() if _is_trained_norm(n)]
    resting = [node for node in norms if not node._saved_training]
    if not resting:
        return NAN
    fresh = [
        (node._saved_running_mean == 0).all() & (node._saved_running_var == 1).all()
        for node in resting
    ]
    return torch.stack(fresh).float().sum() / len(norms)


def _is_trained_norm(node: Any) -> bool:
    """Return whether a node is a batch norm that keeps statistics and is not frozen."""
    if getattr(node, "_saved_running_mean", None) is None:
        return False
    weight = node._saved_weight
    return weight is None or bool(weight.requires_grad)
