"""The taps into torch: every backward pass and optimizer step of the process, for listeners.

`torch.autograd.backward` is wrapped (Tensor.backward looks it up at each call, so early imports do
not escape), so is `DataLoader.__iter__`, and the global optimizer hooks are registered; all of it
only while somebody listens. Measured: 0.5 us an optimizer step and 1.6 us a backward pass. Nothing
of ours is traced by torch.compile: there the calls go by a function that it must leave alone, which
costs a microsecond.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar, cast

import torch
from torch import Tensor
from torch._compile import _disable_dynamo
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils.data import DataLoader

from lossmon.capture.epochs import LOADERS
from lossmon.capture.foreign import FOREIGN
from lossmon.capture.quiet import STEPPING, QuietLane
from lossmon.capture.scaling import Scaling
from lossmon.eventfile.forks import generation

Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])


class Listener(Protocol):
    """Must not raise; is called from the thread that trains."""

    def backward_begins(self, roots: Sequence[Tensor], loss: Tensor | None) -> None:
        """Before gradients are computed: the graph is whole, old gradients still lie there.

        `loss` is what the pass was called on, before any GradScaler; None for several roots.
        """

    def backward_ended(self, scale: Tensor | None) -> None:
        """After gradients have been accumulated into `.grad`, times `scale` if there is one."""

    def step_begins(self, optimizer: Optimizer) -> None:
        """Before the update. Gradients are what will be applied, unless a closure computes them."""

    def step_ended(self, optimizer: Optimizer) -> None:
        """After the update."""

    def quiet_lane(self) -> QuietLane | None:
        """Return what takes the next steps in its stead, where they are of the plainest kind."""


class Taps:
    """Installs the wrapper and the hooks with the first listener, removes them with the last."""

    def __init__(self) -> None:
        self.lane: QuietLane | None = None
        """What takes every event that fits, before any listener."""
        self._loading = 0
        """Passes over data that had begun when the lane did."""
        self._listeners: tuple[Listener, ...] = ()
        self._remove: list[Callable[[], None]] = []
        self._depth: dict[int, int] = {}
        self._left: set[int] = set()
        self._born = generation()
        self._scaling = Scaling()

    def add(self, listener: Listener) -> None:
        """Begin to tell `listener`."""
        self.leave_lane()
        self._born = generation()
        self._listeners = (*self._listeners, listener)
        if not self._remove:
            self._install()

    def follow_fork(self) -> None:
        """Listen in a forked process too; its parent's goes on in its own."""
        self._born = generation()

    def discard(self, listener: Listener) -> None:
        """Stop telling `listener`; unknown ones are fine."""
        self.leave_lane()
        self._listeners = tuple(x for x in self._listeners if x is not listener)
        if not self._listeners:
            while self._remove:
                self._remove.pop()()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Tell nobody of what runs inside, in any thread: it is no part of any training."""
        self.leave_lane()
        kept = self._listeners, self._depth, self._left, self._scaling
        self._listeners, self._depth, self._left, self._scaling = (), {}, set(), Scaling()
        was_running, began, spent = FOREIGN.is_running, time.perf_counter(), FOREIGN.spent_s
        FOREIGN.is_running = True
        try:
            yield
        finally:
            FOREIGN.is_running = was_running
            FOREIGN.spent_s = spent + time.perf_counter() - began
            self._listeners, self._depth, self._left, self._scaling = kept

    def unscaled(self, roots: Sequence[Tensor]) -> Tensor | None:
        """Return the loss of a backward pass, before any GradScaler; None of several."""
        return self._scaling.of(roots)[0]

    def leave_lane(self) -> None:
        """Have the listener go on where the quiet lane is. Does nothing where there is none."""
        lane, self.lane = self.lane, None
        if lane is None:
            return
        lane.owner.go_on_after(lane)
        optimizer = lane.optimizer()
        if lane.stage == STEPPING and optimizer is not None:
            self._step_begins(optimizer)
            lane.hand_over_step()

    def takes_word(self, owner: object, loss: Any) -> bool:
        """Return whether the loss that the loop tells `owner` was taken by the quiet lane."""
        lane = self.lane
        if lane is None or lane.owner is not owner:
            return False
        if lane.takes_word(loss):
            return True
        self.leave_lane()
        return False

    def _takes_pass(self, tensors: Any) -> bool:
        if self.lane is None and len(self._listeners) == 1:
            self.lane, self._loading = self._listeners[0].quiet_lane(), LOADERS.begun
        if self.lane is None:
            return False
        fits = LOADERS.begun == self._loading and not self._scaling.is_known
        if fits and self.lane.takes_pass(tensors):
            return True
        self.leave_lane()
        return False

    def _install(self) -> None:
        self._scaling = Scaling()
        before = register_optimizer_step_pre_hook(self._step_begins)
        after = register_optimizer_step_post_hook(self._step_ended)
        self._remove = [
            before.remove,
            after.remove,
            put_wrapper(torch.autograd, "backward", self._telling),
            put_wrapper(GradScaler, "scale", self._noting),
            put_wrapper(DataLoader, "__iter__", noting_passes),
        ]

    def _telling(self, original: Callable[..., None]) -> Callable[..., None]:
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if torch.compiler.is_compiling():
                return untraced(tensors, *args, **kwargs)
            if not self._listeners or generation() != self._born or inside_backward():
                return original(tensors, *args, **kwargs)
            if self._takes_pass(tensors):
                return original(tensors, *args, **kwargs)
            roots = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
            loss, scale = self._scaling.of(roots)
            for listener in self._listeners:
                listener.backward_begins(roots, loss)
            # Not `tensors`: it may have been a generator.
            original(roots, *args, **kwargs)
            for listener in self._listeners:
                listener.backward_ended(scale)
            return None

        untraced = out_of_graph(backward)
        return backward

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def scale(scaler: GradScaler, outputs: Any) -> Any:
            scaled = original(scaler, outputs)
            if torch.compiler.is_compiling():
                return scaled
            self._scaling.note(scaler, outputs, scaled)
            return scaled

        return scale

    def _step_begins(self, optimizer: Optimizer, *_: Any) -> None:
        if torch.compiler.is_compiling():
            _step_begins_untraced(self, optimizer)
            return
        if self.lane is not None:
            if self.lane.takes_step(optimizer):
                return
            self.leave_lane()
        # A subclass that calls super().step() fires the hooks twice: only the outermost counts.
        if id(optimizer) in self._left:
            # An inner step ended, the outer one never did: it raised. Begin anew.
            self._left.discard(id(optimizer))
            self._depth.pop(id(optimizer), None)
        depth = self._depth[id(optimizer)] = self._depth.get(id(optimizer), 0) + 1
        if depth == 1 and generation() == self._born:
            for listener in self._listeners:
                listener.step_begins(optimizer)

    def _step_ended(self, optimizer: Optimizer, *_: Any) -> None:
        if torch.compiler.is_compiling():
            _step_ended_untraced(self, optimizer)
            return
        if self.lane is not None:
            if self.lane.takes_end(optimizer):
                return
            self.leave_lane()
        depth = self._depth.pop(id(optimizer), 1) - 1
        if depth > 0:
            self._depth[id(optimizer)] = depth
            self._left.add(id(optimizer))
            return
        self._left.discard(id(optimizer))
        self._scaling.forget()
        if generation() == self._born:
            for listener in self._listeners:
                listener.step_ended(optimizer)


def noting_passes(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return `DataLoader.__iter__` that notes every pass."""

    def begin(loader: Any) -> Any:
        if torch.compiler.is_compiling():
            return untraced(loader)
        iterator = original(loader)
        LOADERS.note(loader, iterator)
        return iterator

    untraced = out_of_graph(begin)
    return begin


def out_of_graph(function: Wrapped) -> Wrapped:
    """Return `function`, called outside of any compiled graph."""
    return cast("Wrapped", _disable_dynamo(function))


def inside_backward() -> bool:
    """Return whether a backward pass is under way: reentrant checkpoints begin inner ones."""
    return torch._C._current_graph_task_id() != -1


def put_wrapper(place: Any, name: str, wrap: Callable[[Any], Any]) -> Callable[[], None]:
    """Put a wrapper in place of a function; return what takes it away again."""
    original = getattr(place, name)
    ours = functools.wraps(original)(wrap(original))
    setattr(place, name, ours)

    def restore() -> None:
        # Somebody may have wrapped our wrapper since; then it stays, inert without listeners.
        if getattr(place, name) is ours:
            setattr(place, name, original)

    return restore


_step_begins_untraced = out_of_graph(Taps._step_begins)
_step_ended_untraced = out_of_graph(Taps._step_ended)

TAPS = Taps()
"""One per process, as what it wraps is one per process."""
