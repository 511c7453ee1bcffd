"""Work that is no part of any training, as experiments on a copy of its model are not.

Nobody is told of it, and the clock of the trainings stands still as long as it lasts.
"""

from __future__ import annotations

import time


class Foreign:
    """Whether such work is under way, and how long all of it took; see `hooks.Taps.suspended`."""

    def __init__(self) -> None:
        self.is_running = False
        self.spent_s = 0.0


FOREIGN = Foreign()
"""One per process, as hooks are."""


def training_clock() -> float:
    """Return time.perf_counter, less what foreign work has taken so far."""
    return time.perf_counter() - FOREIGN.spent_s
