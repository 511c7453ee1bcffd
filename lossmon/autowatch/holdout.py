"""`lossmon run --hold-out`: a validation loss for a script that has none.

A fifth of the training's examples, the same in every pass, teach it nothing: their batches come as
ever, and their loss is taken, but their gradients never reach an optimizer. Nobody who records the
training is told of them. Their mean loss is `val/loss`, once a pass, in train mode, before the
pass: the loss of examples that were never seen, where nothing else differs from those that were.
"""

from __future__ import annotations

import sys
import weakref
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
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

from lossmon.autowatch.apart import Apart, give_back, put_apart
from lossmon.capture.graph import leaves
from lossmon.capture.groups import held_tensors
from lossmon.capture.guard import Guard
from lossmon.capture.hooks import TAPS, put_wrapper
from lossmon.capture.recorder import Recorder
from lossmon.capture.routes import ROUTES
from lossmon.signals import HOLD_OUT, VAL_LOSS

SINGLE = 1.5
"""Backward passes a step, on average; with more, gradients are accumulated."""
Gradient = Tensor | None


class HoldOut:
    """Holds out from `__init__` to `close`."""

    def __init__(self) -> None:
        self.why_not = "no DataLoader fed a training"
        """Why nothing was held out; "" where it was."""
        self._loaders: weakref.WeakSet[DataLoader[Any]] = weakref.WeakSet()
        self._guard = Guard(lambda collector, error: None)
        self._quiet: ExitStack | None = None
        """What keeps the batch under way from everybody who records; None for one that teaches."""
        self._zeroed: dict[int, Tensor] = {}
        self._is_stepping = False
        """Whether a step is under way: what is passed backward now is passed by its closure."""
        self._losses: list[Tensor] = []
        """Of the batches held out in the pass under way."""
        self._recorder: Recorder | None = None
        """Whose training they are of."""
        self._is_counted = False
        self._passes = self._steps = 0
        """Backward passes and steps since the last batch that was withheld."""
        self._examples: tuple[int, int] = (0, 0)
        self._told: weakref.WeakSet[Recorder] = weakref.WeakSet()
        """Whose logs say how many were held out."""
        self._undo = ExitStack()
        self._undo.callback(put_wrapper(DataLoader, "__iter__", self._beginning))
        self._undo.callback(put_wrapper(_BaseDataLoaderIter, "__next__", self._following))
        self._undo.callback(put_wrapper(torch.autograd, "backward", self._withholding))
        self._undo.callback(register_optimizer_step_pre_hook(self._step_begins).remove)
        self._undo.callback(register_optimizer_step_post_hook(self._step_ended).remove)

    def close(self) -> str:
        """Hold out no more; return in words what was, or why nothing was."""
        self._leave()
        self._undo.close()
        for loader in list(self._loaders):
            give_back(loader)
        if self.why_not:
            return f"nothing was held out: {self.why_not}"
        return "held out {} of {} examples: val/loss is what they cost, once a pass".format(
            *self._examples
        )

    def _beginning(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def begin(loader: Any) -> Any:
            if not torch.compiler.is_compiling() and torch.is_grad_enabled():
                self._guard.run("hold-out", self._put_apart, loader)
            return original(loader)

        return begin

    def _put_apart(self, loader: DataLoader[Any]) -> None:
        why_not = put_apart(loader)
        if not why_not:
            self._loaders.add(loader)
        elif self.why_not:
            self.why_not = why_not

    def _following(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def following(iterator: Any) -> Any:
            if torch.compiler.is_compiling():
                return original(iterator)
            self._leave()
            self._is_stepping = False  # it may have raised
            batch = original(iterator)
            self._guard.run("hold-out", self._enter, iterator)
            return batch

        return following

    def _enter(self, iterator: Any) -> None:
        """Begin with a batch; withhold it where it is one of those."""
        apart = getattr(iterator._index_sampler, "sampler", None)
        if not isinstance(apart, Apart) or not torch.is_grad_enabled():
            return
        place, whole = iterator._num_yielded - 1, apart.first // apart.batch_size
        # One more, of a few that are left over, or for loops that fetch a batch ahead.
        if place > whole:
            self._write(apart)
            return
        self._is_counted = place < whole
        self._quiet = ExitStack()
        self._quiet.enter_context(TAPS.suspended())

    def _leave(self) -> None:
        quiet, self._quiet = self._quiet, None
        if quiet is not None:
            quiet.close()
            self._zeroed = {}

    def _withholding(self, original: Callable[..., None]) -> Callable[..., None]:
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if torch.compiler.is_compiling():
                return original(tensors, *args, **kwargs)
            if self._quiet is None:
                self._passes += 1
                return original(tensors, *args, **kwargs)
            roots = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
            before = self._guard.run("hold-out", _gradients, roots)
            # Not `tensors`: it may have been a generator.
            original(roots, *args, **kwargs)
            self._guard.run("hold-out", self._take, roots, before)
            self._guard.run("hold-out", self._put_back, before)
            return None

        return backward

    def _put_back(self, before: Sequence[tuple[Tensor, Gradient]]) -> None:
        for tensor, gradient in before:
            if gradient is None and tensor.grad is not None and not self._is_stepping:
                # Not None yet: a GradScaler wants to look at it.
                self._zeroed[id(tensor)] = tensor
                gradient = torch.zeros_like(tensor.grad)
            tensor.grad = gradient

    def _take(self, roots: Sequence[Tensor], held: Sequence[tuple[Tensor, Gradient]]) -> None:
        loss = TAPS.unscaled(roots)
        if self._is_counted and loss is not None and loss.numel() == 1:
            # Nobody's before the first step of a training.
            owners = (ROUTES.owner(tensor) for tensor, _ in held)
            self._recorder = next((each for each in owners if each is not None), None)
            self._losses.append(loss.detach().reshape(()).float())

    def _step_begins(self, optimizer: Optimizer, *_: Any) -> None:
        """Leave nothing for the optimizer to do: what has no gradient is not even decayed."""
        self._is_stepping = True
        if self._quiet is None:
            self._steps += 1
            return
        for tensor in held_tensors([optimizer]):
            if id(tensor) in self._zeroed:
                tensor.grad = None

    def _step_ended(self, *_: Any) -> None:
        self._is_stepping = False

    def _write(self, apart: Apart) -> None:
        """Write the mean loss of what was held out, once its batches are over."""
        losses, self._losses = self._losses, []
        recorder, self._recorder = self._recorder, None
        whole = apart.first // apart.batch_size
        if not losses or recorder is None or recorder.kept is not None:
            return
        if recorder.step == recorder.start.step:
            return  # there is no step yet that it would be written at
        if recorder.log.validates:
            self.why_not = "the script has a validation loss of its own"
        elif len(losses) > whole or self._passes > SINGLE * self._steps:
            self.why_not = "more than one backward pass goes before a step"
        else:
            self._tell(recorder, apart, float(torch.stack(losses).mean()))
        self._passes = self._steps = 0

    def _tell(self, recorder: Recorder, apart: Apart, mean: float) -> None:
        TAPS.leave_lane()
        self.why_not, self._examples = "", (len(apart.chosen), len(apart))
        if recorder not in self._told:
            self._told.add(recorder)
            detail = dict(zip(("examples", "of"), self._examples, strict=True))
            recorder.guard.run("hold-out", recorder.log.mark, recorder.newest, HOLD_OUT, detail)
        recorder.guard.run("hold-out", recorder.user_log, {VAL_LOSS.tag: mean})


def _gradients(roots: Sequence[Tensor]) -> list[tuple[Tensor, Gradient]]:
    """Return what a backward pass gives gradients to, each with that which it has."""
    found = [leaf for root in roots for leaf in leaves(root)]
    return [(each, None if each.grad is None else each.grad.clone()) for each in found]


def say(words: str) -> None:
    """Tell the terminal."""
    print(f"lossmon: {words}", file=sys.stderr)
