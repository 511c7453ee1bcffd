"""When to sample: every step while the one-time allowance lasts, then pairs of steps on a budget.

Sampled are the steps with `step mod 2^k in {0, 1}`: pairs, because ⟨g_t, g_t-1⟩ needs both, and
nested, so that ranks with different k share steps without talking to each other.
"""

from __future__ import annotations

import math

ALLOWANCE_S = 0.5
"""Time that sampling may cost once, at any length of run: a script of 300 steps is seen whole."""
BUDGET = 0.005
"""Share of the run's time that sampling may cost after that."""
MAX_EXPONENT = 20
MAX_BYTES = 200e6
"""Of all wide records of a start, however long it trains; unless the interval is fixed."""
COLD_CACHE = 1.5
"""A sample costs more than its own time: 84-137 us observed where 68 us were self-timed."""


class Schedule:
    """Decides which steps are sampled, from the measured cost of the samples so far."""

    def __init__(self, *, every: int | None = None, budget: float = BUDGET, lanes: int = 1) -> None:
        """`every`: a fixed interval instead of the budget; `lanes`: optimizers that take turns."""
        self.every = every
        self.exponent = 0
        self.spent_s = 0.0
        self._budget = budget
        self._lanes = max(1, lanes)
        self.record_bytes = 0
        """Of one wide record, on the disk."""
        self._by_time = 0
        """The exponent that the budget of time asks for."""
        self._first_s: float | None = None
        self._samples = 0

    def samples(self, step: int) -> bool:
        """Return whether `step` is sampled."""
        if self.every is not None:
            return step % self.every == 0
        return self.exponent == 0 or step % (1 << self.exponent) < 2 * self._lanes

    def quiet_until(self, step: int) -> int:
        """Return the last step from `step` on after which no sampled one follows at once.

        `step` is not sampled itself. The step before a sampled one may change the interval.
        """
        return step - step % self.interval + self.interval - 2

    @property
    def interval(self) -> int:
        """Length of the period in which one sample, or one pair of them, falls."""
        return self.every if self.every is not None else 1 << self.exponent

    def spent(self, seconds: float, *, joins: bool = False) -> None:
        """Add the cost of one sampled step; `joins`: of one more optimizer in the same step."""
        self.spent_s += seconds * COLD_CACHE
        self._samples += not joins

    def charge(self, seconds: float) -> None:
        """Add what a look before the step itself has cost, of which caches are still warm."""
        self.spent_s += seconds

    def adapt(self, step: int, now_s: float) -> bool:
        """Choose the interval for the steps after `step`; return whether it changed.

        Only at the end of a period, so that a pair is never cut in two.
        """
        if self._first_s is None:
            self._first_s = now_s
        if self.every is not None or (step + 1) % (1 << self.exponent):
            return False
        elapsed = now_s - self._first_s
        if self.spent_s > ALLOWANCE_S + self._budget * elapsed:
            self._by_time = self._exponent(elapsed / (step + 1))
        before = self.exponent
        self.exponent = min(max(self._by_time, self._by_disk(step + 1)), MAX_EXPONENT)
        return self.exponent != before

    def _exponent(self, step_s: float) -> int:
        cost = self.spent_s / max(1, self._samples) * 2 * self._lanes
        exponent = 0
        while cost > self._budget * step_s * (1 << exponent) and exponent < MAX_EXPONENT:
            exponent += 1
        return exponent

    def _by_disk(self, steps: int) -> int:
        """Return the exponent that keeps to the disk's share: 0 until half of it is used.

        From there on each doubling of the run's length gets a twentieth of the other half.
        """
        if 2 * self._samples * self.record_bytes < MAX_BYTES:
            return 0
        doubling = MAX_BYTES / 2 / 20 / self.record_bytes
        return max(0, math.ceil(math.log2(2 * self._lanes * steps / doubling)))
