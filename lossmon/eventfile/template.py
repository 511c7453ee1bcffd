"""Decoded records by what is constant in them: the files of a logdir repeat each other's records.

Records that differ in wall time, step and numbers alone decode to the same `Event`, wherever they
stand. What is remembered is bounded, and changes no result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon.errors import EventFileError
from lossmon.eventfile.event import Event, decode_event
from lossmon.eventfile.framing import Bytes

_CONTINUES = 0x80
_LONGEST = 512
"""Longer records are rare, and decoding them is not what costs."""
_MAX_LENGTHS = 256
_MAX_OF_A_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Template:
    """A decoded record."""

    event: Event
    row: Bytes
    """Its bytes, shape (length,)."""
    mask: Bytes
    """The bits that its like have too, shape (length,)."""

    def fits(self, rows: Bytes) -> NDArray[np.bool_]:
        """Return which rows decode to the same event, all columns at once."""
        # Most of a long record is numbers: leaving them out costs a copy, and saves a larger one.
        which = slice(None) if len(self.row) <= _LONGEST else np.flatnonzero(self.mask)
        differing: Bytes = (rows[:, which] ^ self.row[which]) & self.mask[which]
        return np.logical_not(differing.any(axis=1))


@dataclass(frozen=True, slots=True)
class _Known:
    """Templates of one length."""

    templates: tuple[Template, ...]
    rows: Bytes
    """Shape (templates, length)."""
    masks: Bytes


_KNOWN: dict[int, _Known] = {}


def template_of(row: Bytes) -> Template | None:
    """Return a record decoded, and remember it; None where its content makes no sense."""
    known = _KNOWN.get(len(row))
    if known is not None:
        differs = ((known.rows ^ row) & known.masks).any(axis=1)
        if not differs.all():
            return known.templates[int(differs.argmin())]
    found = decoded(row)
    if found is not None and len(row) <= _LONGEST:
        _remember(found, known)
    return found


def decoded(row: Bytes) -> Template | None:
    """Return a record decoded; None where its content makes no sense."""
    try:
        event = decode_event(row.tobytes())
    except EventFileError:
        return None
    return Template(event, row.copy(), _constant_bits(event, len(row)))


def _constant_bits(event: Event, length: int) -> Bytes:
    """Return the bits that are neither wall time, step nor numbers, shape (length,).

    Of the step's varint they are the bits that say where it ends.
    """
    mask = np.full(length, 0xFF, np.uint8)
    if event.wall_at >= 0:
        mask[event.wall_at : event.wall_at + 8] = 0
    mask[slice(*event.step_at)] = _CONTINUES
    for value in event.values:
        if value.slot is not None:
            mask[value.slot.start : value.slot.stop] = 0
    return mask


def _remember(found: Template, known: _Known | None) -> None:
    # Whole objects are put in place, so that threads which read side by side never see half of one.
    newest = (found, *(known.templates if known else ()))[:_MAX_OF_A_LENGTH]
    if known is None and len(_KNOWN) >= _MAX_LENGTHS:
        _KNOWN.clear()
    rows = np.stack([template.row for template in newest])
    _KNOWN[len(found.row)] = _Known(newest, rows, np.stack([t.mask for t in newest]))
