"""What a signal is. The signals themselves stand in `signals`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["scalar", "parameter", "layer", "run"]


@dataclass(frozen=True, slots=True)
class Signal:
    """A quantity, with what a person needs to read it."""

    name: str
    """Identifier: the column in wide records, the key in JSON."""
    label: str
    """What a table or an axis shows."""
    unit: str
    """Unit, or "" where it has none."""
    scope: Scope
    doc: str
    """What it is, of what, at which instant; what NaN means."""
    tag: str = ""
    """Tag in the event file; only for scalars."""
