"""Which part of a parameter lives in this process, and what else it is called while it is whole.

Only facts that this process has by itself are used: nothing here, and nothing that is measured of a
shard, waits for another rank.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

PLAIN = (Tensor, nn.Parameter)
"""Types of which no tensor is a shard."""
UNKNOWN = 1 << 30
"""More shards than there are ranks, so that they are never all there: cut, and nobody says how."""
_WRAPPED_IN = {
    "FullyShardedDataParallel": "module",
    "DistributedDataParallel": "module",
    "DataParallel": "module",
    "OptimizedModule": "_orig_mod",
}


@dataclass(frozen=True, slots=True)
class Shard:
    """The part of a tensor that a rank holds."""

    index: int = 0
    """Which one, from 0; ranks that hold copies of one shard have the same."""
    count: int = 1
    """How many there are; 1 where the tensor is whole."""
    numel: int = 0
    """Elements in it; 0 for a rank that was left none."""


def local(tensor: Tensor) -> Tensor:
    """Return the part of a sharded tensor that lives here; the tensor itself where it is whole."""
    to_local = getattr(tensor, "to_local", None)
    return to_local() if to_local is not None else tensor


def elements(tensor: Tensor) -> int:
    """Return how many real numbers of `tensor` live here: a complex one is two."""
    numel = local(tensor).numel()
    return 2 * numel if tensor.is_complex() else numel


def shard_of(tensor: Tensor) -> Shard:
    """Return which part of `tensor` lives here."""
    if not is_sharded(tensor):
        return Shard(numel=tensor.numel())
    if _is_flattened(tensor):
        return Shard(count=UNKNOWN, numel=tensor.numel())
    mesh: Any = tensor.device_mesh  # type: ignore[attr-defined]  # a DTensor's
    place = mesh.get_coordinate() or [0] * mesh.ndim
    index, count = 0, 1
    for dim, placement in enumerate(tensor.placements):  # type: ignore[attr-defined]
        if _cuts(placement):
            index = index * mesh.size(dim) + place[dim]
            count *= mesh.size(dim)
    return Shard(index, count, local(tensor).numel())


def is_sharded(tensor: Tensor | None) -> bool:
    """Return whether another rank holds another part of `tensor`."""
    cut = any(_cuts(placement) for placement in getattr(tensor, "placements", ()))
    return cut or _is_flattened(tensor)


def has_whole_rows(tensor: Tensor) -> bool:
    """Return whether each row of `tensor` that is here at all is here as a whole."""
    cut = (p for p in getattr(tensor, "placements", ()) if _cuts(p))
    return all(getattr(placement, "dim", -1) == 0 for placement in cut)


def _is_flattened(tensor: Tensor | None) -> bool:
    """Return whether it is a rank's piece of what FSDP1 made of several parameters in a row."""
    return hasattr(tensor, "_fsdp_flattened") or type(tensor).__name__ == "FlatParameter"


def _cuts(placement: Any) -> bool:
    return not (placement.is_replicate() or placement.is_partial())


def model_name(module: nn.Module) -> str:
    """Return the name of a model's class, as the script wrote it: without DDP, FSDP and compile."""
    return kind_name(inner_model(module))


def inner_model(module: nn.Module) -> nn.Module:
    """Return the model inside the wrappers of DDP, FSDP1 and torch.compile."""
    inner: Any = module
    while (attribute := _WRAPPED_IN.get(type(inner).__name__)) is not None:
        inner = getattr(inner, attribute)
    found: nn.Module = inner
    return found


def kind_name(module: nn.Module) -> str:
    """Return the name of a module's class; `fully_shard` makes one of its own out of it."""
    kind = type(module)
    return kind.__bases__[-1].__name__ if _gathers(module) else kind.__name__


class Gathered:
    """The whole parameters that FSDP2 gathers for a pass: leaves of the graph, in no optimizer."""

    def __init__(self) -> None:
        self._modules: dict[int, weakref.ref[nn.Module]] = {}
        self._sharded: dict[int, tuple[weakref.ref[Tensor], weakref.ref[Tensor]]] = {}

    def learn(self, modules: Iterable[nn.Module]) -> None:
        """Look for gathered parameters in `modules` too; holds them weakly."""
        if "torch.distributed.fsdp" in sys.modules:
            self._modules.update({id(m): weakref.ref(m) for m in modules if _gathers(m)})

    def sharded(self, tensor: Tensor) -> Tensor:
        """Return the parameter that `tensor` was gathered from; itself where it was not."""
        if not self._modules:
            return tensor
        if self._known(tensor) is None and type(tensor) in PLAIN:
            self._look_again()
        found = self._known(tensor)
        return tensor if found is None else found

    def _known(self, tensor: Tensor) -> Tensor | None:
        whole, sharded = self._sharded.get(id(tensor), (None, None))
        # An id may have passed on to another tensor since.
        return sharded() if whole is not None and sharded and whole() is tensor else None

    def _look_again(self) -> None:
        living = [(key, reference()) for key, reference in self._modules.items()]
        self._modules = {key: self._modules[key] for key, m in living if m is not None}
        self._sharded = {
            id(whole): (weakref.ref(whole), weakref.ref(sharded))
            for _, module in living
            if module is not None
            for whole, sharded in _pairs(module)
        }


def _gathers(module: nn.Module) -> bool:
    return hasattr(type(module), "_get_fsdp_state")


def _pairs(module: Any) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield each parameter that the module has gathered before, and the one it came from."""
    state = module._get_fsdp_state()
    # torch has no public way to these; older versions have a single group.
    groups = getattr(state, "_fsdp_param_groups", None) or [
        getattr(state, "_fsdp_param_group", None)
    ]
    for parameter in (p for group in groups for p in getattr(group, "fsdp_params", ())):
        whole = getattr(parameter, "_unsharded_param", None)
        if whole is not None:
            yield whole, parameter.sharded_param


GATHERED = Gathered()
"""One per process, as parameters are."""
