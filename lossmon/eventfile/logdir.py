"""Finding runs below a folder, and reading them. Errors name the path and say what to do."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lossmon.errors import NoDataError, UsageError
from lossmon.eventfile.filenames import parse_name
from lossmon.eventfile.place import FOLDER
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.widenumbers import Kept
from lossmon.naturalorder import natural_path
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
    changed: int = 0
    """When a file was last added to its folders, in nanoseconds; network mounts say so late."""


def find_runs(
    root: str | Path, *, outward: list[str] | None = None, passed_over: list[str] | None = None
) -> tuple[RunSource, ...]:
    """Return the runs at and below `root`, sorted by name, the root's own first.

    Linked folders are followed. Where the list `outward` is given, those that lie elsewhere than
    below `root` are not, and their names are added to it: for readers who serve others. To
    `passed_over` a line is added for every folder that cannot be opened.

    Raises:
        NoDataError: There is no such folder, it cannot be opened, or it holds no event file.
    """
    closed: list[str] = []
    found = _scan(Path(root), outward, closed)
    if not found:
        hint = closed[0] if closed else "pass the folder given as logdir=, or train first"
        raise NoDataError(f"no event files in {_shown(root)}; {hint}")
    if passed_over is not None:
        passed_over += closed
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


def read_runs(root: str | Path, *, passed_over: list[str] | None = None) -> tuple[Run, ...]:
    """Return every run at and below `root`; those of which nothing can be read are left out.

    To `passed_over` a line is added for each of these. Left out without a word are folders that
    add_hparams made inside a run for its settings.

    Raises:
        NoDataError: There is nothing to read.
    """
    sources = find_runs(root, passed_over=passed_over)
    kept = Kept()
    readers = [RunReader(s.path, s.name, patience=0, kept=kept) for s in sources]
    runs = [reader.poll() for reader in readers]
    shown = trainings(readers)
    readable = tuple(
        run
        for reader, run in zip(readers, runs, strict=True)
        if reader.path in shown and not _is_void(run)
    )
    if not readable:
        raise NoDataError(_void_text(root, runs[0]))
    if passed_over is not None:
        passed_over += [
            _void_text(s.path, r) for s, r in zip(sources, runs, strict=True) if _is_void(r)
        ]
    return readable


def trainings(readers: Sequence[RunReader]) -> set[Path]:
    """Return the paths of the runs that are no folder of settings inside another run."""
    paths = {reader.path for reader in readers}
    inner = {r.path for r in readers if r.path.parent in paths and r.holds_settings_only}
    return paths - inner


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


def _scan(root: Path, outward: list[str] | None, closed: list[str]) -> tuple[RunSource, ...]:
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
        raise NoDataError(_closed_text(root, error)) from error
    return tuple(
        sorted(_sources(root, outward, closed), key=lambda source: natural_path(source.path))
    )


def _sources(root: Path, outward: list[str] | None, closed: list[str]) -> Iterable[RunSource]:
    own_name = root.resolve().name
    if own_name == FOLDER:
        own_name = root.resolve().parent.name
    found: dict[Path, RunSource] = {}
    for folder in _folders(root, outward, closed):
        if folder.holds_events:
            inner = folder.path != root and folder.path.name == FOLDER
            run = folder.path.parent if inner else folder.path
            name = own_name if run == root else run.relative_to(root).as_posix()
            before = found[run].changed if run in found else 0
            found[run] = RunSource(name, run, max(before, folder.changed))
    return found.values()


class _Folder(NamedTuple):
    path: Path
    changed: int
    holds_events: bool


def _folders(root: Path, outward: list[str] | None, closed: list[str]) -> Iterator[_Folder]:
    """Yield the root and the folders below it, links followed as `find_runs` says, none twice."""
    home = root.resolve()
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting and len(seen) < _MAX_FOLDERS:
        path = waiting.pop()
        try:
            status = path.stat()
            with os.scandir(path) as scan:
                entries = list(scan)
        except FileNotFoundError:
            continue
        except OSError as error:
            closed.append(_closed_text(path, error))
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        holds_events = any(parse_name(entry.name) is not None for entry in entries)
        yield _Folder(path, status.st_mtime_ns, holds_events)
        for name in sorted(entry.name for entry in entries if _is_folder(entry)):
            if outward is not None and not _lies_below(path / name, home):
                outward.append((path / name).relative_to(root).as_posix())
            else:
                waiting.append(path / name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    if entry.name in _SKIPPED or entry.name[:1] == ".":
        return False
    try:
        return entry.is_dir()
    except OSError:
        return False


def _lies_below(folder: Path, home: Path) -> bool:
    return not folder.is_symlink() or home in (folder.resolve(), *folder.resolve().parents)


def _closed_text(folder: Path, error: OSError) -> str:
    return f"cannot open {_shown(folder)}: {error.strerror}"


def _shown(path: str | Path) -> str:
    return printable(str(path))
