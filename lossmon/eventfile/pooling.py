"""What the ranks of a job know of a sharded parameter, each of its own part, as one number.

Each rank writes what it measured of its shard; nothing is summed while training. A number that some
shard is missing of is NaN, never the sum of the rest. Of a parameter that every rank has whole the
numbers are those of the lowest rank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.eventfile.widenumbers import FILE_BIT, Wide, WideNumbers
from lossmon.records import Floats, RunMeta, Steps

How = Literal["root", "sum", "mean", "most"]

_HOW: dict[str, How] = {
    **dict.fromkeys(
        (s.name for s in (
            signals.GRAD_NORM, signals.WEIGHT_NORM, signals.UPDATE_NORM, signals.GRAD_SAMPLED_NORM
        )), "root"
    ),
    **dict.fromkeys(
        (s.name for s in (signals.GRAD_ZERO_SHARE, signals.UNIQUE_UNITS, signals.GRAD_ARRIVED)),
        "mean",
    ),
    **dict.fromkeys((s.name for s in (signals.GRAD_STALE, signals.MODULE_RAN)), "most"),
}  # fmt: skip
"""Norms: root of the sum of squares. Shares: by elements. Facts: true where a rank says so. All
others are sums over elements."""


@dataclass(frozen=True, slots=True, eq=False)
class Shards:
    """Which part of each parameter the records of one file are about; in the newest order."""

    index: NDArray[np.int64]
    count: NDArray[np.int64]
    numel: Floats
    known: NDArray[np.bool_]
    """False for parameters that the file has no row for."""
    run_id: str

    @property
    def are_parts(self) -> bool:
        """Whether any parameter is sharded."""
        return bool((self.count > 1).any())


def shards_of(meta: RunMeta, newest: RunMeta) -> Shards:
    """Return what a file's metadata says of the parameters of the `newest`."""
    rows = {p.name: p for p in meta.parameters}
    found = [rows.get(p.name) for p in newest.parameters]
    return Shards(
        np.array([0 if p is None else p.shard for p in found], np.int64),
        np.array([1 if p is None else max(1, p.shards) for p in found], np.int64),
        np.array([p.shard_numel if p and p.shards > 1 else 1 for p in found], np.float64),
        np.array([p is not None for p in found], bool),
        meta.run_id,
    )


@dataclass(frozen=True, slots=True, eq=False)
class RankNumbers:
    """The records of one rank beside those of rank 0."""

    numbers: WideNumbers
    at: Steps
    """Of each record of rank 0 the place of this rank's record of the same step, -1 for none."""
    files: Steps
    """Of each record of rank 0 the file that this rank's record lies in, -1 for none."""
    shards: Sequence[Shards]
    """Of each file."""


def beside(
    own_steps: Steps,
    own_ids: Sequence[str],
    own_files: Steps,
    *,
    steps: Steps,
    numbers: WideNumbers,
    shards: Sequence[Shards],
) -> RankNumbers:
    """Return a rank's records beside rank 0's, matched by step and start.

    `own_ids` names the start of each file of rank 0, `own_files` the file of each record.
    """
    at = np.searchsorted(steps, own_steps)
    inside = np.minimum(at, max(0, len(steps) - 1))
    matched = (steps[inside] == own_steps) if len(steps) else np.zeros(len(own_steps), bool)
    files = numbers.references >> FILE_BIT
    theirs = np.array([s.run_id for s in shards], object)[files[inside]] if len(steps) else None
    if theirs is not None:
        matched &= theirs == np.array(own_ids, object)[own_files]
    nowhere = np.full(len(own_steps), -1, np.int64)
    return RankNumbers(
        numbers,
        np.where(matched, inside, nowhere),
        np.where(matched, files[inside], nowhere) if len(steps) else nowhere,
        shards,
    )


@dataclass(frozen=True, slots=True, eq=False)
class PooledNumbers:
    """The numbers of all ranks as one table, in the records of rank 0, the first of `ranks`."""

    ranks: tuple[RankNumbers, ...]
    columns: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """(records, rows, columns)."""
        return self.ranks[0].numbers.shape

    def column(self, index: int, records: slice | Steps) -> Wide:
        """Return shape (k, rows) of one column of some records."""
        wanted = np.arange(self.shape[0])[records]
        values = [_column(rank, index, wanted, self.shape[1]) for rank in self.ranks]
        how = _HOW.get(self.columns[index], "sum")
        out = np.full((len(wanted), self.shape[1]), np.nan, np.float32)
        for members, shares in self._alike(wanted):
            stacked = np.stack([value[members] for value in values])
            out[members] = np.where(shares.whole, _pool(stacked, shares, how), np.nan)
        return out

    def complete(self, records: Steps) -> NDArray[np.bool_]:
        """Return shape (k,): whether every shard of every parameter is there."""
        out = np.zeros(len(records), bool)
        for members, shares in self._alike(records):
            out[members] = shares.whole.all()
        return out

    def _alike(self, records: Steps) -> Iterator[tuple[Steps, _Shares]]:
        """Yield places in `records` of those that lie in the same files, with who counts there."""
        if not len(records):
            return
        files = np.stack([rank.files[records] for rank in self.ranks])
        alike, which = np.unique(files, axis=1, return_inverse=True)
        for number, of_ranks in enumerate(alike.T.tolist()):
            found = [
                rank.shards[file] if file >= 0 else None
                for rank, file in zip(self.ranks, of_ranks, strict=True)
            ]
            yield np.flatnonzero(which.reshape(-1) == number), _shares(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    counts: NDArray[np.bool_]
    """Shape (ranks, rows): whose number counts; of several copies of a shard the first."""
    numel: Floats
    whole: NDArray[np.bool_]
    """Shape (rows,): whether all shards are there."""


def _shares(found: Sequence[Shards | None]) -> _Shares:
    first = next(s for s in found if s is not None)
    counts = np.zeros((len(found), len(first.count)), bool)
    numel = np.zeros(counts.shape)
    for rank, shards in enumerate(found):
        if shards is None:
            continue
        seen = np.zeros(len(first.count), bool)
        for before, other in enumerate(found[:rank]):
            if other is not None:
                seen |= counts[before] & (other.index == shards.index)
        counts[rank] = shards.known & (shards.count == first.count) & ~seen
        numel[rank] = shards.numel
    return _Shares(counts, numel, counts.sum(axis=0) == first.count)


def _pool(values: Wide, shares: _Shares, how: How) -> Floats:
    """Return shape (k, rows) out of (ranks, k, rows)."""
    counts = shares.counts[:, None, :]
    exact = values.astype(np.float64)
    # What is NaN and infinite comes from a log, and shall come out as such.
    with np.errstate(all="ignore"):
        if how == "most":
            pooled: Floats = np.where(counts, exact, -np.inf).max(axis=0)
        elif how == "mean":
            weights = (shares.counts * shares.numel)[:, None, :]
            total = weights.sum(axis=0)
            pooled = np.where(weights > 0, exact * weights, 0).sum(axis=0) / total
        else:
            terms = np.square(exact) if how == "root" else exact
            total = np.where(counts, terms, 0).sum(axis=0)
            pooled = np.sqrt(total) if how == "root" else total
    return pooled


def _column(rank: RankNumbers, index: int, wanted: Steps, rows: int) -> Wide:
    at = rank.at[wanted]
    there = at >= 0
    if np.array_equal(at, np.arange(rank.numbers.shape[0])):
        return rank.numbers.column(index, slice(0, len(at)))
    out = np.full((len(at), rows), np.nan, np.float32)
    if there.any():
        out[there] = rank.numbers.column(index, at[there])
    return out
