"""Two runs beside each other: how their losses differ, since when, and what else is not the same.

The first run is the one that is held against: differences are the second less the first, ratios
the second by the first. Only steps that both have recorded are compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossmon import signals
from lossmon.numfmt import fmt
from lossmon.records import Floats, Run, Series, Steps
from lossmon.report.curve import smoothed, span_of
from lossmon.report.overtime import GRAD, UPDATE, WEIGHT, Fold, Metric, over_time, steps_of

RATIOS = (GRAD, UPDATE, WEIGHT)
_TAIL = 4
"""Ratios are those of the last quarter of each run."""
_SCATTERS = 3.0
"""Trends are apart where they differ by more than so many scatters of the single losses about
them, and by more than `_LEAST` of the loss."""
_LEAST = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class LossDifference:
    """Losses of the steps that both runs have."""

    steps: Steps
    values: Floats
    """Second less first; NaN where one of them is not finite."""
    trend: Floats
    differ: int | None
    """First step at which the two are not the same number."""
    apart: int | None
    """First step since which the trends stay further apart than single losses scatter."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that the two runs were not set alike; "" where a run has no such thing."""

    name: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class LayerRatio:
    """One parameter that both have: its metrics in the last quarter, second by first."""

    name: str
    ratios: tuple[float, ...]
    """One for each of `RATIOS`; NaN where it was not measured, or is zero in the first run."""

    @property
    def worst(self) -> float:
        """The greatest factor between the two, in either direction, as a logarithm."""
        known = [abs(math.log(r)) for r in self.ratios if math.isfinite(r) and r > 0]
        return max(known, default=0.0)


def loss_difference(first: Run, second: Run) -> LossDifference | None:
    """Return how the losses differ, or None where the runs share no step."""
    pair = first.scalar(signals.LOSS), second.scalar(signals.LOSS)
    if pair[0] is None or pair[1] is None:
        return None
    steps, at, to = np.intersect1d(pair[0].steps, pair[1].steps, return_indices=True)
    if not len(steps):
        return None
    a, b = pair[0].values[at], pair[1].values[to]
    finite = np.isfinite(a) & np.isfinite(b)
    values = np.full(len(steps), np.nan)
    values[finite] = b[finite] - a[finite]
    trends = [_trend(series, rows) for series, rows in zip(pair, (at, to), strict=True)]
    unequal = np.flatnonzero(~((a == b) | (np.isnan(a) & np.isnan(b))))
    return LossDifference(
        steps,
        values,
        trends[1] - trends[0],
        int(steps[unequal[0]]) if len(unequal) else None,
        _apart(steps, (a, b), trends),
    )


def settings_that_differ(first: Run, second: Run) -> tuple[Setting, ...]:
    """Return what the metadata of the two does not say alike, in order of the names."""
    pair = _flat(first), _flat(second)
    return tuple(
        Setting(name, pair[0].get(name, ""), pair[1].get(name, ""))
        for name in sorted(pair[0].keys() | pair[1].keys())
        if pair[0].get(name) != pair[1].get(name)
    )


def layer_ratios(first: Run, second: Run) -> tuple[LayerRatio, ...]:
    """Return the parameters that both have, the most different first."""
    names = [_names(run) for run in (first, second)]
    shared = [name for name in names[0] if name in names[1]]
    if not shared:
        return ()
    columns = []
    for metric in RATIOS:
        a = _last_quarter(first, metric, [names[0][name] for name in shared])
        b = _last_quarter(second, metric, [names[1][name] for name in shared])
        known = np.isfinite(a) & np.isfinite(b) & (a > 0)
        columns.append(np.divide(b, a, out=np.full(len(a), np.nan), where=known))
    ratios = np.stack(columns, axis=1).tolist()
    found = [LayerRatio(name, tuple(row)) for name, row in zip(shared, ratios, strict=True)]
    return tuple(sorted(found, key=lambda one: -one.worst))


def _trend(series: Series | None, rows: Steps) -> Floats:
    assert series is not None
    return smoothed(series.values, span_of(len(series)))[rows]


def _apart(steps: Steps, losses: tuple[Floats, Floats], trends: list[Floats]) -> int | None:
    """Return the first step since which the trends never come near each other again."""
    scatter = [_scatter(values, trend) for values, trend in zip(losses, trends, strict=True)]
    floor = _LEAST * np.fmax(np.abs(trends[0]), np.abs(trends[1]))
    limit = np.fmax(_SCATTERS * max(scatter), floor)
    near = np.flatnonzero(~(np.abs(trends[1] - trends[0]) > limit))
    after = int(near[-1]) + 1 if len(near) else 0
    return int(steps[after]) if after < len(steps) else None


def _scatter(values: Floats, trend: Floats) -> float:
    """Return the median distance of single losses from their trend."""
    off = np.abs(values - trend)
    known = off[np.isfinite(off)]
    return float(np.median(known)) if len(known) else 0.0


def _flat(run: Run) -> dict[str, str]:
    meta = run.meta
    if meta is None:
        return {}
    known: dict[str, Any] = {
        "model": meta.model,
        "criterion": meta.criterion,
        "parameters": sum(info.numel for info in meta.parameters),
        "processes": meta.world_size,
        "first step": meta.start_step,
        "floor": meta.floor,
        **_prefixed("", meta.settings),
        **_prefixed("version of ", meta.versions),
    }
    for number, group in enumerate(meta.groups):
        head = f"group {group.name or number} "
        own = {
            "optimizer": group.optimizer,
            "lr": group.lr,
            "weight decay": group.weight_decay,
            "decoupled decay": group.decoupled,
            "tensors": group.held,
        }
        known |= _prefixed(head, own) | _prefixed(head, group.options)
    return {name: _words(value) for name, value in known.items() if value is not None}


def _prefixed(head: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{head}{name}": value for name, value in values.items()}


def _words(value: Any) -> str:
    return fmt(value) if isinstance(value, float) else str(value)


def _names(run: Run) -> dict[str, int]:
    infos = run.meta.parameters if run.meta else ()
    return {info.name: row for row, info in enumerate(infos)}


def _last_quarter(run: Run, metric: Metric, rows: list[int]) -> Floats:
    steps = steps_of(run, metric)
    column = np.full(len(steps), -1, np.int64)
    column[len(steps) - -(-len(steps) // _TAIL) :] = 0
    folds = [Fold("", (row,)) for row in rows]
    return over_time(run, metric, folds, column, 1)[:, 0]
