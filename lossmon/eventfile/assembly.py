"""One Run out of the files of its logdir. Keeps what it built, so that a poll costs what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from lossmon.eventfile.content import FileContent
from lossmon.eventfile.merge import Merged
from lossmon.eventfile.points import Points
from lossmon.eventfile.roles import find_roles
from lossmon.eventfile.sessions import Session, SourceFile, parts, sessions
from lossmon.eventfile.widenumbers import FILE_BIT, Kept, Layout, WideFile, WideNumbers
from lossmon.eventfile.widerecord import TAGS, table_names
from lossmon.records import Damage, Mark, Run, RunMeta, Series, Table


class Assembly:
    """Builds successive Runs of one logdir; a Run handed out never changes."""

    def __init__(self, name: str, kept: Kept) -> None:
        self._name, self._kept = name, kept
        self._merged: dict[str, Merged] = {}
        self._series: dict[str, Series] = {}
        self._tables: dict[str, Table | None] = {}
        self._table_meta: RunMeta | None = None
        self._names = object()
        """Another one where rows and columns have other names: what was read stands elsewhere."""

    def run(self, files: Sequence[SourceFile], damage: Damage) -> Run:
        """Return the run as the files tell it now."""
        ordered = sessions(files)
        meta = newest_meta(ordered)
        series = self._all_series(ordered)
        tables = self._all_tables(ordered, meta)
        return Run(
            name=self._name,
            series=series,
            meta=run_meta(ordered, meta),
            parameters=tables[TAGS[0]],
            layers=tables[TAGS[1]],
            totals=tables[TAGS[2]],
            marks=_marks(ordered),
            roles=find_roles(series, meta, name=self._name),
            damage=damage,
            histograms=frozenset().union(*(c.histograms for s in ordered for c in s.files)),
            last_wall=max((s.last_wall for s in ordered if s.last_wall > 0), default=0.0),
        )

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

    def _all_tables(
        self, ordered: Sequence[Session], meta: RunMeta | None
    ) -> dict[str, Table | None]:
        if meta is not self._table_meta:
            self._table_meta, self._names = meta, object()
            for tag in TAGS:
                self._tables.pop(tag, None)
                self._merged.pop(tag, None)
        return {tag: self._table(tag, ordered, meta) for tag in TAGS}

    def _table(self, tag: str, ordered: Sequence[Session], meta: RunMeta | None) -> Table | None:
        own = [session for session in ordered if session.own]
        if meta is None or not own:
            return None
        files: list[WideFile] = []
        numbers: dict[int, int] = {}
        for session, content in ((s, c) for s in own for c in s.files):
            file = _wide_file(tag, content, content.meta or _meta_of(session), meta)
            if file is not None:
                numbers[id(content)] = len(files)
                files.append(file)

        def points_of(content: FileContent) -> Points | None:
            return content.wide.get(tag) if id(content) in numbers else None

        def mark_of(content: FileContent) -> int:
            return numbers[id(content)] << FILE_BIT

        found = parts(own, points_of, mark_of)
        if not found:
            self._tables.pop(tag, None)
            self._merged.pop(tag, None)
            return None
        merged = self._merged.setdefault(tag, Merged())
        if merged.update(found) and merged.columns is not None:
            steps, walls, references = merged.columns
            names = table_names(meta)[tag]
            shape = len(names.rows), len(names.columns)
            owner = (merged.points, self._names)
            wide = WideNumbers(references, tuple(files), shape, self._kept, owner)
            self._tables[tag] = Table(names.columns, steps, walls, wide)
        return self._tables.get(tag)


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
        found = _meta_of(session)
        if found is not None:
            return found
    return None


def _meta_of(session: Session) -> RunMeta | None:
    return next((c.meta for c in reversed(session.files) if c.meta is not None), None)


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


def _wide_file(
    tag: str, content: FileContent, older: RunMeta | None, newest: RunMeta
) -> WideFile | None:
    """Return where the tables of a file are read; None where their names are not known."""
    if older is None or content.place is None:
        return None
    names = table_names(older)[tag]
    shape = (len(names.rows), len(names.columns))
    if content.shapes.get(tag) != shape:
        return None
    return WideFile(content.place, shape, _layout(tag, older, newest))


def _layout(tag: str, older: RunMeta, newest: RunMeta) -> Layout | None:
    """Return how to place an older table's rows and columns, or None where they are the same."""
    old, new = table_names(older)[tag], table_names(newest)[tag]
    if old == new:
        return None
    rows = {name: i for i, name in enumerate(new.rows)}
    columns = {name: i for i, name in enumerate(new.columns)}
    shared_rows = [(i, rows[name]) for i, name in enumerate(old.rows) if name in rows]
    shared_columns = [(i, columns[name]) for i, name in enumerate(old.columns) if name in columns]
    return Layout(
        tuple(i for i, _ in shared_rows),
        tuple(i for _, i in shared_rows),
        tuple(i for i, _ in shared_columns),
        tuple(i for _, i in shared_columns),
    )
