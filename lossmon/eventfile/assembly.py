"""One Run out of the files of its logdir. Keeps what it built, so that a poll costs what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from lossmon.eventfile.content import FileContent
from lossmon.eventfile.merge import Merged
from lossmon.eventfile.points import Points
from lossmon.eventfile.ranks import Ranks
from lossmon.eventfile.roles import find_roles
from lossmon.eventfile.sessions import Session, SourceFile, parts, sessions
from lossmon.eventfile.widenumbers import Kept
from lossmon.eventfile.widerecord import TAGS
from lossmon.eventfile.widetables import WideTables
from lossmon.records import Damage, Mark, Run, RunMeta, Series


class Assembly:
    """Builds successive Runs of one logdir; a Run handed out never changes."""

    def __init__(self, name: str, kept: Kept) -> None:
        self._name = name
        self._merged: dict[str, Merged] = {}
        self._series: dict[str, Series] = {}
        self._wide = WideTables(kept)
        self._ranks = Ranks(kept)

    def run(self, files: Sequence[SourceFile], damage: Damage) -> Run:
        """Return the run as the files tell it now."""
        ordered = sessions(file for file in files if file.name.rank == 0)
        meta = newest_meta(ordered)
        series = self._all_series(ordered)
        tables = self._wide.update(ordered, meta)
        others = self._ranks.update(files, ordered, meta, self._wide, tables[TAGS[0]])
        return Run(
            name=self._name,
            series=series | {tag: s for tag, s in others.series.items() if tag not in series},
            meta=run_meta(ordered, meta),
            parameters=others.parameters,
            layers=tables[TAGS[1]],
            totals=tables[TAGS[2]],
            marks=(*_marks(ordered), *others.marks),
            roles=find_roles(series, meta, name=self._name),
            damage=damage,
            histograms=frozenset().union(*(c.histograms for s in ordered for c in s.files)),
            last_wall=max((s.last_wall for s in ordered if s.last_wall > 0), default=0.0),
        )

    @property
    def ranks_at_work(self) -> tuple[int, ...]:
        """Ranks above 0 of which more may come."""
        return self._ranks.at_work

    def _all_series(self, ordered: Sequence[Session]) -> dict[str, Series]:
        chosen = _sessions_of_tags(ordered)
        for gone in self._series.keys() - chosen.keys():
            del self._series[gone], self._merged[gone]
        for tag, its_sessions in chosen.items():
            merged = self._merged.setdefault(tag, Merged())
            found = parts(its_sessions, partial(_scalar_points, tag))
            if merged.update(found) and merged.columns is not None:
                columns = merged.columns
                self._series[tag] = Series(tag, *columns, merged.buckets, merged.tail)
        return {tag: self._series[tag] for tag in sorted(self._series)}


def _scalar_points(tag: str, content: FileContent) -> Points | None:
    return content.scalars.get(tag)


def _sessions_of_tags(ordered: Sequence[Session]) -> dict[str, list[Session]]:
    """Return who wrote each tag; where lossmon did, what others wrote under it is left out."""
    written: dict[tuple[bool, str], list[Session]] = {}
    for session in ordered:
        foreign = {tag for content in session.files for tag in content.foreign}
        tags = {tag for content in session.files for tag, p in content.scalars.items() if len(p)}
        for tag in tags - foreign:
            written.setdefault((session.own, tag), []).append(session)
    own = {tag: found for (is_own, tag), found in written.items() if is_own}
    # A later start without this tag still cuts it off where it began.
    for tag in own:
        own[tag] = [session for session in ordered if session.own]
    others = {tag: found for (is_own, tag), found in written.items() if not is_own}
    return others | own


def newest_meta(ordered: Sequence[Session]) -> RunMeta | None:
    """Return the metadata of the newest start of rank 0 that has any."""
    for session in reversed([session for session in ordered if session.own]):
        if session.meta is not None:
            return session.meta
    return None


def run_meta(ordered: Sequence[Session], newest: RunMeta | None) -> RunMeta | None:
    """Return the newest start's metadata with the step and time at which the whole run began."""
    metas = [c.meta for s in ordered if s.own for c in s.files if c.meta is not None]
    if newest is None:
        return None
    walls = [meta.start_wall for meta in metas if meta.start_wall > 0]
    return replace(
        newest,
        start_step=min(meta.start_step for meta in metas),
        start_wall=min(walls, default=newest.start_wall),
    )


def _marks(ordered: Sequence[Session]) -> tuple[Mark, ...]:
    return tuple(mark for session in ordered for content in session.files for mark in content.marks)
