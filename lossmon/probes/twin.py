"""A copy of a training at one instant, and the promise that the original does not notice.

Gradients are asked for, never accumulated: whatever else a loss depends on keeps the `.grad` that
it has. Every pass gets a batch of its own, as models may overwrite what they are given.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lossmon.capture.between import graph_behind
from lossmon.capture.graph import leaves
from lossmon.capture.groups import held_ids
from lossmon.capture.hooks import TAPS
from lossmon.capture.options import kind_of
from lossmon.probes.outcome import CannotRunError
from lossmon.probes.randomstate import random_state_kept
from lossmon.probes.subject import ByCriterion, LossFunction, Subject, require_alone

Gradients = tuple[Tensor | None, ...]
MAX_DEPTH = 4
"""Of containers in a module's attributes, or in a batch, that tensors are looked for in."""


class Twin:
    """A copy of a subject, to do anything with."""

    def __init__(self, subject: Subject, *, with_optimizers: bool = False) -> None:
        """Copy the optimizers and their state, too, only where they are wanted.

        Raises:
            CannotRunError: Its passes would wait for other ranks.
        """
        require_alone(subject.model)
        memo = _without_graphs(subject)
        self.model: nn.Module = copy.deepcopy(subject.model, memo)
        self.batch = copy.deepcopy(subject.batch, memo)
        self.criterion: Any = None
        """The copied criterion; None where the loss is a function of model and batch."""
        self._loss_fn: LossFunction = subject.loss_fn
        if isinstance(subject.loss_fn, ByCriterion):
            self.criterion = copy.deepcopy(subject.loss_fn.criterion, memo)
            self._loss_fn = ByCriterion(self.criterion)
        optimizers = subject.optimizers if with_optimizers else ()
        self.optimizers = tuple(_optimizer_copy(optimizer, memo) for optimizer in optimizers)
        self._is_checkpointed: bool | None = None
        self.parameters: list[Tensor] = _moved(subject, self.model)
        """What the training moves: what its optimizers hold of the model; where that is nothing,
        all that needs a gradient."""

    def loss(self) -> Tensor:
        """Return the loss of the batch, with its graph where gradients are enabled.

        Raises:
            CannotRunError: It is no single number.
        """
        loss = self._loss_fn(self.model, copy.deepcopy(self.batch))
        if not isinstance(loss, Tensor):
            raise CannotRunError(f"the loss is no tensor but of type {kind_of(loss)}")
        if loss.numel() != 1 or not loss.is_floating_point():
            raise CannotRunError(
                f"the loss is no single number but {list(loss.shape)} of {loss.dtype}"
            )
        return loss

    def gradients(self) -> tuple[Tensor, list[Tensor | None]]:
        """Return the loss, without its graph, and its gradient for each of `parameters`.

        None for a parameter that the loss does not depend on.

        Raises:
            CannotRunError: It depends on the parameters of others, and on none of the copy's.
        """
        loss = self.loss()
        if not loss.requires_grad or not self.parameters:
            return loss.detach(), [None] * len(self.parameters)
        if self._is_checkpointed is None:
            self._is_checkpointed = graph_behind([loss]).has_checkpoints
        found = self._accumulated(loss) if self._is_checkpointed else self._asked(loss)
        return loss.detach(), [g.to_dense() if g is not None and g.is_sparse else g for g in found]

    def _asked(self, loss: Tensor) -> Gradients:
        found: Gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        if all(gradient is None for gradient in found) and self._others_behind(loss):
            raise CannotRunError("the loss does not depend on the model that loss_fn is given")
        return found

    def _accumulated(self, loss: Tensor) -> Gradients:
        """Return the gradients that a whole backward pass leaves: reentrant checkpoints ask it."""
        if self._others_behind(loss):
            raise CannotRunError("the loss depends on more than the model, which has checkpoints")
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        found = tuple(parameter.grad for parameter in self.parameters)
        self.model.zero_grad(set_to_none=True)
        return found

    def _others_behind(self, loss: Tensor) -> bool:
        """Return whether the loss depends on parameters that are not the copy's."""
        own = {id(parameter) for parameter in self.model.parameters()}
        return any(isinstance(x, nn.Parameter) and id(x) not in own for x in leaves(loss))


@contextmanager
def left_alone(model: nn.Module) -> Iterator[None]:
    """Let nothing that happens inside be seen outside: by monitors, generators, or the model."""
    with ExitStack() as stack:
        stack.enter_context(TAPS.suspended())
        stack.enter_context(random_state_kept({p.device for p in model.parameters()}))
        stack.enter_context(_buffers_kept(model))
        stack.enter_context(_fresh_casts())
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        yield


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """Put the buffers of `model` back, should a loss function have run it, and not the copy."""
    kept = [
        (module, name, buffer, buffer.clone(), buffer._version)
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None and not buffer.is_inference()
    ]
    try:
        yield
    finally:
        for module, name, buffer, value, version in kept:
            module._buffers[name] = buffer
            if buffer._version != version:
                with torch.no_grad():
                    buffer.copy_(value)


@contextmanager
def _fresh_casts() -> Iterator[None]:
    """Have autocast cast weights at each pass: the copies' change between passes."""
    was = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        yield
    finally:
        torch.set_autocast_cache_enabled(was)


def _moved(subject: Subject, model: nn.Module) -> list[Tensor]:
    held = held_ids(*subject.optimizers)
    trained = [name for name, p in subject.model.named_parameters() if p.requires_grad]
    names = [n for n, p in subject.model.named_parameters() if p.requires_grad and id(p) in held]
    copies = dict(model.named_parameters())
    return [copies[name] for name in names or trained]


def _optimizer_copy(optimizer: Optimizer, memo: dict[int, Any]) -> Optimizer:
    """Return a copy that holds the copied parameters; see `copy.deepcopy` for `memo`."""
    found = copy.deepcopy(optimizer, memo)
    for name, value in vars(optimizer).items():
        # Optimizers copy groups and state alone; LBFGS keeps its parameters elsewhere. Functions
        # are left out: a scheduler's `step` would step the original.
        if name not in vars(found) and not callable(value):
            setattr(found, name, copy.deepcopy(value, memo))
    return found


def _without_graphs(subject: Subject) -> dict[int, Any]:
    """Return a memo for `copy.deepcopy` by which tensors with a graph are copied without it."""
    memo: dict[int, Any] = {}
    attributes = (vars(module) for module in subject.model.modules())
    for tensor in (*_tensors_in(subject.batch), *(t for a in attributes for t in _tensors_in(a))):
        if not tensor.is_leaf or tensor.is_inference():
            memo[id(tensor)] = tensor.detach().clone()
    return memo


def _tensors_in(value: Any, depth: int = MAX_DEPTH) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif depth and isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors_in(item, depth - 1)
