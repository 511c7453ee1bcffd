"""The data model: what a log says, as immutable records. Knows neither files nor screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon.signals import Signal

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]
_ALL = slice(None)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """All points of one scalar tag, ascending in step; gaps are normal, a step occurs once."""

    tag: str
    steps: Steps
    wall_times: Floats
    values: Floats
    """Shape (n,); NaN and infinities are measurements like any other."""

    def __len__(self) -> int:
        return len(self.steps)

    def until(self, step: int) -> Series:
        """Return the points up to and including `step`."""
        n = int(np.searchsorted(self.steps, step, side="right"))
        return replace(
            self, steps=self.steps[:n], wall_times=self.wall_times[:n], values=self.values[:n]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The wide records of one scope: signals of every row at every sampled step."""

    signals: tuple[str, ...]
    """Names of the columns."""
    steps: Steps
    """Sampled steps, ascending, shape (n,)."""
    wall_times: Floats
    values: NDArray[np.float32]
    """Shape (n, rows, columns); NaN where a value was not measured at that step."""

    def __len__(self) -> int:
        return len(self.steps)

    def column(self, signal: Signal, rows: slice | Steps = _ALL) -> Floats:
        """Return shape (n, rows) of one signal; all NaN where the log has no such column.

        `rows` selects records by their index, so that a window costs no copy of the whole table.
        """
        if signal.name not in self.signals:
            return np.full(self.values[rows, :, :0].shape[:2], np.nan)
        return self.values[rows, :, self.signals.index(signal.name)].astype(np.float64)

    def until(self, step: int) -> Table:
        """Return the records up to and including `step`."""
        n = int(np.searchsorted(self.steps, step, side="right"))
        return replace(
            self, steps=self.steps[:n], wall_times=self.wall_times[:n], values=self.values[:n]
        )


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

    @property
    def numel(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))


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
    layers: tuple[str, ...] = ()
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
            int(t.steps[-1]) for t in (self.parameters, self.totals) if t is not None and len(t)
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
