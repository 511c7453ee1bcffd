"""One file, appended to in whole records. A disk that refuses is tried again; no half stays."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from lossmon.eventfile.framing import Block, frame_all
from lossmon.eventfile.mounts import is_on_network

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT
for _name in ("O_CLOEXEC", "O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"):
    # A link or a pipe that somebody plants under our name is neither followed nor waited for.
    _FLAGS |= getattr(os, _name, 0)
_MAX_WRITE = 4 << 20
SYNC_LOCAL_S = 30.0
"""What a crash of the machine may cost."""
SYNC_NETWORK_S = 0.5
"""What others see of a file on a network mount they see after a sync, or when it is closed."""
_NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)

_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class Sink:
    """Creates its file with the first record, and again where somebody deleted or emptied it."""

    def __init__(
        self, path: Path, header: Callable[[], Iterable[bytes]], *, reserve: int = 0
    ) -> None:
        """`reserve`: bytes of the disk that are left to others."""
        self.path = path
        self._reserve = reserve
        self.error = ""
        """Why the last attempt failed; empty after one that did not."""
        self.lost = 0
        """Records that were on disk and went away with their file."""
        self._header = header
        self._fd = -1
        self._identity = (0, 0)
        self._size = self._written = 0
        self._head: deque[Block] = deque()
        self._pending: deque[Block] = deque()
        self._sync_every = SYNC_LOCAL_S
        self._synced_at, self._synced_size = 0.0, 0

    @property
    def is_blocked(self) -> bool:
        """Whether anything is encoded and not written."""
        return bool(self._head or self._pending)

    @property
    def is_made(self) -> bool:
        """Whether its file has been made, header and all."""
        return self._fd >= 0 or self._size > 0

    @property
    def pending(self) -> int:
        """Number of records that are encoded and not written."""
        return sum(map(_count, self._pending))

    def append(self, records: list[bytes]) -> None:
        """Add records; `flush` writes them."""
        self._pending += frame_all(records)

    def flush(self) -> bool:
        """Write what is pending; return whether the disk took all of it. Never raises."""
        try:
            if not self._is_sound():
                self._open()
            for waiting in (self._head, self._pending):
                while waiting:
                    self._keep_reserve()
                    self._write(waiting)
            self._sync_if_due()
        except OSError as error:
            self.error = error.strerror or str(error)
            return False
        self.error = ""
        return True

    def close(self) -> None:
        """Close the file; what is still pending is lost. A file without a record is removed."""
        if not self._is_open():
            return
        with contextlib.suppress(OSError):
            if self._sync_every == SYNC_NETWORK_S:
                _sync(self._fd)
        self._let_go()
        if not self._size:
            with contextlib.suppress(OSError):
                self.path.unlink()

    def _is_open(self) -> bool:
        """Return whether the descriptor is still our file.

        A script may close descriptors that it did not open, and be given our number for its own.
        """
        if self._fd < 0:
            return False
        try:
            status = os.fstat(self._fd)
        except OSError:  # closed by others, or a stale handle of a network mount
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._identity:
            self._fd = -1
        return self._fd >= 0

    def _is_sound(self) -> bool:
        """Return whether the file can be appended to; count what went away with one that cannot."""
        if not self._is_open():
            return False
        status = os.fstat(self._fd)
        if status.st_nlink == 0 or status.st_size < self._size:
            self.lost += self._written
            self._written = 0
            self._let_go()
            return False
        if status.st_size > self._size:  # half a record, which could not be cut off at the time
            os.ftruncate(self._fd, self._size)
        return True

    def _let_go(self) -> None:
        fd, self._fd = self._fd, -1
        with contextlib.suppress(OSError):  # a network mount reports here what it could not store
            os.close(fd)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path, _FLAGS, 0o644)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "not a plain file")
        self._fd, self._identity = fd, (status.st_dev, status.st_ino)
        self._size = self._synced_size = status.st_size
        self._synced_at = time.monotonic()
        network = is_on_network(self.path.parent)
        self._sync_every = SYNC_NETWORK_S if network else SYNC_LOCAL_S
        if not self._size:  # else a file that we have lost hold of: it has its header
            self._head = deque(frame_all(list(self._header())))

    def _keep_reserve(self) -> None:
        if not self._reserve:
            return
        disk = os.statvfs(self._fd)
        # Some file systems cannot tell, and say 0: then the write itself shows it.
        if 0 < disk.f_bavail * disk.f_frsize < self._reserve:
            raise OSError(errno.ENOSPC, "No space left on device but for the losses")

    def _write(self, waiting: deque[Block]) -> None:
        """Write the first block; on failure leave the records that are not on disk as a whole."""
        block = waiting[0]
        written, view = 0, memoryview(block.data)
        try:
            while written < len(view):
                written += os.write(self._fd, view[written : written + _MAX_WRITE])
        finally:
            whole = written - written % block.frame_length
            self._size += whole
            if waiting is self._pending:
                self._written += whole // block.frame_length
            waiting.popleft()
            if whole < len(view):
                waiting.appendleft(Block(block.data[whole:], block.frame_length))
            if written != whole:
                os.ftruncate(self._fd, self._size)

    def _sync_if_due(self) -> None:
        now = time.monotonic()
        if self._size == self._synced_size or now - self._synced_at < self._sync_every:
            return
        try:
            _sync(self._fd)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise
        self._synced_at, self._synced_size = now, self._size


def _count(block: Block) -> int:
    return len(block.data) // block.frame_length
