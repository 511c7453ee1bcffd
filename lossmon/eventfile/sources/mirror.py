"""The local copy: a private folder with the same tree. What is appended is never read back.

A file that takes another's place is written aside and renamed once it has caught up, so that a
reader meets another inode, never a mixture of two files.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from pathlib import Path

from lossmon.eventfile.sources.leftovers import PREFIX, hold, release, sweep
from lossmon.eventfile.sources.remote import FinalError

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
_FLAGS |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Mirror:
    """Holds copies until it is removed."""

    def __init__(self, *parts: str) -> None:
        """Make the folder; `parts` end its path, because a run that lies in it is named by them.

        Raises:
            FinalError: There is no room for temporary files.
        """
        try:
            sweep(Path(tempfile.gettempdir()))
            self._home = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._held = hold(self._home)
            self.root = self._home.joinpath("copy", *parts)
            self.root.mkdir(parents=True)
            self._aside = self._home / "aside"
            self._aside.mkdir()
        except OSError as error:
            raise _unwritable(error, tempfile.gettempdir()) from error
        self._replacing: dict[str, Path] = {}
        self._count = 0

    def append(self, path: str, data: bytes) -> bool:
        """Add bytes to the end of a file; return whether its name can be had here.

        Raises:
            FinalError: The disk is full.
        """
        target = self._replacing.get(path) or self.root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(target, _FLAGS, 0o600)
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(fd, view) :]
            finally:
                os.close(fd)
        except OSError as error:
            if error.errno in _FULL or not self._home.exists():
                raise _unwritable(error, str(self._home)) from error
            return False  # a name too long here, or a file where another needs a folder
        return True

    def replace(self, path: str) -> None:
        """Begin the file anew, aside; readers keep the old one until `settle`."""
        self._drop(path)
        self._count += 1
        self._replacing[path] = self._aside / str(self._count)
        self.append(path, b"")

    def settle(self, path: str) -> None:
        """Note that a file has caught up, and put it in its place where it was written aside.

        Its folder gets a new time: by that a reader finds a run that it had left alone.
        """
        aside, target = self._replacing.pop(path, None), self.root / path
        with contextlib.suppress(OSError):
            if aside is not None:
                aside.replace(target)
            os.utime(target.parent)

    def remove(self) -> None:
        """Remove everything; a second call does nothing."""
        shutil.rmtree(self._home, ignore_errors=True)
        release(self._held)
        self._held = None

    def _drop(self, path: str) -> None:
        aside = self._replacing.pop(path, None)
        if aside is not None:
            aside.unlink(missing_ok=True)


def _unwritable(error: OSError, where: str) -> FinalError:
    return FinalError(
        f"cannot copy to {where}: {error.strerror}; name a folder with room in TMPDIR"
    )
