"""The taps into torch: every backward pass and every optimizer step of the process, for listeners.

`torch.autograd.backward` is wrapped (Tensor.backward looks it up at each call, so early imports do
not escape), and the global optimizer hooks are registered; both only while somebody listens.
Measured: 0.3 us an optimizer step and 1.5 us a backward pass.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)


class Listener(Protocol):
    """Must not raise; is called from the thread that trains."""

    def backward_begins(self, roots: Sequence[Tensor]) -> None:
        """Before gradients are computed: the graph is whole, old gradients still lie there."""

    def backward_ended(self) -> None:
        """After gradients have been accumulated into `.grad`."""

    def step_begins(self, optimizer: Optimizer) -> None:
        """Before the update. Gradients are what will be applied, unless a closure computes them."""

    def step_ended(self, optimizer: Optimizer) -> None:
        """After the update."""


class Taps:
    """Installs the wrapper and the hooks with the first listener, removes them with the last."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._remove: list[Callable[[], None]] = []
        self._depth: dict[int, int] = {}
        self._pid = os.getpid()

    def add(self, listener: Listener) -> None:
        """Begin to tell `listener`."""
        self._pid = os.getpid()
        self._listeners = (*self._listeners, listener)
        if not self._remove:
            self._install()

    def discard(self, listener: Listener) -> None:
        """Stop telling `listener`; unknown ones are fine."""
        self._listeners = tuple(x for x in self._listeners if x is not listener)
        if not self._listeners:
            while self._remove:
                self._remove.pop()()

    def _install(self) -> None:
        original = torch.autograd.backward

        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if not self._listeners or os.getpid() != self._pid:
                return original(tensors, *args, **kwargs)
            roots = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
            for listener in self._listeners:
                listener.backward_begins(roots)
            original(tensors, *args, **kwargs)
            for listener in self._listeners:
                listener.backward_ended()
            return None

        backward.__wrapped__ = original  # type: ignore[attr-defined]  # as functools.wraps does
        torch.autograd.backward = backward
        before = register_optimizer_step_pre_hook(self._step_begins)
        after = register_optimizer_step_post_hook(self._step_ended)
        self._remove = [before.remove, after.remove, lambda: _restore(backward, original)]

    def _step_begins(self, optimizer: Optimizer, *_: Any) -> None:
        # A subclass that calls super().step() fires the hooks twice: only the outermost counts.
        depth = self._depth[id(optimizer)] = self._depth.get(id(optimizer), 0) + 1
        if depth == 1 and os.getpid() == self._pid:
            for listener in self._listeners:
                listener.step_begins(optimizer)

    def _step_ended(self, optimizer: Optimizer, *_: Any) -> None:
        depth = self._depth.pop(id(optimizer), 1) - 1
        if depth > 0:
            self._depth[id(optimizer)] = depth
        elif os.getpid() == self._pid:
            for listener in self._listeners:
                listener.step_ended(optimizer)


def _restore(ours: Any, original: Any) -> None:
    # Somebody may have wrapped our wrapper since; then it stays, inert without listeners.
    if torch.autograd.backward is ours:
        torch.autograd.backward = original


TAPS = Taps()
"""One per process, as what it wraps is one per process."""
