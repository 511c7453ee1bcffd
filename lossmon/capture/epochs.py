"""Passes over the training data: at which steps a DataLoader began anew.

`DataLoader.__iter__` is wrapped while trainings are recorded (see `hooks`); nothing is asked of a
loader. Which of them feeds a training is seen by the batches that its iterator has given: one more
after each step. A validation loader's come between two steps, or not at all.
"""

from __future__ import annotations

import weakref
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from lossmon.signals import EPOCH

REMEMBERED = 16
"""Newest passes that are kept in mind: some begin before their training is known."""


@dataclass(frozen=True, slots=True, eq=False)
class DataPass:
    """One pass over what a loader loads; neither it nor its loader is kept alive."""

    loader: weakref.ref[Any]
    iterator: weakref.ref[Any]

    @property
    def given(self) -> int | None:
        """How many batches it has given so far; None once it is over, or where nobody can tell."""
        given = getattr(self.iterator(), "_num_yielded", None)
        return given if isinstance(given, int) else None


@dataclass(slots=True)
class Loaders:
    """The newest passes of all loaders of the process."""

    begun: int = 0
    newest: deque[DataPass] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def note(self, loader: object, iterator: object) -> None:
        """Take note of a pass; an iterator of a user's own need not take weak references."""
        with suppress(TypeError):
            self.newest.append(DataPass(weakref.ref(loader), weakref.ref(iterator)))
            self.begun += 1


LOADERS = Loaders()
"""One per process, as the wrapper is."""


class Epochs:
    """Counts the passes that feed one training."""

    def __init__(self) -> None:
        self._seen = LOADERS.begun - len(LOADERS.newest)
        self._waiting: dict[DataPass, int] = {}
        """Passes that have begun since, and how many batches each had given by the last step."""
        self._feeds: DataPass | None = None
        self._count = 0

    @property
    def waits(self) -> bool:
        """Whether the next step tells which loader feeds it."""
        return bool(self._waiting) or self._seen != LOADERS.begun

    def look(self) -> dict[str, float]:
        """Return how many passes there were, where the step just made is the second of one.

        To be called at every step while `waits`.
        """
        if not self.waits:
            return {}
        fed = [each for each, before in self._waiting.items() if (each.given or 0) > before]
        new = LOADERS.begun - self._seen
        self._seen = LOADERS.begun
        begun = list(LOADERS.newest)[-new:] if new else []
        self._waiting = {each: each.given or 0 for each in begun if each.given is not None}
        fed = [each for each in fed if self._may_feed(each)]
        if not fed:
            return {}
        self._feeds = fed[0]
        self._count += 1
        return {EPOCH.tag: float(self._count)}

    def _may_feed(self, found: DataPass) -> bool:
        """Return whether no other loader feeds the training: of two that take turns, the first."""
        feeds, loader = self._feeds, found.loader()
        if feeds is None or feeds.given is None:
            return True
        # Of two that are gone, made for one pass each, nobody can tell.
        return loader is not None and loader is feeds.loader()
