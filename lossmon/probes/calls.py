"""What a twin's model is called with, seen and altered at its root: whatever the batch looks like.

Examples are the rows of the first dimension, or of the second where only that one fits.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from lossmon.probes.outcome import CannotRunError
from lossmon.probes.twin import Twin

_NO_INPUT = re.compile(r"label|target|tgt|mask|len|pos(?!e)|^y$")
"""Names of arguments that are no inputs: what is to be predicted, or what is there at all."""
MAX_DEPTH = 3
Change = Callable[[Tensor], Tensor]


@dataclass(slots=True)
class Calls:
    """The calls of a model's root."""

    inputs: list[Tensor] = field(default_factory=list)
    """What may be altered in the first call, as it was."""
    output: Any = None
    """What the first call returned."""
    count: int = 0


@contextmanager
def altered_inputs(model: nn.Module, change: Change) -> Iterator[Calls]:
    """Give `model` its inputs as `change` returns them, in every call."""
    calls = Calls()
    names = _names(model)

    def before(module: nn.Module, args: Any, kwargs: Any) -> Any:
        calls.count += 1

        def changed(tensor: Tensor) -> Tensor:
            if calls.count == 1:
                calls.inputs.append(tensor)
            return change(tensor)

        named = zip([*names, *[""] * len(args)], args, strict=False)
        return (
            tuple(_altered(name, value, changed) for name, value in named),
            {name: _altered(name, value, changed) for name, value in kwargs.items()},
        )

    def after(module: nn.Module, args: Any, output: Any) -> None:
        if calls.count == 1:
            calls.output = output

    handles = [
        model.register_forward_pre_hook(before, prepend=True, with_kwargs=True),
        model.register_forward_hook(after),
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def inputs_of(twin: Twin) -> list[Tensor]:
    """Return the tensors that a pass gives the model as inputs.

    Raises:
        CannotRunError: The loss function does not call the model, or with no tensors.
    """
    with torch.no_grad(), altered_inputs(twin.model, lambda tensor: tensor) as calls:
        twin.loss()
    if not calls.count:
        raise CannotRunError("loss_fn does not call the model itself, but a part of it")
    if not calls.inputs:
        raise CannotRunError("the model is given no tensor as input")
    return calls.inputs


def examples_in(twin: Twin, inputs: list[Tensor]) -> int:
    """Return how many examples the batch has: rows of the targets, else of the first input.

    Raises:
        CannotRunError: It has no two of them.
    """
    targets = twin.batch[1] if twin.criterion is not None else None
    known = isinstance(targets, Tensor) and targets.dim() > 0
    shape = targets.shape if known and isinstance(targets, Tensor) else inputs[0].shape
    dims = [tensor.shape[:2] for tensor in inputs]
    count = shape[0] if len(shape) and any(shape[0] in sizes for sizes in dims) else 0
    if count < 2:
        raise CannotRunError("the batch has no two examples")
    return count


def dim_of_examples(tensor: Tensor, examples: int) -> int | None:
    """Return the dimension along which the examples lie; None where there is none."""
    return next((dim for dim, size in enumerate(tensor.shape[:2]) if size == examples), None)


def floats_in(value: Any) -> Iterator[Tensor]:
    """Yield the tensors of real numbers in what a model returned."""
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from floats_in(item)


def _names(model: nn.Module) -> list[str]:
    """Return the names of the positional arguments of a model's forward, as far as it has any."""
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):  # a scripted or wrapped one
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in kinds]


def _altered(name: str, value: Any, change: Change, depth: int = MAX_DEPTH) -> Any:
    if _NO_INPUT.search(name) or not depth:
        return value
    if isinstance(value, Tensor):
        return value if value.dtype == torch.bool or not value.dim() else change(value)
    if type(value) in (list, tuple):
        return type(value)(_altered(name, item, change, depth - 1) for item in value)
    if type(value) is dict:
        return {key: _altered(str(key), item, change, depth - 1) for key, item in value.items()}
    return value
