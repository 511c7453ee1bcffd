"""Which tensors are recorded, in which order, under which names."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from lossmon.capture.sharding import GATHERED, PLAIN, elements, kind_name, shard_of
from lossmon.records import ParameterInfo

SAMPLED_ELEMENTS = 4096
"""Elements read per tensor for sampled signals: update-norm error 0.4 % median, 2.8 % at most."""

_LATER = nn.UninitializedParameter
_NUMBERS = frozenset(
    (
        torch.float32,
        torch.bfloat16,
        torch.float16,
        torch.float64,
        torch.complex64,
        torch.complex128,
    )
)

_WRAPPERS = ("module.", "_orig_mod.", "_forward_module.", "_fsdp_wrapped_module.")


def plain_name(name: str) -> str:
    """Return a parameter name without the prefixes that DDP, FSDP, Fabric and compile add.

    >>> plain_name("_orig_mod.module.fc.weight")
    'fc.weight'
    """
    parts = [p for p in name.split(".") if f"{p}." not in _WRAPPERS[1:]]
    while len(parts) > 1 and parts[0] == "module":
        parts = parts[1:]
    return ".".join(parts)


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded tensor."""

    name: str
    tensor: weakref.ref[Tensor]
    """Weak: a monitor must not keep a model's memory alive."""
    kind: str
    depth: int
    tied: tuple[str, ...]
    owners: tuple[weakref.ref[nn.Module], ...] = ()
    """Modules that hold it; none for a bare tensor."""
    since: int = 0
    """First step at which it was seen, where it came while the run trained."""

    @property
    def is_orphan(self) -> bool:
        """Whether the module that held it is gone."""
        return bool(self.owners) and self.owners[0]() is None

    def current(self) -> Tensor | None:
        """Return what stands in its place now: another tensor where it was replaced."""
        tensor = self.tensor()
        owner = self.owners[0]() if self.owners else None
        if owner is None or not (tensor is None or type(tensor) in PLAIN):
            # A sharded parameter steps aside for the whole one while its module runs.
            return tensor
        held = owner._parameters
        # A scripted module has no dictionary, and nothing of it can be replaced.
        return held.get(self.name.rpartition(".")[2]) if isinstance(held, dict) else tensor


def rows_of_model(model: nn.Module) -> tuple[Row, ...]:
    """Return the recordable parameters of `model` in the order of `named_parameters()`."""
    return rows_of_modules(model.named_modules())


def awaits_parameters(model: nn.Module) -> bool:
    """Return whether `model` has parameters that it will only make when it runs, or is filled."""
    return any(isinstance(p, nn.UninitializedParameter) or p.is_meta for p in model.parameters())


def rows_of_modules(modules: Iterable[tuple[str, nn.Module]]) -> tuple[Row, ...]:
    """Return the recordable parameters that the named modules own, in their order."""
    first: dict[int, Row] = {}
    for depth, (prefix, module) in enumerate(modules):
        for leaf, held in module.named_parameters(recurse=False, remove_duplicate=False):
            tensor = GATHERED.sharded(held)
            name = plain_name(f"{prefix}.{leaf}" if prefix else leaf)
            kind, owner = kind_name(module), weakref.ref(module)
            _add(first, Row(name, weakref.ref(tensor), kind, depth, (), (owner,)), tensor)
    return tuple(first.values())


def rows_of_tensors(tensors: Iterable[Tensor]) -> tuple[Row, ...]:
    """Return rows for bare leaf tensors that belong to no module: `tensor0`, `tensor1`, ..."""
    first: dict[int, Row] = {}
    for index, tensor in enumerate(tensors):
        _add(first, Row(f"tensor{index}", weakref.ref(tensor), "Tensor", index, ()), tensor)
    return tuple(first.values())


def renewed(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows with what stands in their places now; left out where nothing does."""
    current = ((row, row.current()) for row in rows)
    return tuple(
        replace(row, tensor=weakref.ref(tensor))
        for row, tensor in current
        if tensor is not None and recordable(tensor)
    )


def _add(first: dict[int, Row], row: Row, tensor: Tensor) -> None:
    known = first.get(id(tensor))
    if known is not None:
        tied = (*known.tied, row.name)
        first[id(tensor)] = replace(known, tied=tied, owners=(*known.owners, *row.owners))
    elif recordable(tensor):
        first[id(tensor)] = row


def recordable(tensor: Tensor) -> bool:
    """Return whether norms of `tensor` make sense: numbers to compute with, there, not empty."""
    if isinstance(tensor, nn.UninitializedParameter) or not computable(tensor):
        return False
    return not tensor.is_meta and tensor.numel() > 0


def computable(tensor: Tensor) -> bool:
    """Return whether arithmetic on `tensor` is plain: no integers, fp8, sparse or nested layout."""
    return tensor.dtype in _NUMBERS and tensor.layout == torch.strided


def left_out(model: nn.Module) -> list[str]:
    """Return the names of parameters that are there, and of which no norm can be taken."""
    named = model.named_parameters()
    return [plain_name(n) for n, p in named if not isinstance(p, _LATER) and not computable(p)]


def describe(rows: Sequence[Row], group_of: dict[int, int]) -> tuple[ParameterInfo, ...]:
    """Return the metadata of `rows`; `group_of` maps id(tensor) to its param group."""
    return tuple(_info(row, group_of) for row in rows)


def _info(row: Row, group_of: dict[int, int]) -> ParameterInfo:
    tensor = row.tensor()
    if tensor is None:
        return ParameterInfo(row.name, (), requires_grad=False)
    shard = shard_of(tensor)
    return ParameterInfo(
        name=row.name,
        shape=tuple(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        requires_grad=tensor.requires_grad,
        group=group_of.get(id(tensor), -1),
        depth=row.depth,
        kind=row.kind,
        tied=row.tied,
        sampled=sampled_count(elements(tensor)),
        shard=shard.index,
        shards=shard.count,
        shard_numel=shard.numel,
        since=row.since,
    )


def sampled_stride(numel: int) -> int:
    """Return the distance between sampled elements: 1 for small tensors, else odd.

    Odd, so that it never falls in step with a row length that is a power of two.
    """
    return 1 if numel <= SAMPLED_ELEMENTS else -(-numel // SAMPLED_ELEMENTS) | 1


def sampled_count(numel: int) -> int:
    """Return how many elements of a tensor of `numel` are sampled."""
    return -(-numel // sampled_stride(numel))


def capturing() -> bool:
    """Return whether a CUDA graph is being captured: then nothing may run on the device."""
    # is_available() would say the same, and costs 2 us a call.
    begun: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]  # torch leaves it so
    return begun and torch.cuda.is_current_stream_capturing()


def in_transform() -> bool:
    """Return whether a torch.func transform is at work: what it computes with cannot be read."""
    peek = getattr(torch._C._functorch, "peek_interpreter_stack", None)
    return peek is not None and peek() is not None
