"""Folders that a killed process left behind: whoever copies next removes them.

The owner of a folder holds a lock in it, which ends with its process in whatever way that ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PREFIX = "lossmon-"
_LOCK = "in-use"


def hold(folder: Path) -> int | None:
    """Lock a folder of one's own; return what `release` takes.

    Raises:
        OSError: No file can be made in it.
    """
    if fcntl is None:
        return None
    unlocked = folder / f"{_LOCK}.new"
    held = os.open(unlocked, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    with contextlib.suppress(OSError):  # no locks on this file system: nobody can take it either
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Under its name only now: a lock that nobody holds is the mark of a folder left behind.
    unlocked.rename(folder / _LOCK)
    return held


def release(held: int | None) -> None:
    """Give the lock back; the folder should be gone by now."""
    if held is not None:
        os.close(held)


def sweep(where: Path) -> None:
    """Remove those folders in `where` whose owner is gone."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError):
        for folder in where.glob(f"{PREFIX}*"):
            if not folder.is_symlink() and _is_left(folder / _LOCK):
                shutil.rmtree(folder, ignore_errors=True)


def _is_left(lock: Path) -> bool:
    try:
        found = os.open(lock, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False  # none of ours, or another user's
    try:
        fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(found)
    return True
