"""The wide records of one rank as tables under the newest names, over all files and starts."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.eventfile.content import FileContent
from lossmon.eventfile.merge import Merged
from lossmon.eventfile.points import Points
from lossmon.eventfile.sessions import Session, parts
from lossmon.eventfile.widenumbers import FILE_BIT, Kept, Layout, WideFile, WideNumbers
from lossmon.eventfile.widerecord import TAGS, table_names
from lossmon.records import RunMeta, Table


class WideTables:
    """Keeps what it built, so that a poll costs what is new; a table handed out never changes."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._merged: dict[str, Merged] = {}
        self._tables: dict[str, Table | None] = {}
        self._meta: RunMeta | None = None
        self._names = object()
        """Another one where rows and columns have other names: what was read stands elsewhere."""
        self.metas: dict[str, list[RunMeta]] = {}
        """By tag, for each file that a reference may mean, what was written of its rows."""

    def update(self, ordered: Sequence[Session], meta: RunMeta | None) -> dict[str, Table | None]:
        """Return the tables by tag, None where there is none; `meta` names rows and columns."""
        if meta is not self._meta:
            self._meta, self._names = meta, object()
            self._tables.clear()
            self._merged.clear()
        return {tag: self._table(tag, ordered, meta) for tag in TAGS}

    def numbers(self, tag: str) -> WideNumbers | None:
        """Return the numbers of a table, which know the file that each record lies in."""
        table = self._tables.get(tag)
        values = None if table is None else table.values
        return values if isinstance(values, WideNumbers) else None

    def _table(self, tag: str, ordered: Sequence[Session], meta: RunMeta | None) -> Table | None:
        own = [session for session in ordered if session.own]
        if meta is None or not own:
            return None
        files: list[WideFile] = []
        metas: list[RunMeta] = []
        numbers: dict[int, int] = {}
        for session, content in ((s, c) for s in own for c in s.files):
            its_meta = content.meta or session.meta
            file = _wide_file(tag, content, its_meta, meta)
            if file is not None and its_meta is not None:
                numbers[id(content)] = len(files)
                files.append(file)
                metas.append(its_meta)
        self.metas[tag] = metas

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
