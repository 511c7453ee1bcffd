"""Which files belong to the same start of a run, and what a later start superseded."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lossmon.eventfile.content import FileContent
from lossmon.eventfile.filenames import FileName
from lossmon.eventfile.part import NO_LIMIT, Part
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

    def first_step(self, firsts: Sequence[int]) -> int | None:
        """Return the step from which on older starts are void; `firsts` are its own points'."""
        return self.start_step if self.start_step is not None else min(firsts, default=None)


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
    newer = {own: _Newer() for own in (True, False)}
    for session in reversed(ordered):
        mine = [(c, p) for c in session.files if (p := points_of(c)) is not None and len(p)]
        limit = newer[session.own].cut(session)
        found += [Part(p, limit, mark_of(c)) for c, p in reversed(mine)]
        step = session.first_step([p.first_step for _, p in mine])
        if step is not None:
            newer[session.own].add(session, step)
    return tuple(reversed(found))


class _Newer:
    """Starts newer than the one at hand, newest first, all by lossmon or none."""

    def __init__(self) -> None:
        self._ages: list[float] = []
        """When each began, counted backwards so as to ascend."""
        self._cuts: list[int] = [NO_LIMIT]
        """Lowest first step of the n newest, by n."""

    def add(self, session: Session, step: int) -> None:
        self._ages.append(-session.first_wall)
        self._cuts.append(min(step, self._cuts[-1]))

    def cut(self, session: Session) -> int:
        """Return the step from which on what `session` wrote is void.

        Of others' writers only those count that began when it had ended: two may write side by
        side.
        """
        if session.own:
            return self._cuts[-1]
        return self._cuts[bisect_right(self._ages, -session.last_wall)]
