"""Where a script's trainings are logged: `<logdir>/<Model>-<n>`, in order of first backward.

All processes of one execution of a script have one root, which they find without a word between
them: the first one signs the place that it makes there, the others look for the signature.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from lossmon.errors import UsageError
from lossmon.eventfile.place import (
    FOLDER,
    claim_here,
    first_free,
    holds_runs,
    is_begun,
    last_taken,
    siblings,
)
from lossmon.naturalorder import natural_path

LOCK = ".lossmon-claim"
"""Folder in a root that somebody is about to choose."""
LOCK_S = 2.0
"""How long another may take to choose its root; then it has died of it."""


class Places:
    """Hands out logdirs; never one in which another execution of the script has written."""

    def __init__(self, logdir: Path, session: str = "") -> None:
        """`session` names this execution to all its processes.

        Ranks that a launcher has begun need none: they have the name of their job.
        """
        self.wanted = logdir
        self.session = session
        self._root: Path | None = None
        self.claimed: list[Path] = []
        """The logdirs handed out here, in order; each could be written to."""

    @property
    def root(self) -> Path:
        """The folder above all runs; as asked for until the first training is found."""
        signed = None if self._root or not self.session else self._signed_root()
        return self._root or signed or self.wanted

    def probe(self) -> None:
        """Find out whether a run could be made; leaves nothing behind.

        Raises:
            UsageError: It could not.
        """
        try:
            place = first_free(self.wanted, holds_runs)
            # Making the folder itself would tell the script that it is watched.
            _try(next(p for p in (place, *place.parents) if os.path.lexists(p)))
        except OSError as error:
            raise _refused(self.wanted, error) from None

    def claim(self, model: str, *, resumes: bool, job: str = "") -> Path:
        """Make and return the logdir of the next training; `resumes`: it goes on from a checkpoint.

        `job` names the run to all ranks that share it; empty for a process alone.

        Raises:
            UsageError: It cannot be made or written to.
        """
        self.session = self.session or job.rpartition("-")[0] or os.urandom(6).hex()
        name = re.sub(r"[^\w.+-]", "_", model)[:80] or "model"
        try:
            if resumes or self._root is not None:
                root = self._root or last_taken(self.wanted, holds_runs)
                place = self._make(root, name, job, resumes=resumes)
            else:
                place = self._make_first(name, job)
            _try(place / FOLDER)
        except OSError as error:
            raise _refused(self.wanted, error) from None
        self._root = place.parent
        self.claimed.append(place)
        return place

    def all_claimed(self) -> list[Path]:
        """Return the logdirs of every process of this execution."""
        of_others = self._signed(self.root) if self.session and self.root.is_dir() else ()
        return [*self.claimed, *(place for place in of_others if place not in self.claimed)]

    def _make_first(self, name: str, job: str) -> Path:
        """Choose the root: that of another process of this execution, else one without any run."""
        for root in siblings(self.wanted):
            if self._is_of_others(root):
                continue
            with _alone_in(root):
                # Another may have come first.
                if not is_begun(root) or self._signed(root):
                    return self._make(root, name, job, resumes=False)
        raise AssertionError  # there is always another sibling

    def _is_of_others(self, root: Path) -> bool:
        """Return whether another execution has begun in `root`; False where that is yet to be seen.

        Between making a place and signing it a process of this execution holds the lock: who finds
        neither signature nor lock looks for the signature once more.
        """
        if not is_begun(root) or self._signed(root) or (root / LOCK).exists():
            return False
        return not self._signed(root)

    def _make(self, root: Path, name: str, job: str, *, resumes: bool) -> Path:
        for number in itertools.count(len(self.claimed) + 1):
            place = root / f"{name}-{number}"
            folder = place / FOLDER
            if resumes:
                folder.mkdir(parents=True, exist_ok=True)
            elif not claim_here(folder, job or os.urandom(6).hex()):
                continue
            self._sign(folder).touch()
            return place
        raise AssertionError  # there is always another number

    def _sign(self, folder: Path) -> Path:
        return folder / f".session-{self.session}"

    def _signed(self, root: Path) -> list[Path]:
        """Return the places in `root` that are of this execution."""
        found = (place for place in root.iterdir() if self._sign(place / FOLDER).exists())
        return sorted(found, key=natural_path)

    def _signed_root(self) -> Path | None:
        existing = itertools.takewhile(Path.is_dir, siblings(self.wanted))
        return next((root for root in existing if self._signed(root)), None)


def shortest(path: Path) -> Path:
    """Return `path` as short as the working directory allows, which may be gone by now."""
    with contextlib.suppress(OSError, ValueError):
        return path.relative_to(Path.cwd())
    return path


@contextlib.contextmanager
def _alone_in(root: Path) -> Iterator[None]:
    """Keep others from choosing `root` at the same time."""
    root.mkdir(parents=True, exist_ok=True)
    lock = root / LOCK
    deadline = time.monotonic() + LOCK_S
    while time.monotonic() < deadline:
        with contextlib.suppress(FileExistsError):
            lock.mkdir()
            break
        time.sleep(0.01)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.rmdir()


def _try(folder: Path) -> None:
    """Make and remove a folder in `folder`: permission bits alone do not tell, least of all root's.

    Raises:
        OSError: It cannot be done.
    """
    # By hand: `tempfile` would load `random`, and a script may have a module of that name.
    trial = folder / f".lossmon-{os.urandom(4).hex()}"
    trial.mkdir()
    trial.rmdir()


def _refused(logdir: Path, error: OSError) -> UsageError:
    reason = error.strerror or type(error).__name__
    return UsageError(f"cannot write to logdir {logdir}: {reason}; pass another --logdir")
