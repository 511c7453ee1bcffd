"""How event files are named, and which of them belong to the same start of a run."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCALARS = re.compile(r"events\.out\.tfevents\.(?P<stem>.+)\.lossmon")
_STATS = re.compile(r"lossmon\.(?P<stem>.+?)(~(?P<part>\d{1,9}))?\.r(?P<rank>\d{1,9})\.stats")


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file's name tells."""

    own: bool
    """Whether lossmon wrote it."""
    stem: str
    """`<sec>.<host>.<pid>.<uid>`, shared by the files of one start; the whole name of others'."""
    rank: int = 0
    part: int = 0
    """Counts the changed sets of parameters of one start."""


def parse_name(name: str) -> FileName | None:
    """Return what `name` tells, or None where it names no event file."""
    if found := _SCALARS.fullmatch(name):
        return FileName(True, found["stem"])
    if found := _STATS.fullmatch(name):
        return FileName(True, found["stem"], int(found["rank"]), int(found["part"] or 0))
    return FileName(False, name) if "tfevents" in name else None


def scalars_name(stem: str) -> str:
    """Return the name of the scalar file."""
    return f"events.out.tfevents.{stem}.lossmon"


def stats_name(stem: str, rank: int, part: int = 0) -> str:
    """Return the name of the wide records' file; `part` counts changed sets of parameters."""
    return f"lossmon.{stem}{f'~{part}' if part else ''}.r{rank}.stats"
