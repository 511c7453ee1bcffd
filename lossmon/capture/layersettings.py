"""What a layer was built with, as far as rules ask for it: numbers by name, see `LayerInfo`."""

from __future__ import annotations

from typing import Any, TypeGuard

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.dropout import _DropoutNd

from lossmon.capture.recurrent import GATES, gates_of

_NAMES: tuple[tuple[type[nn.Module], dict[str, str]], ...] = (
    (_DropoutNd, {"p": "p"}),
    (nn.RNNBase, {"p": "dropout"}),
    (nn.MultiheadAttention, {"p": "dropout"}),
    (_NormBase, {"momentum": "momentum", "eps": "eps"}),
    (nn.LayerNorm, {"eps": "eps"}),
    (nn.GroupNorm, {"eps": "eps"}),
)
"""Kind of module -> name of the setting, and of the attribute that holds it."""


def settings_of(module: nn.Module, output: Tensor | None) -> dict[str, float]:
    """Return the settings of a layer that has just returned `output`."""
    attributes = next((names for kind, names in _NAMES if isinstance(module, kind)), {})
    held = {name: getattr(module, attribute, None) for name, attribute in attributes.items()}
    found = {name: float(value) for name, value in held.items() if _is_number(value)}
    if gates := gates_of(module):
        found[GATES] = float(gates)
    if output is not None and _takes_statistics(module):
        found["values"] = output.numel() / max(1, output.shape[min(1, output.dim() - 1)])
    return found


def _is_number(value: Any) -> TypeGuard[float]:
    # The momentum of a cumulative average is None.
    return isinstance(value, int | float) and not isinstance(value, bool)


def _takes_statistics(module: nn.Module) -> bool:
    """Return whether a layer normalises by what is in its batch, all of it on this process."""
    if not isinstance(module, _BatchNorm) or isinstance(module, nn.SyncBatchNorm):
        return False
    return module.training or module.running_mean is None
