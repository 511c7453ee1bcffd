"""One training step as a list of calls: of the model, and of what turned its outputs into a loss.

Played again on a copy of the model it gives the loss of that step's batch, whatever the loop that
it was heard in looks like: criteria, reshaping, penalties and several models are calls alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

MAX_DEPTH = 6
"""Of containers that tensors are looked for in."""


@dataclass(frozen=True, slots=True)
class Product:
    """Stands for a tensor that an earlier call made."""

    number: int


@dataclass(frozen=True, slots=True)
class Given:
    """Stands for a tensor that was there before: of the batch, say."""

    number: int


@dataclass(frozen=True, slots=True)
class Weight:
    """Stands for a parameter or buffer of the model."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a module of the model, by its name, or of a function of torch's."""

    called: str | Callable[..., Any]
    args: Any
    kwargs: Any
    products: tuple[int, ...]
    """Numbers of the tensors in what it returned, in order."""
    with_gradients: bool
    changes: frozenset[int] = frozenset()
    """Numbers of the products whose memory it writes into."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A `LossFunction`; the batch that it takes are the tensors that were there before."""

    calls: tuple[Call, ...]
    loss: int
    """Number of the product that the backward pass began from."""
    autocast: tuple[str, torch.dtype] | None = None
    """Kind of device and type that operations were cast for, if they were."""

    def __call__(self, model: nn.Module, batch: Sequence[Tensor]) -> Tensor:
        """Return the loss that `model` has on the batch."""
        made: dict[int, Tensor] = {}
        cast = torch.autocast(*self.autocast) if self.autocast else nullcontext()
        with cast:
            for call in self.calls:
                _play(call, model, batch, made)
        return made[self.loss]


def needed(calls: Sequence[Call], loss: int) -> tuple[Call, ...]:
    """Return the calls that `loss` comes from, in order."""
    wanted, kept = {loss}, list[Call]()
    for call in reversed(calls):
        if wanted.intersection(call.products) or wanted & call.changes:
            kept.append(call)
            wanted |= {each.number for each in leaves_of((call.args, call.kwargs), Product)}
    return tuple(reversed(kept))


def leaves_of(value: Any, kind: type, depth: int = MAX_DEPTH) -> Iterator[Any]:
    """Yield what is of `kind` in nested tuples, lists and mappings, in order."""
    if isinstance(value, kind):
        yield value
    elif depth and isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from leaves_of(item, kind, depth - 1)


def mapped(value: Any, change: Callable[[Any], Any], depth: int = MAX_DEPTH) -> Any:
    """Return nested tuples, lists and dicts with `change` applied to everything else in them."""
    if depth and type(value) is dict:
        return {key: mapped(item, change, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, list | tuple):
        items = [mapped(item, change, depth - 1) for item in value]
        # A named tuple takes its items one by one.
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return change(value)


def _play(call: Call, model: nn.Module, batch: Sequence[Tensor], made: dict[int, Tensor]) -> None:
    def real(value: Any) -> Any:
        if isinstance(value, Product):
            return made[value.number]
        if isinstance(value, Given):
            return batch[value.number]
        return _weight(model, value.name) if isinstance(value, Weight) else value

    args, kwargs = mapped(call.args, real), mapped(call.kwargs, real)
    called: Any = model.get_submodule(call.called) if isinstance(call.called, str) else call.called
    with torch.set_grad_enabled(call.with_gradients and torch.is_grad_enabled()):
        returned = called(*args, **kwargs)
    found = leaves_of(returned, Tensor)
    made.update(zip(call.products, found, strict=False))


def _weight(model: nn.Module, name: str) -> Tensor:
    path, _, attribute = name.rpartition(".")
    found: Tensor = getattr(model.get_submodule(path), attribute)
    return found
