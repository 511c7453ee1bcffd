"""Which training an event belongs to: backward passes by the parameters they reach, steps by what
the optimizer holds, and, where that is another model's, by the backward pass just before."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence

from torch import Tensor
from torch.optim import Optimizer

from lossmon.capture.graph import leaves
from lossmon.capture.guard import Guard
from lossmon.capture.hooks import TAPS
from lossmon.capture.recorder import Recorder

TRUSTED_AFTER = 32
"""A lone monitor whose first passes were all its own is not asked again: the walk costs 5 us."""

Discover = Callable[[Sequence[Tensor]], Recorder | None]


class Routes:
    """Tells recorders of the events that are theirs. A listener of `hooks.TAPS`."""

    def __init__(self) -> None:
        self.discover: Discover | None = None
        """Asked for a recorder when a backward pass reaches none of the known parameters."""
        self._recorders: tuple[Recorder, ...] = ()
        self._owners: dict[int, tuple[weakref.ref[Tensor], Recorder]] = {}
        self._reached: dict[int, int] = {}
        self._current: Recorder | None = None
        self._own_in_a_row = 0
        self._stepping: dict[int, list[Recorder]] = {}
        self._guard = Guard(lambda collector, error: None)

    def add(self, recorder: Recorder) -> None:
        """Begin to tell `recorder`."""
        if not self._recorders and self.discover is None:
            TAPS.add(self)
        self._recorders = (*self._recorders, recorder)
        self._own_in_a_row = 0
        for row in recorder.start.rows:
            tensor = row.tensor()
            if tensor is not None:
                self._owners[id(tensor)] = (row.tensor, recorder)

    def discard(self, recorder: Recorder) -> None:
        """Stop telling `recorder`."""
        self._recorders = tuple(r for r in self._recorders if r is not recorder)
        self._owners = {k: v for k, v in self._owners.items() if v[1] is not recorder}
        if self._current is recorder:
            self._current = None
        if not self._recorders and self.discover is None:
            TAPS.discard(self)

    def backward_begins(self, roots: Sequence[Tensor], loss: Tensor | None) -> None:
        """See `hooks.Listener`."""
        self._current = self._guard.run("routing", self._owner, roots)
        if self._current is not None:
            self._guard.run("monitor", self._current.backward_begins, roots, loss)

    def backward_ended(self) -> None:
        """See `hooks.Listener`."""
        if self._current is not None:
            self._guard.run("monitor", self._current.backward_ended)

    def step_begins(self, optimizer: Optimizer) -> None:
        """See `hooks.Listener`."""
        found = self._guard.run("routing", self._stepped, optimizer) or []
        self._stepping[id(optimizer)] = found
        for recorder in found:
            self._guard.run("monitor", recorder.step_begins, optimizer)

    def step_ended(self, optimizer: Optimizer) -> None:
        """See `hooks.Listener`."""
        found = self._stepping.pop(id(optimizer), None)
        # A closure's backward pass may have told only now whose step this is.
        for recorder in found or self._guard.run("routing", self._stepped, optimizer) or ():
            self._guard.run("monitor", recorder.step_ended, optimizer)

    def _owner(self, roots: Sequence[Tensor]) -> Recorder | None:
        if self.discover is None and len(self._recorders) == 1:
            return self._lone_owner(roots)
        reached = self._reached_recorders(roots, only_first=len(self._recorders) == 1)
        if not reached:
            return self.discover(roots) if self.discover is not None else None
        for recorder in reached:
            self._reached[id(recorder)] = self._reached.get(id(recorder), 0) + 1
        # A generator's loss reaches its discriminator too, and that one is reached more often.
        return min(reached, key=lambda r: self._reached[id(r)])

    def _lone_owner(self, roots: Sequence[Tensor]) -> Recorder | None:
        recorder = self._recorders[0]
        if self._own_in_a_row >= TRUSTED_AFTER:
            return recorder
        if self._reached_recorders(roots, only_first=True):
            self._own_in_a_row += 1
            return recorder
        self._own_in_a_row = 0
        return None

    def _reached_recorders(self, roots: Sequence[Tensor], *, only_first: bool) -> list[Recorder]:
        reached: list[Recorder] = []
        for variable in itertools.chain.from_iterable(leaves(root) for root in roots):
            tensor, recorder = self._owners.get(id(variable), (None, None))
            # An id may have passed on to another tensor since.
            if tensor is None or recorder is None or tensor() is not variable:
                continue
            if recorder not in reached:
                reached.append(recorder)
            if only_first or len(reached) == len(self._recorders):
                break
        return reached

    def _stepped(self, optimizer: Optimizer) -> list[Recorder]:
        waiting = [r for r in self._recorders if r.pending]
        if len(waiting) == 1 and optimizer in waiting[0].holders:
            return waiting
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        holders = [r for r in self._recorders if self._holds(held, r)]
        pending = [r for r in holders if r.pending]
        if pending:
            return pending
        known = [r for r in self._recorders if optimizer in r.holders]
        if [r for r in known if r.pending]:
            return [r for r in known if r.pending]
        if self.discover is not None and self._current is not None and self._current.pending:
            # It holds none of what the last backward pass reached, and steps all the same.
            return [self._current]
        return holders or known

    def _holds(self, held: set[int], recorder: Recorder) -> bool:
        return any(
            owner is recorder and id(tensor()) in held
            for key, (tensor, owner) in self._owners.items()
            if key in held
        )


ROUTES = Routes()
"""One per process: what one monitor is told decides what another is not."""
