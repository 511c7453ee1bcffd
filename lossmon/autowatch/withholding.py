"""Steps that are made like any other, and change nothing.

The script computes a loss, passes backward and steps. While such a batch is under way gradients
are what they were before the pass, or zeros, and an optimizer finds none at all: neither momentum
nor decay moves a weight. After its step they lie there again, for whoever looks at them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from lossmon.capture.graph import leaves
from lossmon.capture.groups import held_tensors
from lossmon.capture.guard import Guard
from lossmon.capture.hooks import inside_backward, out_of_graph, put_wrapper

NAME = "hold-out"
Told = Callable[[Sequence[Tensor], Sequence[Tensor]], None]


class Withholding:
    """Withholds while it `is_on`, from `__init__` to `close`."""

    def __init__(self, guard: Guard, told: Told) -> None:
        """`told`: called with the roots and leaves of a backward pass before it is withheld."""
        self.is_on = False
        self.total = 0
        """Backward passes in all."""
        self.passes = self.steps = 0
        """Those that were not withheld, and steps, since `count_anew`."""
        self._guard, self._told = guard, told
        self._unstepped = 0
        """Backward passes since the last step that was not withheld."""
        self._depth = 0
        """Steps under way: what is passed backward now is passed by their closure."""
        self._zeroed: set[int] = set()
        self._hidden: list[tuple[Tensor, Tensor]] = []
        self._undo = ExitStack()
        self._undo.callback(put_wrapper(torch.autograd, "backward", self._wrapped))
        self._undo.callback(register_optimizer_step_pre_hook(self._step_begins).remove)
        self._undo.callback(register_optimizer_step_post_hook(self._step_ended).remove)

    def close(self) -> None:
        """Leave torch as it was."""
        self.begin(is_on=False)
        self._undo.close()

    def begin(self, *, is_on: bool) -> None:
        """Withhold from now on, or do not."""
        self._depth = 0  # a step may have raised
        self._show()
        self._zeroed.clear()
        self.is_on = is_on

    def count_anew(self) -> None:
        """Count passes and steps from here on."""
        self.passes = self.steps = 0

    def _wrapped(self, original: Callable[..., None]) -> Callable[..., None]:
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if torch.compiler.is_compiling():
                return untraced(tensors, *args, **kwargs)
            # Reentrant checkpoints pass backward within a pass.
            is_inner = inside_backward()
            self.total += not is_inner
            if not isinstance(tensors, Tensor):
                tensors = tuple(tensors)  # it may have been a generator
            roots = (tensors,) if isinstance(tensors, Tensor) else tensors
            if self.is_on and not is_inner:
                self._guard.run(NAME, self._tell, roots)
            if not self.is_on:
                self.passes += not is_inner
                self._unstepped += not is_inner
                return original(tensors, *args, **kwargs)
            before = self._guard.run(NAME, _gradients, roots)
            try:
                return original(tensors, *args, **kwargs)
            finally:
                self._guard.run(NAME, self._put_back, before or [])

        untraced: Callable[..., None] = out_of_graph(backward)
        return backward

    def _tell(self, roots: Sequence[Tensor]) -> None:
        self._told(roots, [leaf for root in roots for leaf in leaves(root)])

    def _put_back(self, before: Sequence[tuple[Tensor, Tensor | None]]) -> None:
        for tensor, gradient in before:
            left = tensor.grad
            if self._depth and not self._unstepped and left is not None:
                # The optimizer goes on from here.
                self._hidden.append((tensor, torch.zeros_like(left)))
                gradient = None
            elif gradient is None and left is not None:
                # Not None yet: a GradScaler wants to look at it.
                self._zeroed.add(id(tensor))
                gradient = torch.zeros_like(left)
            tensor.grad = gradient

    def _step_begins(self, optimizer: Optimizer, *_: Any) -> None:
        if torch.compiler.is_compiling():
            _step_begins_untraced(self, optimizer)
            return
        self._depth += 1
        if self._depth > 1:
            return  # of a subclass that calls its parent's
        if not self.is_on:
            self.steps += 1
            self._unstepped = 0
            return
        # Some optimizers step as soon as a gradient has arrived.
        is_all = not self._unstepped or inside_backward()
        for tensor in held_tensors([optimizer]):
            if tensor.grad is not None and (is_all or id(tensor) in self._zeroed):
                self._hidden.append((tensor, tensor.grad))
                tensor.grad = None

    def _step_ended(self, *_: Any) -> None:
        if torch.compiler.is_compiling():
            _step_ended_untraced(self)
            return
        self._depth = max(0, self._depth - 1)
        if self._depth:
            return
        if not self.is_on:
            self._unstepped = 0  # also those of a closure
        self._show()

    def _show(self) -> None:
        """Let gradients be seen again that a step was not to see."""
        hidden, self._hidden = self._hidden, []
        for tensor, gradient in hidden:
            if tensor.grad is None:
                tensor.grad = gradient


def _gradients(roots: Sequence[Tensor]) -> list[tuple[Tensor, Tensor | None]]:
    """Return what a backward pass gives gradients to, each with that which it has."""
    found = [leaf for root in roots for leaf in leaves(root)]
    return [(each, None if each.grad is None else each.grad.clone()) for each in found]


_step_begins_untraced = out_of_graph(Withholding._step_begins)
_step_ended_untraced = out_of_graph(Withholding._step_ended)
