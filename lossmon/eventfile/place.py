"""Where a run may be written: never over another one."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

FOLDER = "lossmon"
"""Our files lie in this folder of the logdir: two live writers in one directory make TensorBoard
drop points of either, and a SummaryWriter of the user's may come later."""

SIGN_S = 2.0
"""How long a rank waits for a sign in a folder that another has made and left empty so far."""


def holds_run(logdir: Path) -> bool:
    """Return whether lossmon has written a run into `logdir`."""
    folder = logdir / FOLDER
    return folder.is_dir() and any(folder.iterdir())


def is_begun(root: Path) -> bool:
    """Return whether `root`, or a folder right below it, has been claimed for a run."""
    if not root.is_dir():
        return False
    return any((place / FOLDER).is_dir() for place in (root, *root.iterdir()))


def holds_runs(root: Path) -> bool:
    """Return whether `root` is a run or has runs right below it."""
    if not root.is_dir():
        return False
    return holds_run(root) or any(holds_run(child) for child in root.iterdir())


def first_free(place: Path, taken: Callable[[Path], bool]) -> Path:
    """Return `place`, or its first numbered sibling (`a-2`, `a-3`, ...) that is not `taken`."""
    return next(sibling for sibling in siblings(place) if not taken(sibling))


def last_taken(place: Path, taken: Callable[[Path], bool]) -> Path:
    """Return the last in the row of `place` and its siblings that is `taken`; else `place`."""
    found = list(itertools.takewhile(taken, siblings(place)))
    return found[-1] if found else place


def claim(place: Path) -> Path:
    """Make the folder of a new run in `place`, or in its first numbered sibling that has none.

    Returns that logdir. Of two that claim one place at the same time only one gets it.

    Raises:
        OSError: The folder cannot be made.
    """
    for sibling in siblings(place):
        with contextlib.suppress(FileExistsError):
            (sibling / FOLDER).mkdir(parents=True)
            return sibling
    raise AssertionError  # there is always another sibling


def claim_together(place: Path, job: str) -> Path:
    """Return the logdir that the ranks of `job` share, in `place` or a numbered sibling of it.

    The first rank to come claims it, and leaves a sign by which the others find it.

    Raises:
        OSError: The folder cannot be made.
    """
    for sibling in siblings(place):
        if claim_here(sibling / FOLDER, job):
            return sibling
    raise AssertionError  # there is always another sibling


def claim_here(folder: Path, job: str) -> bool:
    """Make `folder` for `job`; return False where it is another's."""
    sign = folder / f".job-{job}"
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return _appears(sign, folder)
    sign.touch()
    return True


def _appears(sign: Path, folder: Path) -> bool:
    """Return whether `sign` is in `folder`; an empty one may have been made an instant ago."""
    deadline = time.monotonic() + SIGN_S
    while not sign.exists():
        if any(folder.iterdir()) or time.monotonic() > deadline:
            return sign.exists()
        time.sleep(0.01)
    return True


def siblings(place: Path) -> Iterator[Path]:
    """Yield `place`, then `a-2`, `a-3`, ... without end."""
    yield place
    for number in itertools.count(2):
        yield place.with_name(f"{place.name}-{number}")
