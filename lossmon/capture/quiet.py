"""Steps of which only scalars are recorded, at the least cost.

Between two sampled steps of a quick loop come one pass, one step of one optimizer, and maybe one
word of the loop, again and again. As long as they do, the lane takes them, with little more than a
call for each. The first event that does not fit ends the lane, and what it knows of the step under
way is handed back as if it had never been.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from torch import Tensor
from torch.optim import Optimizer

from lossmon.capture.cycle import Cycle
from lossmon.capture.foreign import FOREIGN
from lossmon.capture.groups import number
from lossmon.capture.samples import Sample
from lossmon.capture.scalars import Line
from lossmon.signals import LOSS, STEP_MS

Write = Callable[[int, float, Mapping[str, float]], None]

SHORTEST_LANE = 8
"""Steps for which a quiet lane is worth its beginning and its end."""
NOTHING, PASSED, STEPPING, STEPPED = range(4)
"""How far the step under way has come; with the last, only the word of the loop is missing."""


class Owner(Protocol):
    """Whose steps a lane records."""

    step: int

    def go_on_after(self, lane: QuietLane) -> None:
        """Take back what the lane knows."""


class QuietLane:
    """The steps from `first` to `last`. No method raises; False: this event does not fit."""

    __slots__ = (
        "_is_told", "_last", "_rates", "_wall_time", "_write", "first", "last_end", "loss",
        "optimizer", "owner", "stage", "step", "step_s", "values",
    )  # fmt: skip

    def __init__(
        self, owner: Owner, optimizer: Optimizer, write: Write, rates: Sequence[str], last: int,
        last_end: float, *, is_told: bool,
    ) -> None:  # fmt: skip
        """`rates` are the tags of the lr of each param group; `is_told`: by the loop."""
        self.owner = owner
        self.optimizer = weakref.ref(optimizer)
        self.first = self.step = owner.step
        self.stage = NOTHING
        self.loss = 0.0
        """Of the pass of the step under way."""
        self.last_end = last_end
        """When the last step ended, by the clock of the training."""
        self.step_s = 0.0
        """How long it took; 0 before there is one."""
        self.values: dict[str, float] = {}
        """Scalars of the step under way, once it is made."""
        self._wall_time = 0.0
        self._write = write
        self._rates = tuple(rates)
        self._last = last
        self._is_told = is_told

    def takes_pass(self, root: Any) -> bool:
        """Take a backward pass, before it is made."""
        if self.stage != NOTHING or self.step > self._last:
            return False
        loss = _number(root) if type(root) is Tensor else None
        if loss is None:
            return False
        self.loss = loss
        self.stage = PASSED
        return True

    def takes_step(self, optimizer: Optimizer) -> bool:
        """Take the beginning of an optimizer's step."""
        if self.stage != PASSED or self.optimizer() is not optimizer:
            return False
        self.stage = STEPPING
        return True

    def takes_end(self, optimizer: Optimizer) -> bool:
        """Take the end of an optimizer's step."""
        groups = optimizer.param_groups
        if self.stage != STEPPING or len(groups) != len(self._rates):
            return False
        self._note(groups, time.perf_counter() - FOREIGN.spent_s)
        self._end()
        return True

    def _note(self, groups: Sequence[Mapping[str, Any]], now: float) -> None:
        """Note the scalars of a step that has ended `now`, by the clock of the training."""
        self.step_s, self.last_end = now - self.last_end, now
        self.values = values = {LOSS.tag: self.loss}
        for group, tag in zip(groups, self._rates):  # noqa: B905  # as long, and strict= costs
            rate = group.get("lr")
            if type(rate) is not float:
                rate = _rate(rate)
            if rate is not None:
                values[tag] = rate
        values[STEP_MS.tag] = 1e3 * self.step_s
        self._wall_time = time.time()

    def _end(self) -> None:
        """Write the step, or wait for the word of the loop."""
        if self._is_told:
            self.owner.step = self.step + 1
            self.stage = STEPPED
        else:
            self._put()

    def takes_word(self, loss: Any) -> bool:
        """Take the loss as the loop tells it, None for the one of the pass."""
        if self.stage != STEPPED:
            return False
        told = self.loss if loss is None else _number(loss)
        if told is None:
            return False
        self.values[LOSS.tag] = told
        self._put()
        return True

    def cycle(self, *, waits_for_loss: bool) -> Cycle:
        """Return the step that waits for the loop's word; without a loss where that brings it."""
        losses: list[Tensor | float] = [] if waits_for_loss else [self.loss]
        values = {tag: value for tag, value in self.values.items() if tag != LOSS.tag}
        line, sample = Line(self.step, self._wall_time, values, losses), self.sample()
        return Cycle(line, sample is not None, {id(self.optimizer())}, sample)

    def sample(self) -> Sample | None:
        """Return the wide record of the step that waits; None where none is made."""
        return None

    def ended(self, steps: int) -> None:
        """Learn that the lane has ended after so many steps."""

    def hand_over_step(self) -> None:
        """Give whoever was told just now that a step begins what was noted when it began."""

    def _put(self) -> None:
        step = self.step
        self._write(step, self._wall_time, self.values)
        self.step = self.owner.step = step + 1
        self.stage = NOTHING


def _number(loss: Any) -> float | None:
    """Return a loss in host memory as a number; None for any other."""
    try:
        if isinstance(loss, Tensor):
            return float(loss.item()) if loss.is_cpu else None
        return float(loss)
    # An object of the user's may raise anything: the slow way knows what to say.
    except Exception:
        return None


def _rate(rate: Any) -> float | None:
    try:
        return number(rate)
    except Exception:
        return None
