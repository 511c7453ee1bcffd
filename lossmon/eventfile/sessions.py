"""Which files belong to the same start of a run, and what a later start superseded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lossmon.eventfile.content import FileContent
from lossmon.eventfile.filenames import FileName
from lossmon.eventfile.merge import NO_LIMIT, Part
from lossmon.eventfile.points import Points
from lossmon.records import RunMeta


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One readable file of a run."""

    name: FileName
    content: FileContent


@dataclass(frozen=True, slots=True)
class Session:
    """The files of one start: one process, from its first step to its end."""

    stem: str
    own: bool
    files: tuple[FileContent, ...]
    start_step: int | None
    """Step at which it began, where the log says so."""
    first_wall: float
    last_wall: float

    @property
    def meta(self) -> RunMeta | None:
        """Its newest metadata."""
        return next((c.meta for c in reversed(self.files) if c.meta is not None), None)

    def supersedes(self, older: Session) -> bool:
        """Whether what `older` wrote at this start's first step or later is void.

        Of others' writers only those that had ended: two may write side by side.
        """
        return self.own or older.last_wall <= self.first_wall


def sessions(files: Iterable[SourceFile]) -> tuple[Session, ...]:
    """Return the starts of a run, oldest first."""
    grouped: dict[tuple[bool, str], list[SourceFile]] = {}
    for file in files:
        if file.content.records:
            grouped.setdefault((file.name.own, file.name.stem), []).append(file)
    found = [_session(own, stem, of_start) for (own, stem), of_start in grouped.items()]
    return tuple(sorted(found, key=lambda session: (session.first_wall, session.stem)))


def _session(own: bool, stem: str, files: Sequence[SourceFile]) -> Session:
    # All parts of a start tell the time at which it began.
    ordered = sorted(files, key=lambda file: (file.content.first_wall, file.name.part))
    contents = tuple(file.content for file in ordered)
    steps = [c.start_step for c in contents if c.start_step is not None]
    if own and not steps:
        # Ranks above 0 have no file that says where it began.
        steps = [c.meta.start_step for c in contents if c.meta is not None]
    return Session(
        stem,
        own,
        contents,
        min(steps, default=None),
        min((c.first_wall for c in contents), default=math.inf),
        max((c.last_wall for c in contents), default=-math.inf),
    )


def parts(
    ordered: Sequence[Session],
    points_of: Callable[[FileContent], Points | None],
    mark_of: Callable[[FileContent], int] = lambda _: 0,
) -> tuple[Part, ...]:
    """Return the parts of one tag, oldest first, each with the step that a later start cut."""
    found: list[Part] = []
    newer: list[tuple[Session, int]] = []
    for session in reversed(ordered):
        mine = [(c, p) for c in session.files if (p := points_of(c)) is not None and len(p)]
        cuts = [
            cut for later, cut in newer if later.own == session.own and later.supersedes(session)
        ]
        limit = min(cuts, default=NO_LIMIT)
        found += [Part(p, limit, mark_of(c)) for c, p in reversed(mine)]
        firsts = [p.first_step for _, p in mine]
        cut = session.start_step if session.start_step is not None else min(firsts, default=None)
        if cut is not None:
            newer.append((session, cut))
    return tuple(reversed(found))
