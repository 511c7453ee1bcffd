"""Where the runs lie that TensorBoard was started on, and which of them may be opened.

TensorBoard may be reachable by people who can write into the logdir and into nothing else. So a
link that leads out of a logdir is not followed: its run is named, and not read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from lossmon.errors import NoDataError
from lossmon.eventfile.logdir import RunSource, find_runs
from lossmon.eventfile.place import FOLDER
from lossmon.numfmt import printable

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Root:
    """One folder that TensorBoard was started on."""

    path: Path
    prefix: str = ""
    """Name given to it in --logdir_spec."""


@dataclass(frozen=True, slots=True)
class Place:
    """A run that was found."""

    name: str
    path: Path
    root: Path
    hosts: tuple[str, ...]
    """Names that TensorBoard may use for the run, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of looking for runs."""

    places: tuple[Place, ...] = ()
    outside: tuple[str, ...] = ()
    """Links out of a logdir, and runs that hold one: neither is read."""
    notes: tuple[str, ...] = ()
    """One line for each logdir that holds nothing to read, with the reason."""


def roots(logdir: str, logdir_spec: str) -> tuple[tuple[Root, ...], tuple[str, ...]]:
    """Return the folders that TensorBoard's two flags name, and a line for each that is remote."""
    specs = [("", logdir)] if logdir else []
    specs += [_parse(spec) for spec in logdir_spec.split(",") if spec]
    specs = [(prefix, _as_path(path)) for prefix, path in specs]
    local = tuple(
        Root(Path(os.path.realpath(Path(path).expanduser())), prefix)
        for prefix, path in specs
        if not _URL.match(path)
    )
    remote = tuple(
        f"{printable(path)} is not a local folder: copy its runs to this machine to see them here"
        for _, path in specs
        if _URL.match(path)
    )
    return local, remote


def _as_path(address: str) -> str:
    """Return the path that a `file://` address of this machine names; anything else as it is."""
    parts = urlsplit(address) if address.startswith("file://") else None
    if parts is None or parts.netloc not in ("", "localhost"):
        return address
    return url2pathname(parts.path)


def _parse(spec: str) -> tuple[str, str]:
    """Split `name:path`; a leading slash, a URL or a drive letter means there is no name."""
    head, colon, path = spec.partition(":")
    if not colon or spec.startswith("/") or _URL.match(spec) or os.path.splitdrive(spec)[0]:
        return "", spec
    return head, path


def look(folders: Sequence[Root]) -> Found:
    """Return every run at and below `folders`; names are unique."""
    places: dict[str, Place] = {}
    outside: list[str] = []
    notes: list[str] = []
    for root in folders:
        links: list[str] = []
        try:
            sources = find_runs(root.path, outward=links)
        except NoDataError as error:
            notes.append(str(error))
            sources = ()
        outside += [f"{root.prefix}/{link}" if root.prefix else link for link in links]
        for source in sources:
            name = _unused(_name(root, source), places)
            if is_inside(source.path, root.path):
                places[name] = Place(name, source.path, root.path, _hosts(root, source))
            else:
                outside.append(name)
    return Found(tuple(places.values()), tuple(outside), tuple(notes))


def is_inside(run: Path, root: Path) -> bool:
    """Return whether everything a reader would open for `run` really lies below `root`.

    `root` must be free of links; links to folders above `run` have been judged by `find_runs`.
    """
    real = run.resolve()
    if real != root and root not in real.parents:
        return False
    for folder in (run, run / FOLDER):
        try:
            with os.scandir(folder) as entries:
                links = [Path(entry.path) for entry in entries if entry.is_symlink()]
        except OSError:
            continue
        if any(root not in link.resolve().parents for link in links):
            return False
    return True


def _name(root: Root, source: RunSource) -> str:
    if not root.prefix:
        return source.name
    return root.prefix if source.path == root.path else f"{root.prefix}/{source.name}"


def _unused(name: str, taken: dict[str, Place]) -> str:
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name} ({number})"
    return free


def _hosts(root: Root, source: RunSource) -> tuple[str, ...]:
    below = source.path.relative_to(root.path).as_posix()
    inner = FOLDER if below == "." else f"{below}/{FOLDER}"
    names = (inner, below)
    return tuple(f"{root.prefix}/{name}" for name in names) if root.prefix else names
