"""Listens to one training step, from the model's first call to the backward pass: see `replay`.

The calls of the outermost of its modules are heard by hooks, what happens between and after them by
a mode of torch's that is told of every function. Both are there for that one step only.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import (
    TorchFunctionMode,
    _get_current_function_mode_stack,
    _pop_mode,
    _push_mode,
)
from torch.utils.hooks import RemovableHandle

from lossmon.capture.layout import in_transform
from lossmon.capture.rootcalls import is_traced
from lossmon.probes.replay import Call, Given, Product, Replay, Weight, leaves_of, mapped, needed

MAX_CALLS = 5000
"""A step of more is not kept."""
FIXED = (bool, int, float, complex, str, torch.dtype, torch.device, slice, torch.layout)


class Tape(TorchFunctionMode):
    """Keeps one step. Whatever goes wrong makes it a tape that holds nothing."""

    def __init__(self, model: nn.Module) -> None:
        """`model` is called as a whole or by its parts; it is not held longer than the step."""
        super().__init__()
        self._names = {id(module): name for name, module in model.named_modules()}
        self._weights = {id(t): Weight(name) for name, t in _tensors_of(model)}
        self._calls: list[Call] = []
        self._given: list[Tensor] = []
        self._places: dict[int, Product | Given] = {}
        self._versions: dict[int, int] = {}
        self._memory: dict[int, list[int]] = {}
        self._pending: tuple[Any, Any] | None = None
        self._held: list[Any] = []
        """So that no id() passes on to another tensor during the step."""
        self._depth = 0
        self._count = 0
        self._is_heard = False
        self._is_spoilt = False
        self._is_over = False
        self._inside = 0
        """Calls under way that the mode is told of."""
        self._autocast: tuple[str, torch.dtype] | None = None
        self._handles: list[RemovableHandle] = []
        for module in model.modules():
            self._handles += [
                module.register_forward_pre_hook(self._begins, prepend=True, with_kwargs=True),
                module.register_forward_hook(self._ended, with_kwargs=True, always_call=True),
            ]

    def end(self, loss: Any) -> tuple[Replay, tuple[Tensor, ...]] | None:
        """Keep no more; return how `loss` came about, and from what; None where it is unknown."""
        place = self._places.get(id(loss))
        whole = not self._is_spoilt and not self._depth and not self._is_over
        self._is_over = True
        self.settle()
        self._places, self._held = {}, []
        if not whole or not isinstance(place, Product):
            return None
        calls = needed(self._calls, place.number)
        if not any(isinstance(call.called, str) for call in calls):
            return None
        return Replay(calls, place.number, self._autocast), tuple(self._given)

    def settle(self) -> bool:
        """Take away what listens, where that has ended; return whether nothing is left of it.

        `loss.backward()` is a function that the mode is told of, and cannot be ended in.
        """
        if not self._is_over or self._inside:
            return False
        while self._handles:
            self._handles.pop().remove()
        if self._is_heard:
            self._is_heard = False
            _take_away(self)
        return True

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call the function, and keep what it was called with where it makes or changes tensors."""
        kwargs = kwargs or {}
        if self._depth or self._is_spoilt or self._is_over:
            return self._call(func, args, kwargs)
        before = self._try(self._stand_ins, args, kwargs)
        returned = self._call(func, args, kwargs)
        if before is not None and not self._is_over:
            self._try(self._keep, func, before, returned, args)
        return returned

    def _call(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        self._inside += 1
        try:
            return func(*args, **kwargs)
        finally:
            self._inside -= 1

    def _begins(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if self._is_over:
            self.settle()
            return
        if not _is_training():
            return
        self._depth += 1
        if self._depth > 1 or self._is_spoilt:
            return
        if not self._is_heard:
            self._is_heard = True
            self._autocast = _autocast_of(module)
            _push_mode(self)  # type: ignore[no-untyped-call]  # torch leaves it so
        self._pending = self._try(self._stand_ins, args, kwargs)

    def _ended(self, module: nn.Module, args: Any, kwargs: Any, returned: Any) -> None:
        if not self._depth or self._is_over or not _is_training():
            return
        self._depth -= 1
        if not self._depth and self._pending is not None and not self._is_spoilt:
            self._try(self._keep, self._names[id(module)], self._pending, returned, ())

    def _stand_ins(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        return mapped(tuple(args), self._stand_in), mapped(dict(kwargs), self._stand_in)

    def _stand_in(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return _copied(value)
        if id(value) in self._weights:
            return self._weights[id(value)]
        place = self._places.get(id(value))
        if isinstance(place, Product):
            return place
        if place is None or self._versions[id(value)] != value._version:
            if value.grad_fn is not None:
                raise LookupError("a part of the graph was not heard")
            place = Given(len(self._given))
            self._given.append(value.detach().clone().requires_grad_(value.requires_grad))
            self._places[id(value)], self._versions[id(value)] = place, value._version
            self._held.append(value)
        return place

    def _keep(self, called: Any, before: tuple[Any, Any], returned: Any, args: Any) -> None:
        tensors = list(leaves_of(returned, Tensor))
        changed = next(leaves_of(args, Tensor), None) if _writes(called) else None
        if not tensors and changed is None:
            return
        if len(self._calls) >= MAX_CALLS:
            raise MemoryError("the step is too long")
        changes = frozenset(self._sharing(changed)) if changed is not None else frozenset[int]()
        numbers = tuple(self._number(tensor) for tensor in tensors)
        self._calls.append(Call(called, *before, numbers, torch.is_grad_enabled(), changes))

    def _number(self, tensor: Tensor) -> int:
        """Return the number of one more product, which `tensor` is from here on."""
        self._count += 1
        self._held.append(tensor)
        self._places[id(tensor)] = Product(self._count)
        self._sharing(tensor).append(self._count)
        return self._count

    def _sharing(self, tensor: Tensor) -> list[int]:
        """Return the numbers of the products that lie in the same memory."""
        with torch._C.DisableTorchFunction():
            key = id(tensor) if tensor.layout != torch.strided else tensor.untyped_storage()._cdata
        return self._memory.setdefault(key, [])

    def _try(self, part: Callable[..., Any], *args: Any) -> Any:
        """Call a part of ours; where it raises, this tape holds nothing."""
        try:
            with torch._C.DisableTorchFunction():
                return part(*args)
        # Tensors of any class, arguments of any kind.
        except Exception:
            self._is_spoilt = True
            return None


def _is_training() -> bool:
    return torch.is_grad_enabled() and not is_traced() and not in_transform()


def _copied(value: Any) -> Any:
    """Return a copy of what is no tensor, where it can be changed and can be copied."""
    if value is None or callable(value) or isinstance(value, FIXED):
        return value
    try:
        return copy.deepcopy(value)
    # Handles of the profiler, generators of numbers: most lead to no loss.
    except Exception:
        return value


def _writes(called: Any) -> bool:
    """Return whether a function of torch's changes its first argument."""
    name = str(getattr(called, "__name__", ""))
    return name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))


def _tensors_of(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from model.named_parameters()
    yield from model.named_buffers()


def _autocast_of(module: nn.Module) -> tuple[str, torch.dtype] | None:
    first = next(module.parameters(), None)
    kind = "cpu" if first is None else first.device.type
    on = torch.is_autocast_enabled(kind)
    return (kind, torch.get_autocast_dtype(kind)) if on else None


def _take_away(mode: Tape) -> None:
    """Remove the mode from torch's stack, wherever it lies there.

    Where it is missing, a mode that was begun earlier was ended since, and took ours for its own:
    then that one lies on top, and has ended.
    """
    above = []
    while mode in (stack := _stack()) and stack[-1] is not mode:
        above.append(_popped())
    if stack:
        _popped()
    for each in reversed(above):
        _push_mode(each)  # type: ignore[no-untyped-call]  # torch leaves it so


def _stack() -> list[TorchFunctionMode]:
    return list(
        _get_current_function_mode_stack()  # type: ignore[no-untyped-call]  # torch leaves it so
    )


def _popped() -> Any:
    return _pop_mode()  # type: ignore[no-untyped-call]  # torch leaves it so
