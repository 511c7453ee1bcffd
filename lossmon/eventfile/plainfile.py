"""Opening and reading a file that may be replaced, cut or a trap, at any moment."""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path
from typing import NamedTuple

BEGINNING = 64
"""Bytes; of an event file they hold the time at which it was begun."""


class Identity(NamedTuple):
    """What tells a state of a file from any other."""

    device: int
    inode: int
    size: int
    changed: int
    """Time of the last change, in nanoseconds."""


class Place(NamedTuple):
    """Where a file was found, and what tells it from another that has come there since."""

    path: Path
    device: int
    inode: int
    beginning: bytes
    """Its first `BEGINNING` bytes, fewer where it was shorter: a file may be written anew."""

    def is_still(self, file: FileIO) -> bool:
        """Return whether an open file is the one that was found."""
        if identity(file)[:2] != (self.device, self.inode):
            return False
        return read_at(file, 0, len(self.beginning)) == self.beginning


def open_plain(path: Path) -> FileIO:
    """Open `path` for reading.

    Raises:
        OSError: It cannot be opened, or is no plain file.
    """
    # A pipe planted under the name of an event file must not make the reader wait for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_BINARY", 0)
    file = FileIO(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(0, "not a plain file")
    return file


def identity(file: FileIO) -> Identity:
    """Return the identity of an open file; of an open one, since network mounts answer stale."""
    status = os.fstat(file.fileno())
    return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def read_at(file: FileIO, at: int, size: int) -> bytes:
    """Return `size` bytes from `at` on, fewer at the end of the file."""
    file.seek(at)
    return file.read(size)
