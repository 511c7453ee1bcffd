"""Axes: limits that seldom move, ticks on round numbers.

Every limit that moves repaints a chart, so limits come from short ladders of round numbers and are
kept while they still fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lossmon.numfmt import fmt, fmt_count, fmt_duration

GUTTER = 9
"""Columns left of a plot: a label, a space, the axis."""
_LADDER = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_TIMES = (1.0, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 43200)
"""Seconds that time is counted in, below a day."""
_ROUND = (1.0, 2.0, 5.0, 10.0)
_HUGE = 1e300
"""Beyond this a difference of two values may be infinite; such values are drawn at the edge."""
_NARROWEST = 1e-3
"""Least height of a linear axis, as a share of its values: a flat loss looks flat."""
_KEPT = 0.5
"""Share of the old axis that the values must still fill for it to be kept."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values, `low` < `high`; on a log axis both are positive."""

    low: float
    high: float
    log: bool = False
    clock: bool = False
    """Whether the values are seconds since the run began."""

    def share(self, value: float) -> float:
        """Return where a value lies: 0 at `low`, 1 at `high`; clipped."""
        if self.log and value <= 0:
            return 0.0
        unit = math.log if self.log else float
        low, high = unit(self.low), unit(self.high)
        return min(max((unit(min(max(value, -_HUGE), _HUGE)) - low) / (high - low), 0.0), 1.0)

    def at(self, share: float) -> float:
        """Return the value that lies at a share of the axis."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)


def step_axis(first: int, last: int, *, growing: bool) -> Axis:
    """Return the axis for steps `first` to `last`, from 0 where the run began near it.

    A run that grows gets room, so that its axis moves a few times an hour and not at every step.
    """
    low = 0 if first * 10 <= last else first
    span = max(last - low, 1)
    return Axis(low, low + (_laddered(max(span, 10)) if growing else span))


def log_step_axis(first: int, last: int) -> Axis:
    """Return the logarithmic axis for steps `first` to `last`; step 0 lies at its left edge."""
    low = max(first, 1)
    return Axis(low, max(last, low + 1), log=True)


def time_axis(low: float, high: float, *, growing: bool) -> Axis:
    """Return the axis for seconds since the run began, with room for a run that grows."""
    span = max(high - low, 1.0)
    return Axis(low, low + (_laddered(max(span, 10)) if growing else span), clock=True)


def value_axis(low: float, high: float, *, log: bool, before: Axis | None = None) -> Axis:
    """Return the axis for values from `low` to `high`, both finite, and positive where `log`.

    `before`, the axis in use, is kept where the values lie inside it and fill half of it.
    """
    low, high = (min(max(value, -_HUGE), _HUGE) for value in (low, high))
    if before is not None and before.log == log and _still_fits(before, low, high):
        return before
    if log and high / low >= 10:
        return Axis(_rung_below(low), 1 / _rung_below(1 / high), True)
    pad = max((high - low) / 20, _NARROWEST * max(abs(low), abs(high)) / 2) or 1.0
    step = _round_step(high - low + 2 * pad, 10)
    bottom = math.floor((low - pad / 2) / step) * step
    if low >= 0 > bottom:
        bottom = 0.0
    if log and bottom <= 0:
        bottom = low / 2
    return Axis(bottom, math.ceil((high + pad / 2) / step) * step, log)


def value_ticks(axis: Axis, most: int) -> tuple[tuple[float, str], ...]:
    """Return at most `most` values on the axis, ascending, with their labels."""
    if axis.log and axis.high / axis.low >= 10:
        values = _decades(axis, most)
        if axis.high / axis.low < 1000 and len(values) < 3:
            values = _rungs(axis)[:: 2 if most < 6 else 1]
        return tuple((value, _decade_label(value)) for value in values)
    step = _round_step(axis.high - axis.low, max(most - 1, 1))
    values = _multiples(axis, step)
    largest = max((abs(value) for value in values), default=step)
    digits = max(2, math.floor(math.log10(largest / step) + 1e-9) + 2) if largest else 2
    return tuple((value, fmt(value, digits)) for value in values)


def step_ticks(axis: Axis, most: int) -> tuple[tuple[float, str], ...]:
    """Return at most `most` places on a horizontal axis, ascending, with labels."""
    if axis.clock:
        return _time_ticks(axis, most)
    if axis.log:
        values = _decades(axis, most)
        return tuple((value, fmt_count(int(value))) for value in values)
    step = max(_round_step(axis.high - axis.low, max(most - 1, 1)), 1.0)
    values = _multiples(axis, step)
    short = [fmt_count(int(value)) for value in values]
    faithful = step >= 100 and axis.high < 100 * step if axis.high >= 1000 else True
    labels = short if faithful else [str(int(value)) for value in values]
    return tuple(zip(values, labels, strict=True))


def _time_ticks(axis: Axis, most: int) -> tuple[tuple[float, str], ...]:
    span = axis.high - axis.low
    fits = (step for step in _TIMES if span <= step * max(most - 1, 1))
    step = next(fits, 0.0) or 86400.0 * _round_step(span / 86400, max(most - 1, 1))
    return tuple((value, fmt_duration(value)) for value in _multiples(axis, step))


def _still_fits(axis: Axis, low: float, high: float) -> bool:
    return (
        axis.low <= low
        and high <= axis.high
        and axis.share(high) - axis.share(low) >= _KEPT * (not axis.log)
    )


def _laddered(span: float) -> int:
    unit = 10.0 ** math.floor(math.log10(span))
    return math.ceil(next(rung * unit for rung in _LADDER if rung * unit >= span * (1 - 1e-12)))


def _round_step(span: float, parts: int) -> float:
    """Return the least of 1, 2, 5 times a power of ten that cuts `span` in at most `parts`."""
    unit = 10.0 ** math.floor(math.log10(span / parts))
    return next(unit * rung for rung in _ROUND if unit * rung * parts >= span * (1 - 1e-9))


def _multiples(axis: Axis, step: float) -> list[float]:
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _rung_below(value: float) -> float:
    """Return the greatest of 1, 2, 5 times a power of ten that is not above `value`."""
    unit = 10.0 ** max(math.floor(math.log10(value) + 1e-12), -300)
    return max(unit * rung for rung in (1.0, 2.0, 5.0) if unit * rung <= value * (1 + 1e-9))


def _decades(axis: Axis, most: int) -> list[float]:
    first, last = math.ceil(math.log10(axis.low) - 1e-9), math.floor(math.log10(axis.high) + 1e-9)
    stride = max(1, math.ceil((last - first + 1) / max(most, 1)))
    return [10.0**exponent for exponent in range(first, last + 1, stride)]


def _rungs(axis: Axis) -> list[float]:
    """Return 1, 2, 5 times the powers of ten on the axis."""
    lowest = math.floor(math.log10(axis.low))
    rungs = (rung * 10.0 ** (lowest + k) for k in range(4) for rung in (1.0, 2.0, 5.0))
    return [rung for rung in rungs if axis.low * (1 - 1e-9) <= rung <= axis.high * (1 + 1e-9)]


def _decade_label(value: float) -> str:
    """Return 1, 2 or 5 times a power of ten in few characters."""
    if 1e-3 <= value < 1e6:
        return fmt(value, 1)
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"
