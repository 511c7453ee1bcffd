"""Finding runs below a folder, and reading them. Errors name the path and say what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lossmon.errors import NoDataError, UsageError
from lossmon.eventfile.filenames import parse_name
from lossmon.eventfile.place import FOLDER
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.widenumbers import Kept
from lossmon.numfmt import printable
from lossmon.records import Run

_SKIPPED = {"__pycache__", "node_modules"}
_MAX_FOLDERS = 100_000
_SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True)
class RunSource:
    """A folder that holds a run."""

    name: str
    """Path below the root, with forward slashes; the folder's own name for the root."""
    path: Path


def find_runs(root: str | Path, *, outward: list[str] | None = None) -> tuple[RunSource, ...]:
    """Return the runs at and below `root`, sorted by name, the root's own first.

    Linked folders are followed. Where the list `outward` is given, those that lie elsewhere than
    below `root` are not, and their names are added to it: for readers who serve others.

    Raises:
        NoDataError: There is no such folder, it cannot be opened, or it holds no event file.
    """
    found = _scan(Path(root), outward)
    if not found:
        raise NoDataError(
            f"no event files in {_shown(root)}; pass the folder given as logdir=, or train first"
        )
    return found


def read_run(logdir: str | Path) -> Run:
    """Return the one run in `logdir`.

    Raises:
        NoDataError: There is nothing to read.
        UsageError: There are several runs.
    """
    sources = find_runs(logdir)
    here = Path(logdir)
    own = [source for source in sources if source.path == here]
    if not own and len(sources) > 1:
        names = ", ".join(printable(source.name) for source in sources[:_SHOWN_NAMES])
        more = ", ..." if len(sources) > _SHOWN_NAMES else ""
        raise UsageError(f"{_shown(logdir)} holds {len(sources)} runs ({names}{more}); pass one")
    return _whole(own[0] if own else sources[0])


def read_runs(root: str | Path) -> tuple[Run, ...]:
    """Return every run at and below `root`; those of which nothing can be read are left out.

    Raises:
        NoDataError: There is nothing to read.
    """
    runs = [RunReader(source.path, source.name, patience=0).poll() for source in find_runs(root)]
    readable = tuple(run for run in runs if not _is_void(run))
    if not readable:
        raise NoDataError(_void_text(root, runs[0]))
    return readable


class LogdirReader:
    """All runs at and below a folder, polled; a folder that does not exist yet is waited for."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._readers: dict[Path, RunReader] = {}
        self._kept = Kept()

    def poll(self) -> tuple[Run, ...]:
        """Return the runs as they stand now, sorted by name; the same objects where unchanged.

        Runs that were deleted stay as they were last read.
        """
        try:
            sources = _scan(self.root)
        except NoDataError:
            sources = ()
        for source in sources:
            if source.path not in self._readers:
                self._readers[source.path] = RunReader(source.path, source.name, kept=self._kept)
        return tuple(reader.poll() for _, reader in sorted(self._readers.items(), key=_by_path))


def _by_path(item: tuple[Path, RunReader]) -> tuple[str, ...]:
    return item[0].parts


def _whole(source: RunSource) -> Run:
    run = RunReader(source.path, source.name, patience=0).poll()
    if _is_void(run):
        raise NoDataError(_void_text(source.path, run))
    return run


def _is_void(run: Run) -> bool:
    return not (run.series or run.marks or run.meta or run.parameters or run.totals)


def _void_text(path: str | Path, run: Run) -> str:
    if run.damage.files:
        reasons = "; ".join(printable(text) for text in run.damage.files[:_SHOWN_NAMES])
        return f"nothing in {_shown(path)} can be read ({reasons})"
    return f"the event files in {_shown(path)} hold no records yet; wait for the first step"


def _scan(root: Path, outward: list[str] | None = None) -> tuple[RunSource, ...]:
    try:
        with os.scandir(root):
            pass
    except FileNotFoundError as error:
        raise NoDataError(
            f"no such logdir: {_shown(root)}; pass the folder given as logdir="
        ) from error
    except NotADirectoryError as error:
        raise NoDataError(f"{_shown(root)} is a file; pass the folder given as logdir=") from error
    except OSError as error:
        raise NoDataError(f"cannot open {_shown(root)}: {error.strerror}") from error
    return tuple(sorted(_sources(root, outward), key=lambda source: source.path.parts))


def _sources(root: Path, outward: list[str] | None) -> Iterator[RunSource]:
    own_name = root.resolve().name
    if own_name == FOLDER:
        own_name = root.resolve().parent.name
    found: set[Path] = set()
    for folder in _folders(root, outward):
        inner = folder != root and folder.name == FOLDER
        run = folder.parent if inner else folder
        if run not in found and _holds_events(folder):
            found.add(run)
            name = own_name if run == root else run.relative_to(root).as_posix()
            yield RunSource(name, run)


def _folders(root: Path, outward: list[str] | None) -> Iterator[Path]:
    """Yield the root and the folders below it, links followed as `find_runs` says, none twice."""
    home = root.resolve()
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting and len(seen) < _MAX_FOLDERS:
        folder = waiting.pop()
        try:
            status = folder.stat()
            with os.scandir(folder) as entries:
                folders = [entry for entry in entries if entry.is_dir()]
        except OSError:
            continue
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            yield folder
            for name in sorted(entry.name for entry in folders):
                if name in _SKIPPED or name[:1] == ".":
                    continue
                if outward is not None and not _lies_below(folder / name, home):
                    outward.append((folder / name).relative_to(root).as_posix())
                    continue
                waiting.append(folder / name)


def _lies_below(folder: Path, home: Path) -> bool:
    return not folder.is_symlink() or home in (folder.resolve(), *folder.resolve().parents)


def _holds_events(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(parse_name(entry.name) is not None for entry in entries)
    except OSError:
        return False


def _shown(path: str | Path) -> str:
    return printable(str(path))
