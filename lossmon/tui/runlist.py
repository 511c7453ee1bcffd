"""Which runs the overview lists, in which order, and which of them are drawn together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lossmon import signals
from lossmon.naturalorder import natural
from lossmon.tui.filtering import matches
from lossmon.tui.snapshot import Key, RunView
from lossmon.tui.words import diagnosis, life_words, urgency

MOST_MARKS = 8
"""Runs that are drawn together at most: as many as there are colours."""
BASELINE = "="
"""Sign of the run that others are compared with."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person has chosen among the runs."""

    order: str = "severity"
    words: str = ""
    marks: tuple[Key, ...] = ()
    """Runs that are drawn together, in the order in which they were marked."""
    baseline: Key | None = None

    def marked(self, key: Key) -> Choice:
        """Return the choice with a mark set, or taken away; with eight set no other is."""
        if key in self.marks:
            return replace(self, marks=tuple(one for one in self.marks if one != key))
        return replace(self, marks=(*self.marks, key)[:MOST_MARKS])

    def all_marked(self, keys: Sequence[Key]) -> Choice:
        """Return the choice with the first eight runs marked, or none where any was."""
        return replace(self, marks=() if self.marks else tuple(keys[:MOST_MARKS]))

    def pinned(self, key: Key) -> Choice:
        """Return the choice with a run as the baseline, or none where it was."""
        return replace(self, baseline=None if key == self.baseline else key)

    def sorted_next(self) -> Choice:
        """Return the choice with the next order."""
        at = ORDERS.index(self.order) + 1
        return replace(self, order=ORDERS[at % len(ORDERS)])

    def sign(self, key: Key) -> str:
        """Return the letter that names a run in the shared plot; "" for one that is not in it."""
        if key == self.baseline:
            return BASELINE
        return chr(ord("A") + self.marks.index(key)) if key in self.marks else ""


def change(view: RunView) -> float:
    """Return the change of the smoothed loss per 1,000 steps over the last quarter of the run."""
    points = view.points
    if points is None or len(points) < 2:
        return math.nan
    last = int(points.steps[-1])
    begin = int(points.steps.searchsorted(last - (last - points.first_step) / 4))
    begin = min(begin, len(points) - 2)
    span = last - int(points.steps[begin])
    return 1000 * float(points.trend[-1] - points.trend[begin]) / span if span else math.nan


def began(view: RunView) -> float:
    """Return the wall time of a run's first step; 0 where it is not known."""
    loss = view.run.scalar(signals.LOSS)
    if loss is not None and len(loss):
        return float(loss.wall_times[0])
    return view.run.meta.start_wall if view.run.meta is not None else 0.0


def ordered(views: Sequence[RunView], order: str = "severity") -> tuple[RunView, ...]:
    """Return the runs in an order; of equal ones the newest first, then by name."""
    rank = _RANKS[order]
    return tuple(sorted(views, key=lambda one: (rank(one), -began(one), natural(one.name))))


def arranged(views: Sequence[RunView], order: Sequence[Key]) -> tuple[RunView, ...]:
    """Return the runs in the given order, those it does not know yet at its end."""
    places = {key: place for place, key in enumerate(order)}
    return tuple(sorted(ordered(views), key=lambda view: places.get(view.key, len(places))))


def filtered(views: Sequence[RunView], words: str) -> tuple[RunView, ...]:
    """Return the runs whose name, state or diagnosis match."""
    if not words.strip():
        return tuple(views)
    return tuple(view for view in views if matches(words, _said(view)))


def _said(view: RunView) -> str:
    verdict = "".join(text for text, _ in diagnosis(view))
    return f"{view.name} {life_words(view)[1]} {verdict}"


def _number(value: float) -> tuple[bool, float]:
    """Return a key that has what is no number last."""
    return math.isnan(value), 0.0 if math.isnan(value) else value


def _level(view: RunView) -> float:
    """Return the smoothed loss: the last one alone is mostly noise."""
    return math.nan if view.points is None else float(view.points.trend[-1])


_RANKS: Mapping[str, Callable[[RunView], Any]] = {
    "severity": urgency,
    "name": lambda view: natural(view.name),
    "step": lambda view: -view.run.last_step,
    "loss": lambda view: _number(_level(view)),
    "change": lambda view: _number(change(view)),
    "speed": lambda view: _number(-view.speed),
    "age": lambda view: -view.run.last_wall,
}
ORDERS = tuple(_RANKS)
