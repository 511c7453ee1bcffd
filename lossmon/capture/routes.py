"""Which training an event belongs to: a backward pass belongs to the optimizer that steps next.

That is known only at the step. So a pass is told at once to the training that is most likely its
own, by the parameters that it reaches and by what was right before; where another's optimizer
steps, that training takes it over, and the next such pass goes there directly.
"""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from torch import Tensor
from torch.optim import Optimizer

from lossmon.capture.backwardpass import BackwardPass, Key
from lossmon.capture.graph import leaves
from lossmon.capture.guard import Guard
from lossmon.capture.hooks import TAPS
from lossmon.capture.quiet import QuietLane
from lossmon.capture.recorder import Recorder
from lossmon.capture.twins import are_twins

TRUSTED_AFTER = 32
"""A lone monitor whose first passes were all its own is not asked again: the walk costs 5 us."""
MAX_PASSES = 64
"""Passes since a step that are remembered."""
MAX_PLAYERS = 8
"""Trainings at a time that are looked at for playing against each other."""
NEVER = -1 << 62
"""In place of passes in a row: another optimizer was seen to step after a pass of the monitor's."""


class Finder(Protocol):
    """Finds trainings that nobody has announced."""

    def by_loss(self, roots: Sequence[Tensor]) -> Recorder | None:
        """Return a recorder for a backward pass that reaches none of the known parameters."""

    def by_optimizer(self, optimizer: Optimizer, roots: Sequence[Tensor]) -> Recorder | None:
        """Return the recorder of an unknown optimizer that steps after a pass over `roots`."""

    def settle(self) -> None:
        """Decide about runs on trial; called before every backward pass."""


class Routes:
    """Tells recorders of the events that are theirs. A listener of `hooks.TAPS`."""

    def __init__(self) -> None:
        self.finder: Finder | None = None
        self._recorders: tuple[Recorder, ...] = ()
        self._shadows: dict[int, list[Recorder]] = {}
        """Per id() of a recorder those of further monitors on the same training."""
        self._owners: dict[int, tuple[weakref.ref[Tensor], Recorder]] = {}
        self._reached: dict[int, int] = {}
        self._current: Recorder | None = None
        self._own_in_a_row = 0
        self._stepping: dict[int, list[Recorder]] = {}
        self._passes: deque[BackwardPass] = deque(maxlen=MAX_PASSES)
        self._learned: dict[Key, Recorder] = {}
        self._contested: set[int] = set()
        """id() of every recorder that was told that its loss is not its own alone."""
        self._met: dict[int, Recorder] = {}
        """Per id() of a recorder the last training whose pass touched it."""
        self._taken: list[BackwardPass] = []
        """Passes that steps since the last backward pass were made from."""
        self._last: Recorder | None = None
        self._guard = Guard(self._is_off)

    def add(self, recorder: Recorder) -> None:
        """Begin to tell `recorder`; it owns its rows from now on, also those of another training.

        Where the same training is recorded already, it is told what the first recorder is told.
        """
        TAPS.leave_lane()
        first = next((r for r in self._recorders if are_twins(r, recorder)), None)
        if first is not None:
            self._shadows.setdefault(id(first), []).append(recorder)
            return
        if not self._recorders and self.finder is None:
            self._guard = Guard(self._is_off)
            TAPS.add(self)
        self._recorders = (*self._recorders, recorder)
        self._own_in_a_row = 0
        self._learned.clear()
        self._contested.discard(id(recorder))
        self._met.pop(id(recorder), None)
        self._claim(recorder)

    def discard(self, recorder: Recorder) -> None:
        """Stop telling `recorder`."""
        TAPS.leave_lane()
        for shadows in self._shadows.values():
            if recorder in shadows:
                shadows.remove(recorder)
                return
        self._hand_on(recorder)
        self._recorders = tuple(r for r in self._recorders if r is not recorder)
        self._owners = {k: v for k, v in self._owners.items() if v[1] is not recorder}
        self._learned.clear()
        self._taken.clear()
        kept = [p for p in self._passes if p.recorder is not recorder]
        self._passes = deque(kept, maxlen=MAX_PASSES)
        if self._current is recorder:
            self._current = None
        if self._last is recorder:
            self._last = None
        if not self._recorders and self.finder is None:
            TAPS.discard(self)

    def _hand_on(self, recorder: Recorder) -> None:
        """Put the next recorder of the same training, if there is one, in the place of this one."""
        heir, *others = self._shadows.pop(id(recorder), ()) or (None,)
        if heir is None:
            return
        self._recorders = tuple(heir if r is recorder else r for r in self._recorders)
        self._shadows[id(heir)] = others
        mine = [replace(p, recorder=heir) if p.recorder is recorder else p for p in self._passes]
        self._passes = deque(mine, maxlen=MAX_PASSES)
        self._current = heir if self._current is recorder else self._current
        self._claim(heir)

    def _told(self, recorder: Recorder) -> list[Recorder]:
        """Return everybody who is to be told what `recorder` is told."""
        return [recorder, *self._shadows.get(id(recorder), ())]

    @property
    def last(self) -> Recorder | None:
        """The training that has stepped last."""
        return self._last

    def owner(self, tensor: Tensor) -> Recorder | None:
        """Return the recorder that has `tensor` among its rows."""
        reference, recorder = self._owners.get(id(tensor), (None, None))
        # An id may have passed on to another tensor since.
        return recorder if reference is not None and reference() is tensor else None

    def recorders_of(self, tensors: Iterable[Tensor]) -> list[Recorder]:
        """Return everybody who records a training of any of the tensors."""
        owners = {id(r): r for tensor in tensors if (r := self.owner(tensor)) is not None}
        return [each for recorder in owners.values() for each in self._told(recorder)]

    def backward_begins(self, roots: Sequence[Tensor], loss: Tensor | None) -> None:
        """See `hooks.Listener`."""
        if self.finder is not None:
            self._guard.run("routing", self.finder.settle)
        self._current = self._guard.run("routing", self._owner, roots)
        self._taken.clear()
        for each in self._told(self._current) if self._current is not None else ():
            each.guard.run("monitor", each.backward_begins, roots, loss)

    def backward_ended(self, scale: Tensor | None) -> None:
        """See `hooks.Listener`."""
        for each in self._told(self._current) if self._current is not None else ():
            each.guard.run("monitor", each.backward_ended, scale)

    def step_begins(self, optimizer: Optimizer) -> None:
        """See `hooks.Listener`."""
        found = self._guard.run("routing", self._trainings, optimizer) or []
        found = [each for recorder in found for each in self._told(recorder)]
        self._stepping[id(optimizer)] = found
        for recorder in found:
            rows = recorder.start.rows
            recorder.guard.run("monitor", recorder.step_begins, optimizer)
            if recorder.start.rows is not rows and recorder in self._recorders:
                self._claim(recorder)

    def step_ended(self, optimizer: Optimizer) -> None:
        """See `hooks.Listener`."""
        found = self._stepping.pop(id(optimizer), None)
        if not found:
            # A closure's backward pass may have told only now whose step this is.
            found = self._guard.run("routing", self._trainings, optimizer) or []
            found = [each for recorder in found for each in self._told(recorder)]
        for recorder in found:
            recorder.guard.run("monitor", recorder.step_ended, optimizer)
        last = [recorder for recorder in found if recorder in self._recorders]
        if last:
            self._last = last[-1]

    def quiet_lane(self) -> QuietLane | None:
        """See `hooks.Listener`: only a lone monitor that nobody doubts any more has one."""
        if self.finder is not None or self._own_in_a_row < TRUSTED_AFTER or self._passes:
            return None
        if len(self._recorders) != 1 or any(self._shadows.values()):
            return None
        recorder = self._recorders[0]
        lane: QuietLane | None = recorder.guard.run("monitor", recorder.quiet_lane)
        return lane

    def _claim(self, recorder: Recorder) -> None:
        """Make `recorder` the owner of its rows as they are now."""
        self._owners = {k: v for k, v in self._owners.items() if v[1] is not recorder}
        for row in recorder.start.rows:
            tensor = row.tensor()
            if tensor is not None:
                self._owners[id(tensor)] = (row.tensor, recorder)

    def _is_off(self, collector: str, error: str) -> None:
        for recorder in self._recorders:
            recorder.log.note_off(collector, error)

    # -- whose backward pass ---------------------------------------------------------------

    def _owner(self, roots: Sequence[Tensor]) -> Recorder | None:
        several = len(self._recorders) > 1
        if self.finder is None and not several:
            return self._lone_owner(roots) if self._recorders else None
        reached = self._reached_recorders(roots, only_first=not several)
        # A closure: its optimizer is stepping already.
        inside = [r for found in self._stepping.values() for r in found if r in reached]
        key: Key | None = None
        touched: tuple[Recorder, ...] = ()
        if not reached:
            owner = self.finder.by_loss(roots) if self.finder is not None else None
        elif inside or not several:
            owner = (inside or reached)[0]
        else:
            key = (tuple(id(recorder) for recorder in reached), id(self._last))
            owner = self._learned.get(key) or self._likely(reached)
        if several and len(self._recorders) <= MAX_PLAYERS:
            frozen = [r for r in self._recorders if r not in reached and _is_frozen(r)]
            touched = tuple(r for r in (*reached, *frozen) if r is not owner)
        if owner is not None:
            self._note(owner, key, roots, touched)
        return owner

    def _note(
        self,
        owner: Recorder,
        key: Key | None,
        roots: Sequence[Tensor],
        touched: tuple[Recorder, ...] = (),
    ) -> None:
        held = tuple(weakref.ref(root) for root in roots)
        self._passes.append(BackwardPass(owner, key, held, touched))

    def _likely(self, reached: Sequence[Recorder]) -> Recorder:
        for recorder in reached:
            self._reached[id(recorder)] = self._reached.get(id(recorder), 0) + 1
        # A generator's loss reaches its discriminator too, and that one is reached more often.
        return min(reached, key=lambda r: self._reached[id(r)])

    def _lone_owner(self, roots: Sequence[Tensor]) -> Recorder | None:
        recorder = self._recorders[0]
        if self._own_in_a_row >= TRUSTED_AFTER:
            return recorder
        cut_off = all(root.grad_fn is None for root in roots)
        if cut_off or self._reached_recorders(roots, only_first=True):
            self._own_in_a_row += 1
            self._note(recorder, None, roots)
            return recorder
        self._own_in_a_row = min(0, self._own_in_a_row)
        return None

    def _reached_recorders(self, roots: Sequence[Tensor], *, only_first: bool) -> list[Recorder]:
        """Return whose parameters are behind `roots`; looks for new ones where nobody's are."""
        reached = self._reached_by(roots, only_first=only_first)
        if not reached and self._look_again():
            reached = self._reached_by(roots, only_first=only_first)
        return reached

    def _look_again(self) -> bool:
        """Return whether any training has other parameters by now."""
        changed = [r for r in self._recorders if r.renew()]
        for recorder in changed:
            self._claim(recorder)
        return bool(changed)

    def _reached_by(self, roots: Sequence[Tensor], *, only_first: bool) -> list[Recorder]:
        reached: list[Recorder] = []
        for variable in itertools.chain.from_iterable(leaves(root) for root in roots):
            recorder = self.owner(variable)
            if recorder is None or recorder in reached:
                continue
            reached.append(recorder)
            if only_first or len(reached) == len(self._recorders):
                break
        return reached

    # -- whose step ------------------------------------------------------------------------

    def _trainings(self, optimizer: Optimizer) -> list[Recorder]:
        """Return the recorders to be told of a step, once they have the passes that led to it."""
        waiting = [r for r in self._recorders if r.pending]
        own = [r for r in waiting if optimizer in r.holders]
        if not own:
            own = self._without_own_pass(optimizer, waiting)
        if self._passes:
            self._learn(own)
        return own

    def _learn(self, own: Sequence[Recorder]) -> None:
        if len(self._recorders) == 1:
            self._taken.extend(self._passes)
            self._passes.clear()
            return
        for each in self._passes:
            if each.recorder in own and each.key is not None:
                self._learned[each.key] = each.recorder
        for recorder in own:
            self._contest(recorder)
        self._take([each for each in self._passes if each.recorder in own])

    def _contest(self, steps: Recorder) -> None:
        """Where a training steps on that another's loss depends on, tell both."""
        for each in self._passes:
            if each.recorder is steps:
                self._met.update({id(other): steps for other in each.touched})
        met = self._met.pop(id(steps), None)
        if met is None or met not in self._recorders:
            return
        for recorder in (steps, met):
            if id(recorder) not in self._contested and recorder.note_contest():
                self._contested.add(id(recorder))

    def _take(self, passes: Sequence[BackwardPass]) -> None:
        self._taken.extend(passes)
        self._passes = deque((p for p in self._passes if p not in passes), maxlen=MAX_PASSES)

    def _without_own_pass(self, optimizer: Optimizer, waiting: list[Recorder]) -> list[Recorder]:
        unheld = [r for r in waiting if not len(r.holders)]
        if unheld and self.finder is not None:
            # It holds none of what the last backward pass reached, and steps all the same.
            return unheld[-1:]
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        shared = not waiting and any(each.reaches(held) for each in self._taken)
        trainings = [r for r in self._recorders if optimizer in r.holders][-1:]
        if not trainings and self.finder is not None and (waiting or shared):
            found = self.finder.by_optimizer(optimizer, self._roots())
            trainings = [found] if found is not None else []
        if not trainings:
            trainings = [r for r in self._recorders if self._holds(held, r)]
            if not trainings and self._look_again():
                trainings = [r for r in self._recorders if self._holds(held, r)]
            trainings = [r for r in trainings if r.pending] or trainings
        if shared:
            self._share(trainings)
        elif not any(r in trainings for r in waiting):
            for recorder in waiting:
                self._hand_over(held, recorder, trainings)
        return trainings

    def _roots(self) -> list[Tensor]:
        return [root for each in (*self._passes, *self._taken) for root in each.living()]

    def _hand_over(self, held: set[int], recorder: Recorder, trainings: Sequence[Recorder]) -> None:
        """Take from `recorder` the passes that reach the tensors `held`, all where none does.

        Where nobody records the training that steps, only what surely is its own is taken away.
        """
        self._own_in_a_row = NEVER
        told = [each for each in self._passes if each.recorder is recorder]
        moved = [each for each in told if each.reaches(held)]
        if not moved and not trainings:
            return
        moved = moved or told
        chosen = [each in moved for each in told]
        losses, *_ = [each.give_up(chosen) for each in self._told(recorder)]
        for each in moved:
            if each.key is not None and trainings:
                self._learned[each.key] = trainings[0]
        self._take(moved)
        for training in trainings:
            for shared in self._told(training):
                shared.take_over(losses)
            self._taken[-len(moved) :] = [replace(each, recorder=training) for each in moved]
            # It looked like the other's: it depends on what that one trains.
            self._met[id(recorder)] = training

    def _share(self, trainings: Sequence[Recorder]) -> None:
        """Give the losses of a step just made to whoever steps after the same backward pass."""
        makers = [each.recorder for each in self._taken]
        for training in trainings:
            if training not in makers:
                for each in self._told(training):
                    each.take_over(makers[-1].newest_losses)

    def _holds(self, held: set[int], recorder: Recorder) -> bool:
        return any(
            owner is recorder and id(tensor()) in held
            for key, (tensor, owner) in self._owners.items()
            if key in held
        )


def _is_frozen(recorder: Recorder) -> bool:
    """Return whether its first parameter that lives is kept from getting a gradient right now."""
    living = (t for row in recorder.start.rows if (t := row.tensor()) is not None)
    first = next(living, None)
    return first is not None and not first.requires_grad


ROUTES = Routes()
"""One per process: what one monitor is told decides what another is not."""
