"""A run as rows of a long table: one value a row, in blocks, so that no run is ever held as text.

The only place where a Series or a Table becomes rows. Every point of what is selected is a row, the
ones that are not finite too; within one name of one run the steps ascend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lossmon.layersignals import LAYER_SIGNALS
from lossmon.records import Floats, Run, Series, Steps, Table
from lossmon.signals import PARAMETER_SIGNALS, RUN_SIGNALS, Signal

COLUMNS = ("run", "step", "wall_time", "name", "parameter", "value", "points", "low", "high")
"""name: the tag of a scalar, the name of a wide signal. parameter: "" but for wide signals. The
last three only where a row stands for several points, which `value` is the mean of."""
WIDE_SIGNALS = (*PARAMETER_SIGNALS, *LAYER_SIGNALS, *RUN_SIGNALS)
_ROWS = 8192
"""Rows of a block: 1 M points take 2 s, and a name of 4,096 characters 70 MB at the worst."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What of each run becomes rows."""

    tags: tuple[str, ...] = ("*",)
    """Tags of scalars, as shell patterns."""
    signals: tuple[Signal, ...] = ()
    """Signals of the wide records."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Consecutive steps of one name of one run; the rows of a step stand together."""

    run: str
    name: str
    parameters: tuple[str, ...]
    """One a column of `values`; ("",) where the value is the run's as a whole."""
    steps: Steps
    wall_times: Floats
    values: Floats
    """Shape (steps, parameters)."""
    points: Steps | None = None
    """How many points each row stands for; None: one each, and there is no low and no high."""
    low: Floats | None = None
    high: Floats | None = None

    def __len__(self) -> int:
        return int(self.values.size)


def blocks(run: Run, selection: Selection) -> Iterator[Block]:
    """Yield the rows of a run: its scalars by tag, then its wide signals."""
    for tag in chosen(run.series, selection.tags):
        yield from _scalar(run.name, run.series[tag])
    for signal in selection.signals:
        table, names = _table_of(run, signal)
        if table is not None and signal.name in table.signals:
            yield from _wide(run.name, signal, table, names)


def chosen(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Return the names that a shell pattern fits, in their own order."""
    return [name for name in names if any(fits(name, pattern) for pattern in patterns)]


def fits(name: str, pattern: str) -> bool:
    """Return whether a name is meant: letter by letter, or by `*`, `?` and `[...]`."""
    return name == pattern or fnmatchcase(name, pattern)


def _scalar(run: str, series: Series) -> Iterator[Block]:
    points = low = high = None
    if series.buckets is not None:
        points, low, high = series.counts, series.low, series.high
    for start in range(0, len(series), _ROWS):
        part = slice(start, start + _ROWS)
        yield Block(
            run,
            series.tag,
            ("",),
            series.steps[part],
            series.wall_times[part],
            series.values[part][:, None],
            None if points is None else points[part],
            None if low is None else low[part],
            None if high is None else high[part],
        )


def _wide(run: str, signal: Signal, table: Table, names: tuple[str, ...]) -> Iterator[Block]:
    stride = max(_ROWS // max(len(names), 1), 1)
    for start in range(0, len(table), stride):
        part = slice(start, start + stride)
        values = table.column(signal, part)
        yield Block(run, signal.name, names, table.steps[part], table.wall_times[part], values)


def _table_of(run: Run, signal: Signal) -> tuple[Table | None, tuple[str, ...]]:
    """Return the table that holds a signal, with the names of its rows."""
    if signal.scope == "run" or run.meta is None:
        return run.totals, ("",)
    if signal.scope == "layer":
        return run.layers, tuple(info.name for info in run.meta.layers)
    return run.parameters, tuple(info.name for info in run.meta.parameters)
