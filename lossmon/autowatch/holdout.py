"""`lossmon run --hold-out`: a validation loss for a script that has none.

A fifth of the training's examples, the same in every pass, teach it nothing: their batches come as
ever, and their loss is taken, but their gradients never reach an optimizer. Nobody who records the
training is told of them. Their mean loss is `val/loss`, once a pass, in train mode, before the
pass: the loss of examples that were never seen, where nothing else differs from those that were.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

from lossmon.autowatch.apart import Apart, give_back, put_apart
from lossmon.autowatch.withholding import NAME, Withholding
from lossmon.capture.guard import Guard
from lossmon.capture.hooks import TAPS, put_wrapper
from lossmon.capture.recorder import Recorder
from lossmon.capture.routes import ROUTES
from lossmon.eventfile.forks import generation
from lossmon.signals import HELD_OUT_LOSS, HOLD_OUT, VAL_LOSS, VAL_LOSS_ERROR

SINGLE = 1.5
"""Backward passes a step, on average; with more, gradients are accumulated."""
OFTEN = 2
"""Passes in a row that are broken off early: then all of them will be."""
SEVERAL_PASSES = "a batch takes more than one backward pass"
ACCUMULATES = "more than one backward pass goes before a step"
VALIDATES = "the script has a validation loss of its own"
AHEAD = "batches are skipped, or fetched ahead of their steps"
TOGETHER = "batches of several loaders make one step"
SHORT = "its passes end early, before much is learnt from"
THREAD = "a thread of the script's own fetches its batches"
ONCE = "its examples were gone through only once"


@dataclass(eq=False, slots=True)
class Course:
    """A pass over the examples, as far as it has come."""

    apart: Apart
    whole: int
    """Batches of examples held out alone; the next one may have some too."""
    since: int
    """Backward passes that the process had made when it began."""
    given: int = 0
    made: int = 0
    """Backward passes that were withheld."""
    losses: list[Tensor] = field(default_factory=list)
    recorder: Recorder | None = None
    is_over: bool = False
    """Whether all that is held out has been gone through."""

    @property
    def is_short(self) -> bool:
        """Whether fewer batches have taught the training than were held out."""
        return self.given - 1 < 2 * self.whole


class HoldOut:
    """Holds out from `__init__` to `close`."""

    def __init__(self) -> None:
        self._why = self._unfit = ""
        """Why nothing is held out: for how the training goes, or what a loader is like."""
        self._examples: tuple[int, int] | None = None
        """How many were held out, of how many, once their loss was written."""
        self._is_off = False
        self._born = generation()
        self._loaders: weakref.WeakSet[DataLoader[Any]] = weakref.WeakSet()
        self._courses: weakref.WeakKeyDictionary[Any, Course] = weakref.WeakKeyDictionary()
        self._newest: dict[int, Course] = {}
        self._short: Counter[int] = Counter()
        """By number of examples, passes in a row that were."""
        self._course: Course | None = None
        """Of the batch under way, where it is withheld."""
        self._iterator: weakref.ref[Any] | None = None
        self._made = 0
        """Backward passes of that batch."""
        self._beside: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        """Iterators that gave a batch before that one was learnt from, and the passes till then."""
        self._quiet = ExitStack()
        """What keeps the batch under way from everybody who records."""
        self._before: weakref.WeakKeyDictionary[Recorder, Tensor] = weakref.WeakKeyDictionary()
        """What its batches cost in the pass before."""
        self._told: weakref.WeakSet[Recorder] = weakref.WeakSet()
        """Whose logs say how many were held out."""
        self._guard = Guard(lambda collector, error: None)
        self._undo = ExitStack()
        self._undo.callback(put_wrapper(DataLoader, "__iter__", self._beginning))
        self._undo.callback(put_wrapper(_BaseDataLoaderIter, "__next__", self._following))
        self._withholding = Withholding(self._guard, self._take)
        self._undo.callback(self._withholding.close)

    def close(self, recorders: Sequence[Recorder] = ()) -> str:
        """Hold out no more; return in words what was, or why nothing was; "" in a forked child.

        The logs of the `recorders` say why, too.
        """
        self._stop("")
        self._undo.close()
        if generation() != self._born:
            return ""
        if self._examples is None:
            once = ONCE if any(course.made for course in self._newest.values()) else ""
            why = self._why or once or self._unfit or "no DataLoader fed a training"
            for each in recorders:
                each.guard.run(NAME, each.log.note_off, HELD_OUT_LOSS, why)
            return f"nothing was held out: {why}"
        return "held out {} of {} examples: val/loss is what they cost, once a pass".format(
            *self._examples
        )

    def _stop(self, why: str) -> None:
        """Hold out no more, from the next pass on in the order of the script's own."""
        self._why, self._is_off = self._why or why, True
        self._leave()
        for loader in list(self._loaders):
            give_back(loader)

    def _beginning(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def begin(loader: Any) -> Any:
            if not torch.compiler.is_compiling() and self._listens():
                self._guard.run(NAME, self._put_apart, loader)
            return original(loader)

        return begin

    def _listens(self) -> bool:
        return not self._is_off and torch.is_grad_enabled() and generation() == self._born

    def _put_apart(self, loader: DataLoader[Any]) -> None:
        unfit = put_apart(loader)
        if unfit:
            self._unfit = unfit
            return
        self._loaders.add(loader)
        batches: Any = loader.batch_sampler
        if self._ends_early(batches.sampler.examples):
            self._unfit = SHORT
            give_back(loader)

    def _ends_early(self, examples: int) -> bool:
        """Return whether passes over as many examples have been broken off, time and again."""
        last = self._newest.get(examples)
        # Of some only one batch is looked at, before the training begins.
        if last is not None and self._withholding.total > last.since:
            del self._newest[examples]
            self._short[examples] = self._short[examples] + 1 if last.is_short else 0
        return self._short[examples] >= OFTEN

    def _following(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def following(iterator: Any) -> Any:
            if torch.compiler.is_compiling():
                return original(iterator)
            if self._course is not None and self._is_over(iterator):
                self._leave()
            batch = original(iterator)
            if self._listens():
                self._guard.run(NAME, self._enter, iterator)
            return batch

        return following

    def _is_over(self, iterator: Any) -> bool:
        """Return whether the batch under way is, where `iterator` is to give one.

        Others than its own may give some before it is learnt from: a validation loss may be taken.
        """
        own = self._iterator() if self._iterator is not None else None
        return own is iterator or (self._made > 0 and torch.is_grad_enabled())

    def _enter(self, iterator: Any) -> None:
        """Begin with a batch; withhold it where it is one of those."""
        apart = getattr(iterator._index_sampler, "sampler", None)
        if not isinstance(apart, Apart):
            return
        if threading.current_thread() is not threading.main_thread():
            self._unfit = THREAD
            return
        if iterator._num_yielded == 1:
            course = Course(apart, apart.first // apart.batch_size, self._withholding.total)
            self._courses[iterator] = self._newest[apart.examples] = course
        found = self._courses.get(iterator)
        if found is None or not apart.first:
            return
        found.given = iterator._num_yielded
        if self._course is not None:
            self._accompany(iterator)
        # One more, of a few that are left over, or for loops that fetch a batch ahead.
        elif found.given <= found.whole + 1:
            self._withhold(iterator, found)
        elif not found.is_over:
            self._write(found)

    def _withhold(self, iterator: Any, course: Course) -> None:
        self._course, self._made = course, 0
        self._iterator = weakref.ref(iterator, self._has_gone)
        self._quiet.enter_context(TAPS.suspended())
        self._withholding.begin(is_on=True)

    def _has_gone(self, reference: weakref.ref[Any]) -> None:
        """Note that nobody asks for more of a pass: what is learnt from now is learnt."""
        if reference is self._iterator:
            self._leave()

    def _accompany(self, iterator: Any) -> None:
        """Note that another loader that shuffles gave a batch before the one under way was over."""
        if self._beside.setdefault(iterator, self._withholding.total) != self._withholding.total:
            self._stop(TOGETHER)

    def _leave(self) -> None:
        self._course = self._iterator = None
        self._quiet.close()
        self._withholding.begin(is_on=False)

    def _take(self, roots: Sequence[Tensor], held: Sequence[Tensor]) -> None:
        """Take the loss of a backward pass that is withheld."""
        course = self._course
        if course is None:
            return
        self._made += 1
        if self._made > 1:
            self._stop(SEVERAL_PASSES)
            return
        course.made += 1
        loss = TAPS.unscaled(roots)
        if course.made <= course.whole and loss is not None and loss.numel() == 1:
            # Nobody's before the first step of a training.
            owners = (ROUTES.owner(tensor) for tensor in held)
            course.recorder = next((each for each in owners if each is not None), None)
            course.losses.append(loss.detach().reshape(()).float())
            if len(course.losses) == course.whole:
                self._write(course)

    def _write(self, course: Course) -> None:
        """Write the mean loss of what was held out, once its batches are over."""
        recorder, counts, course.is_over = course.recorder, self._withholding, True
        if not course.losses or recorder is None or recorder.kept is not None:
            return
        if recorder.step == recorder.start.step:
            return  # there is no step yet that it would be written at
        if recorder.log.validates:
            self._stop(VALIDATES)
        elif counts.passes > SINGLE * counts.steps:
            self._stop(ACCUMULATES)
        elif len(course.losses) == course.whole:
            self._tell(recorder, course)
        elif self._examples is None:
            self._stop(AHEAD)
        counts.count_anew()

    def _tell(self, recorder: Recorder, course: Course) -> None:
        TAPS.leave_lane()
        self._examples = (course.apart.first, len(course.apart))
        if recorder not in self._told:
            self._told.add(recorder)
            detail = dict(zip(("examples", "of"), self._examples, strict=True))
            recorder.guard.run(NAME, recorder.log.mark, recorder.newest, HOLD_OUT, detail)
        losses = torch.stack(course.losses)
        before = self._before.get(recorder)
        self._before[recorder] = losses
        values = {VAL_LOSS.tag: float(losses.mean())}
        if before is not None and len(before) == len(losses) > 1:
            values[VAL_LOSS_ERROR.tag] = float((losses - before).std() / len(losses) ** 0.5)
        recorder.guard.run(NAME, recorder.user_log, values)


def say(words: str) -> None:
    """Tell the terminal."""
    print(f"lossmon: {words}", file=sys.stderr)
