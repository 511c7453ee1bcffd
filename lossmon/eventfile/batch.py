"""Records of one length, read as columns: one is decoded, the rest differ in numbers alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lossmon.eventfile.event import Event, Slot, tag_name
from lossmon.eventfile.framing import Bytes, Offsets
from lossmon.eventfile.template import Template, decoded, template_of
from lossmon.records import Floats, Steps

_HASH_SEED = 20
_LOW_BITS = np.uint8(0x7F)
_WHOLE = 0xFF
_POOR = 64
"""A pass is poor that takes less than this part of the records."""
_POOR_PASSES = 8
"""After so many poor passes hashes sort out the rest."""
_MANY_COLUMNS = 256
_FEW_ROWS = 2048
"""So few are compared all columns at once: then it is the calls that cost."""
_LONG = 16 << 10
"""Longer records are few in any stretch that is read at once, and their hashes would be large."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that are the same but for wall time, step and numbers."""

    event: Event
    offsets: Offsets
    """Where each record begins in its file, shape (k,)."""
    rows: Bytes
    """Data of each record, shape (k, length)."""

    def wall_times(self) -> Floats:
        """Return the wall time of each record; 0 where the records hold none."""
        at = self.event.wall_at
        if at < 0:
            return np.zeros(len(self.rows))
        return np.ascontiguousarray(self.rows[:, at : at + 8]).view("<f8")[:, 0]

    def steps(self) -> Steps:
        """Return the step of each record."""
        first, stop = self.event.step_at
        if first == stop:
            return np.zeros(len(self.rows), np.int64)
        steps = self.rows[:, stop - 1].astype(np.uint64)  # the last byte is the highest
        for at in range(stop - 2, first - 1, -1):
            steps <<= np.uint64(7)
            steps |= self.rows[:, at] & _LOW_BITS
        return steps.view(np.int64)

    def numbers(self, slot: Slot) -> NDArray[np.number]:
        """Return the numbers of each record's slot, shape (k, *slot.shape)."""
        raw = np.ascontiguousarray(self.rows[:, slot.start : slot.stop])
        return raw.view(slot.dtype).reshape(len(raw), *slot.shape)


@dataclass(frozen=True, slots=True)
class Family:
    """Records of one value each that differ in its tag as well."""

    like: Batch
    """The first of them, decoded, with the data of all."""

    def members(self) -> tuple[list[str], NDArray[np.intp], NDArray[np.intp]]:
        """Return the tags, the order that sorts the records by tag, and where each tag begins."""
        first, stop = self.like.event.values[0].tag_at
        names = np.ascontiguousarray(self.like.rows[:, first:stop]).view(f"V{stop - first}")[:, 0]
        order = np.argsort(names, kind="stable")
        ordered = names[order]
        begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        return [tag_name(name.tobytes()) for name in ordered[begins]], order, begins


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A record whose checksum holds and whose content makes no sense."""

    offset: int


def batches(rows: Bytes, offsets: Offsets) -> Iterator[Batch | Family | Undecodable]:
    """Split records of one length into batches; the order within a batch is that of the file."""
    poor = 0
    while len(rows) and poor < _POOR_PASSES:
        like = template_of(rows[0])
        if like is None:
            break
        same = _same(like, rows)
        if same.all():
            yield Batch(like.event, offsets, rows)
            return
        yield Batch(like.event, offsets[same], rows[same])
        poor += _POOR * int(same.sum()) < len(rows)
        rows, offsets = rows[~same], offsets[~same]
    for _ in range(_POOR_PASSES):
        like = template_of(rows[0]) if len(rows) else None
        if like is None or not _has_one_number(like.event):
            break
        same = _same(_any_tag(like), rows)
        yield Family(Batch(like.event, offsets[same], rows[same]))
        rows, offsets = rows[~same], offsets[~same]
    if len(rows):
        yield from _sorted_out(rows, offsets)


def _any_tag(like: Template) -> Template:
    """Return what fits whatever the tag of the first value is."""
    mask = like.mask.copy()
    mask[slice(*like.event.values[0].tag_at)] = 0
    return replace(like, mask=mask)


def _has_one_number(event: Event) -> bool:
    value = event.values[0] if len(event.values) == 1 and not event.starts else None
    return value is not None and value.slot is not None and value.tag_at[1] > value.tag_at[0]


def _sorted_out(rows: Bytes, offsets: Offsets) -> Iterator[Batch | Undecodable]:
    """Group rows by a hash of what is constant in records built like the first of them."""
    if rows.shape[1] > _LONG:
        for i in range(len(rows)):
            yield from _group(rows[i : i + 1], offsets[i : i + 1])
        return
    like = decoded(rows[0])
    # Of the step nothing: it would part what belongs together.
    constant = rows if like is None else rows[:, like.mask == _WHOLE]
    hashes = constant.astype(np.uint64) @ _weights(constant.shape[1])
    _, groups = np.unique(hashes, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    borders = np.flatnonzero(np.diff(groups[order])) + 1
    for members in np.split(order, borders):
        yield from _group(rows[members], offsets[members])


def _group(rows: Bytes, offsets: Offsets) -> Iterator[Batch | Undecodable]:
    like = decoded(rows[0])
    same = np.zeros(len(rows), bool) if like is None else _same(like, rows)
    if like is not None:
        yield Batch(like.event, offsets[same], rows[same])
    for i in np.flatnonzero(~same).tolist():
        single = decoded(rows[i])
        if single is None:
            yield Undecodable(int(offsets[i]))
        else:
            yield Batch(single.event, offsets[i : i + 1], rows[i : i + 1])


def _same(like: Template, rows: Bytes) -> NDArray[np.bool_]:
    """Return which rows differ from the template in wall time, step and numbers alone."""
    if len(rows) < _FEW_ROWS or len(columns := np.flatnonzero(like.mask)) > _MANY_COLUMNS:
        return like.fits(rows)
    same = np.ones(len(rows), bool)
    # Column by column: a third of the time of comparing short rows.
    for at in columns.tolist():
        same &= (rows[:, at] ^ like.row[at]) & like.mask[at] == 0
    return same


def _weights(count: int) -> NDArray[np.uint64]:
    return np.random.default_rng(_HASH_SEED).integers(1, 1 << 63, count, np.uint64)
