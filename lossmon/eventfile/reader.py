"""One run's logdir, read again and again: every poll costs what has been added since the last."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from lossmon.eventfile.assembly import Assembly
from lossmon.eventfile.content import FileContent
from lossmon.eventfile.filenames import FileName, parse_name
from lossmon.eventfile.place import FOLDER
from lossmon.eventfile.sessions import SourceFile
from lossmon.eventfile.tail import Tail
from lossmon.eventfile.widenumbers import Kept
from lossmon.records import Damage, Run

_MAX_FILES = 10_000

Enough = Callable[[], bool]
"""Asked after each few megabytes; once it holds, the rest is left to the next poll."""


def never() -> bool:
    """Read all that is there."""
    return False


class _File:
    def __init__(self, path: Path, name: FileName, patience: int) -> None:
        self.name = name
        self.content = FileContent()
        self.error = ""
        self.is_cut_short = False
        """Whether the last poll left something to the next."""
        self._tail = Tail(path, patience=patience)
        self._restarts = 0

    def poll(self, enough: Enough) -> bool:
        """Take in what is new; return whether anything changed."""
        before, self.is_cut_short = self._state(), False
        try:
            with closing(self._tail.poll()) as chunks:
                for chunk in chunks:
                    self._follow_the_tail()
                    self.content.add(chunk)
                    if self._tail.left and enough():
                        self.is_cut_short = True
                        break
            self._follow_the_tail()
            self.error = ""
        except FileNotFoundError:
            self.error = ""  # deleted: what has been read stays
        except OSError as error:
            self.error = error.strerror or str(error)
        return self._state() != before

    @property
    def is_pending(self) -> bool:
        return self._tail.is_in_doubt

    @property
    def extent(self) -> tuple[int, int]:
        """Bytes that were read, and bytes that there are."""
        read, left = self._tail.offset, self._tail.left
        if not read + left:  # not opened so far
            with suppress(OSError):
                left = self._tail.path.stat().st_size
        return read, read + left

    def _follow_the_tail(self) -> None:
        if self._tail.restarts != self._restarts:
            self._restarts = self._tail.restarts
            self.content = FileContent()
        self.content.place = self._tail.place

    def _state(self) -> tuple[object, ...]:
        return (self._tail.offset, self._tail.restarts, self.error, self.damage())

    def damage(self) -> Damage:
        tail = self._tail
        reason = self.error
        if not reason and tail.stuck_bytes and not self.content.records:
            reason = "no event record in it"
        return Damage(
            tail.lost_places + self.content.bad_records,
            tail.lost_bytes,
            (f"{tail.path.name}: {reason}",) if reason else (),
        )


class RunReader:
    """Reads the event files of one logdir, its `lossmon` folder included."""

    def __init__(
        self, path: str | Path, name: str, *, patience: int = 2, kept: Kept | None = None
    ) -> None:
        """`kept`: where to keep numbers of wide records that were read; by default an own place."""
        self.path = Path(path)
        self.name = name
        self._patience = patience
        self._files: dict[str, _File] = {}
        """By path."""
        self._folder_errors: dict[Path, str] = {}
        self._assembly = Assembly(name, kept or Kept())
        self._run: Run | None = None

    def poll(self, enough: Enough = never) -> Run:
        """Return the run as its files tell it now; the same object where nothing has changed."""
        changed = self._discover()
        for file in self._files.values():
            changed |= file.poll(enough)
            if file.is_cut_short:
                break
        if self._run is None or changed:
            files = [SourceFile(file.name, file.content) for file in self._files.values()]
            self._run = self._assembly.run(files, self._damage())
        return self._run

    @property
    def ranks_at_work(self) -> tuple[int, ...]:
        """Ranks above 0 that have neither ended nor fallen silent."""
        return self._assembly.ranks_at_work

    @property
    def is_cut_short(self) -> bool:
        """Whether the last poll left something to the next."""
        return any(file.is_cut_short for file in self._files.values())

    @property
    def share_read(self) -> float:
        """Share of the bytes in the run's files that was read."""
        extents = [file.extent for file in self._files.values()]
        return sum(read for read, _ in extents) / max(sum(size for _, size in extents), 1)

    @property
    def is_pending(self) -> bool:
        """Whether something looks wrong that may become right: then the next poll is soon."""
        return any(file.is_pending for file in self._files.values())

    @property
    def holds_settings_only(self) -> bool:
        """Whether all that was read are hyper-parameters and series of one point."""
        contents = [file.content for file in self._files.values()]
        short = all(len(points) <= 1 for c in contents for points in c.scalars.values())
        return short and any(c.hparams for c in contents)

    def _discover(self) -> bool:
        known = len(self._files), dict(self._folder_errors)
        for folder in (self.path, self.path / FOLDER):
            try:
                with os.scandir(folder) as scan:
                    found = [entry for entry in scan if parse_name(entry.name) is not None]
                self._folder_errors.pop(folder, None)
            except (FileNotFoundError, NotADirectoryError):
                self._folder_errors.pop(folder, None)
                continue
            except OSError as error:
                self._folder_errors[folder] = f"{folder.name}: {error.strerror}"
                continue
            for entry in sorted(found, key=lambda entry: entry.name):
                self._add(entry)
        return known != (len(self._files), self._folder_errors)

    def _add(self, entry: os.DirEntry[str]) -> None:
        if entry.path in self._files or len(self._files) >= _MAX_FILES:
            return
        name = parse_name(entry.name)
        if name is not None and not (path := Path(entry.path)).is_dir():
            self._files[entry.path] = _File(path, name, self._patience)

    def _damage(self) -> Damage:
        found = [file.damage() for file in self._files.values()]
        return Damage(
            sum(damage.records for damage in found),
            sum(damage.bytes for damage in found),
            tuple(text for damage in found for text in damage.files)
            + tuple(self._folder_errors.values()),
        )
