"""What the optimizers hold, as the log names it."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from lossmon.records import GroupInfo
from lossmon.signals import LR, group_tag

SHOWN = ("momentum", "betas", "eps", "nesterov", "dampening", "amsgrad", "maximize")


class Holders:
    """The optimizers of a run, held weakly: a monitor must not keep a model's memory alive."""

    def __init__(self, optimizers: Iterable[Optimizer] = ()) -> None:
        self._references = [weakref.ref(optimizer) for optimizer in optimizers]

    def living(self) -> list[Optimizer]:
        """Return those that still exist, in the order in which they were added."""
        return [o for reference in self._references if (o := reference()) is not None]

    def add(self, optimizer: Optimizer) -> int:
        """Add `optimizer` unless it is there; return its place in the order of adding."""
        for place, reference in enumerate(self._references):
            if reference() is optimizer:
                return place
        self._references.append(weakref.ref(optimizer))
        return len(self._references) - 1

    def __len__(self) -> int:
        return len(self._references)

    def __contains__(self, optimizer: Optimizer) -> bool:
        return any(reference() is optimizer for reference in self._references)


def inner_optimizer(optimizer: Any) -> Any:
    """Return the torch optimizer inside a wrapper (Accelerate, Fabric, schedulers), else itself.

    Wrappers pass themselves off as optimizers; but torch has put no hooks around their steps.
    """
    while not _steps_itself(optimizer) and hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    return optimizer


def _steps_itself(optimizer: Any) -> bool:
    hooked = getattr(getattr(type(optimizer), "step", None), "hooked", False)
    return isinstance(optimizer, Optimizer) and bool(hooked)


def number(value: Any) -> float | None:
    """Return a hyper-parameter as a number; None for one that only a device knows."""
    if isinstance(value, Tensor):
        return float(value) if value.device.type == "cpu" and value.numel() == 1 else None
    return float(value) if isinstance(value, int | float) else None


def describe_groups(optimizers: Sequence[Optimizer], own: set[int]) -> tuple[GroupInfo, ...]:
    """Return the metadata of every param group; `own` holds the ids of the model's parameters."""
    several = sum(len(o.param_groups) for o in optimizers) > 1
    return tuple(
        _group(optimizer, group, str(group.get("name", index)) if several else "", own)
        for index, (optimizer, group) in enumerate(_groups(optimizers))
    )


def group_of_parameter(optimizers: Sequence[Optimizer]) -> dict[int, int]:
    """Return id(parameter) -> index of its param group over all optimizers."""
    return {
        id(p): index
        for index, (_, group) in enumerate(_groups(optimizers))
        for p in group["params"]
    }


def lr_numbers(optimizers: Iterable[Optimizer]) -> list[float | None]:
    """Return the lr of every param group that has one, at this instant."""
    return [number(group["lr"]) for _, group in _groups(optimizers) if "lr" in group]


def named_rates(values: Sequence[float | None], names: Sequence[str]) -> dict[str, float]:
    """Return lr numbers as scalars: `train/lr`, or one tag a group where several exist."""
    if len(values) == 1:
        return {LR.tag: values[0]} if values[0] is not None else {}
    named = zip(names, values, strict=False)
    return {group_tag(LR, name): value for name, value in named if value is not None}


def held_tensors(optimizers: Iterable[Optimizer]) -> list[Tensor]:
    """Return what the optimizers hold."""
    return [p for _, group in _groups(optimizers) for p in group["params"]]


def held_ids(*optimizers: Optimizer) -> set[int]:
    """Return the id() of every tensor that any of the optimizers holds."""
    return {id(p) for p in held_tensors(optimizers)}


def held_count(optimizers: Iterable[Optimizer]) -> int:
    """Return how many parameters the optimizers hold in all."""
    return sum(len(group["params"]) for _, group in _groups(optimizers))


def _groups(optimizers: Iterable[Optimizer]) -> Iterable[tuple[Optimizer, dict[str, Any]]]:
    return ((o, group) for o in optimizers for group in o.param_groups)


def _group(optimizer: Optimizer, group: dict[str, Any], name: str, own: set[int]) -> GroupInfo:
    kind = type(optimizer).__name__
    return GroupInfo(
        name=name,
        optimizer=kind,
        lr=number(group.get("lr")) or 0.0,
        weight_decay=number(group.get("weight_decay")) or 0.0,
        decoupled=bool(group.get("decoupled_weight_decay")) or "adamw" in kind.lower(),
        options={k: group[k] for k in SHOWN if isinstance(group.get(k), int | float | tuple)},
        foreign=sum(id(p) not in own for p in group["params"]),
        held=len(group["params"]),
    )
