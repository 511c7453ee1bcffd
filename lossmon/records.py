"""The data model: what a log says, as immutable records. Knows neither files nor screens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from lossmon.signals import Signal
from lossmon.tables import Numbers as Numbers
from lossmon.tables import Table as Table

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]
T = TypeVar("T", np.float64, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class BucketRows:
    """Rows of a series that stand for several points each."""

    rows: Steps
    """Which rows, ascending, shape (m,)."""
    table: Floats
    """Shape (m, `WIDTH`): of a bucket's finite points their mean, extremes, number, sum of squared
    deviations from the mean, the last value, and the step of the first; then the step of the last
    point of the bucket, finite or not. Points of a bucket that are not finite have a row of their
    own: the first of them, and their number."""

    MEAN: ClassVar[int] = 0
    LOW: ClassVar[int] = 1
    HIGH: ClassVar[int] = 2
    COUNT: ClassVar[int] = 3
    M2: ClassVar[int] = 4
    LAST: ClassVar[int] = 5
    FIRST_STEP: ClassVar[int] = 6
    END: ClassVar[int] = 7
    WIDTH: ClassVar[int] = 8

    def below(self, row: int) -> BucketRows:
        """Return those among the first `row` rows of the series."""
        n = int(np.searchsorted(self.rows, row))
        return BucketRows(self.rows[:n], self.table[:n])


@dataclass(frozen=True, slots=True, eq=False)
class RawEnd:
    """The newest points of a long series, and the buckets that will stand for them."""

    row: int
    """First row of the series that this is about."""
    steps: Steps
    wall_times: Floats
    table: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """All points of one scalar tag, ascending in step; gaps are normal, a step occurs once.

    A series of more than about a million points has rows that stand for several: `buckets` tells.
    """

    tag: str
    steps: Steps
    """Step of each row; of a bucket its last."""
    wall_times: Floats
    values: Floats
    """Shape (n,), of a bucket its mean; NaN and infinities are measurements like any other."""
    buckets: BucketRows | None = None
    tail: RawEnd | None = None

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def counts(self) -> Steps:
        """Number of points behind each row."""
        return self._filled(np.ones(len(self), np.int64), BucketRows.COUNT)

    @property
    def low(self) -> Floats:
        """Lowest value behind each row."""
        return self._filled(self.values, BucketRows.LOW)

    @property
    def high(self) -> Floats:
        """Highest value behind each row."""
        return self._filled(self.values, BucketRows.HIGH)

    @property
    def first_steps(self) -> Steps:
        """First step behind each row."""
        return self._filled(self.steps, BucketRows.FIRST_STEP)

    @property
    def last_steps(self) -> Steps:
        """Last step behind each row; of a bucket that of its last point, finite or not."""
        return self._filled(self.steps, BucketRows.END)

    def until(self, step: int) -> Series:
        """Return the points up to and including `step`.

        Of a long series whole buckets only, so that it does not matter when one asks.
        """
        n = int(np.searchsorted(self.steps, step, side="right"))
        if self.tail is not None and n > self.tail.row:
            return self._settled(self.tail).until(step)
        while n and self.buckets is not None and self._end(n - 1) > step:
            n -= 1
        return replace(
            self,
            steps=self.steps[:n],
            wall_times=self.wall_times[:n],
            values=self.values[:n],
            buckets=self.buckets and self.buckets.below(n),
            tail=None,
        )

    def _end(self, row: int) -> int:
        """Return the step of the last point of the bucket that a row belongs to."""
        kept = self.buckets and self.buckets.below(row + 1)
        if not kept or not len(kept.rows) or kept.rows[-1] != row:
            return int(self.steps[row])
        return int(kept.table[-1, BucketRows.END])

    def _settled(self, tail: RawEnd) -> Series:
        """Return the series with the buckets of its tail instead of the points."""
        kept = (self.buckets or BucketRows(np.zeros(0, np.int64), tail.table[:0])).below(tail.row)
        rows = tail.row + np.arange(len(tail.steps))
        return Series(
            self.tag,
            np.concatenate((self.steps[: tail.row], tail.steps)),
            np.concatenate((self.wall_times[: tail.row], tail.wall_times)),
            np.concatenate((self.values[: tail.row], tail.table[:, BucketRows.MEAN])),
            BucketRows(np.concatenate((kept.rows, rows)), np.concatenate((kept.table, tail.table))),
        )

    def _filled(self, singles: NDArray[T], column: int) -> NDArray[T]:
        """Return what holds for single points, and the column of `buckets` for the others."""
        if self.buckets is None:
            return singles
        filled: NDArray[T] = singles.copy()
        filled[self.buckets.rows] = self.buckets.table[:, column]
        return filled


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """One trained tensor, in the order of `named_parameters()`; rows of the parameter table."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    requires_grad: bool = True
    group: int = -1
    """Index of its param group over all optimizers of the run; -1 where no optimizer holds it."""
    depth: int = 0
    """Order of its module, from the input: 0 first."""
    kind: str = ""
    """Class of the module that owns it: "Linear", "Conv2d", "Embedding", ..."""
    tied: tuple[str, ...] = ()
    """Other names of the same tensor."""
    sampled: int = 0
    """Number of strided elements behind the sampled signals."""
    shard: int = 0
    """Which of its shards the rank that wrote this holds, from 0."""
    shards: int = 1
    """Number of shards that ranks hold; 1: the tensor is whole, on every rank."""
    shard_numel: int = 0
    """Number of elements in the shard."""
    since: int = 0
    """First step at which this tensor was seen in its place, where it came while the run trained:
    what older records say under the name is about another. 0 for those of the beginning."""

    @property
    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One leaf module, in the order in which they first ran; rows of the layer table."""

    name: str
    kind: str = ""
    """Class of the module: "Linear", "ReLU", ..."""
    activation: str = ""
    """Function that the module is, or that its output goes into with nothing but changes of shape
    between: "relu", "tanh", ..., also where it is called as a function; "" for none, or unknown."""
    is_activation: bool = False
    """Whether it is that function itself, so that its output is the activation."""
    sources: tuple[int, ...] = ()
    """Rows of the layers whose outputs reach its input with no other layer between."""
    between: tuple[str, ...] = ()
    """Functions that stand between those and it, changes of shape left out, as met on the way back.

    Products end in "byconstant" where the other side needs no gradient, and mixes no features."""
    units: int = 0
    """Number of its units: channels, or the size of its output; 0 where it was not seen to run."""
    sampled_units: int = 0
    """Number of those that are looked at."""
    settings: Mapping[str, float] = field(default_factory=dict)
    """What it was built with: `p` of dropout, `momentum` and `eps` of normalisation; `values`,
    the number of values behind each batch statistic when its layers were first seen to run; and
    `scale`, the number that its output is multiplied by before the function that follows. `p` and
    `values` of a layer of another kind are those of functional dropout and batch norm behind it;
    `distant` is 1 where its activation function comes after a sum with others' outputs; `gates`,
    how many functions with ends each unit of a recurrent layer has inside; `functions`, through how
    many of them a layer of the script's own was seen to go."""


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """One param group of one optimizer, as it stood when the run began."""

    name: str
    optimizer: str
    """Class name of the optimizer."""
    lr: float
    weight_decay: float = 0.0
    decoupled: bool = False
    """Whether weight decay leaves the gradient alone (AdamW)."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Other hyper-parameters: momentum, betas, eps, ..."""
    foreign: int = 0
    """Number of its parameters that do not belong to the model."""
    held: int = 0
    """Number of its parameters in all."""


@dataclass(frozen=True, slots=True)
class RunMeta:
    """The first record of a file: the only place where rows and columns are named."""

    run_id: str
    start_id: str
    schema: int = 1
    writer: str = ""
    rank: int = 0
    world_size: int = 1
    start_step: int = 0
    start_wall: float = 0.0
    model: str = ""
    """Class name of the model."""
    criterion: str = ""
    """Class name of the criterion, "" where none is known."""
    parameters: tuple[ParameterInfo, ...] = ()
    layers: tuple[LayerInfo, ...] = ()
    groups: tuple[GroupInfo, ...] = ()
    parameter_signals: tuple[str, ...] = ()
    layer_signals: tuple[str, ...] = ()
    run_signals: tuple[str, ...] = ()
    floor: float | None = None
    """Irreducible loss, where the user knows it."""
    ignore: tuple[str, ...] = ()
    """Rules that the user silenced."""
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    job: Mapping[str, str] = field(default_factory=dict)
    """The batch job of the process, see `capture.job`; empty outside one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a step: resumed, lr restart, points dropped, exception, closed."""

    step: int
    wall_time: float
    kind: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What the kind carries, e.g. {"error": "..."}; from a log, so untrusted."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What a reader had to leave out; all zero for a sound log."""

    records: int = 0
    """Records with a wrong checksum or undecodable content."""
    bytes: int = 0
    """Bytes passed over to find the next sound record."""
    files: tuple[str, ...] = ()
    """Files that could not be read at all, each with the reason."""

    def __bool__(self) -> bool:
        return bool(self.records or self.bytes or self.files)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One training, as its log tells it."""

    name: str
    """Path of its logdir below the root that was opened; the folder's own name for the root."""
    series: Mapping[str, Series] = field(default_factory=dict)
    """Scalars by tag."""
    meta: RunMeta | None = None
    """None for logs that lossmon did not write."""
    parameters: Table | None = None
    layers: Table | None = None
    totals: Table | None = None
    """Run-level wide signals: one row."""
    marks: tuple[Mark, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    """Signal name -> tag, where a foreign log spells it its own way."""
    damage: Damage = Damage()
    histograms: frozenset[str] = frozenset()
    """Tags of histograms that are in the log; they are not read."""
    last_wall: float = 0.0
    """Wall time of the last record of any kind, heartbeats included; 0 where there is none."""

    def scalar(self, signal: Signal) -> Series | None:
        """Return the series of a scalar signal, or None where it was not recorded."""
        return self.series.get(self.roles.get(signal.name, signal.tag))

    @property
    def last_step(self) -> int:
        """Highest step of the loss, else of any scalar or sampled record; -1 for an empty run."""
        ends = [int(s.steps[-1]) for s in self.series.values() if len(s)]
        ends += [
            int(table.steps[-1])
            for table in (self.parameters, self.layers, self.totals)
            if table is not None and len(table)
        ]
        return max(ends, default=-1)

    def until(self, step: int) -> Run:
        """Return the run as its log stood when `step` had been written."""
        return replace(
            self,
            series={tag: s.until(step) for tag, s in self.series.items()},
            parameters=self.parameters and self.parameters.until(step),
            layers=self.layers and self.layers.until(step),
            totals=self.totals and self.totals.until(step),
            marks=tuple(m for m in self.marks if m.step <= step),
        )
