"""One file, appended to in whole records. A disk that refuses is tried again; no half stays."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from lossmon.eventfile.framing import Block, frame_all

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
_FLAGS |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_MAX_WRITE = 4 << 20


class Sink:
    """Creates its file with the first record, and again where somebody deleted it."""

    def __init__(self, path: Path, header: Callable[[], Iterable[bytes]]) -> None:
        self.path = path
        self.error = ""
        """Why the last attempt failed; empty after one that did not."""
        self._header = header
        self._fd = -1
        self._size = 0
        self._pending: deque[Block] = deque()

    @property
    def pending(self) -> int:
        """Number of records that are encoded and not written."""
        return sum(len(block.data) // block.frame_length for block in self._pending)

    def append(self, records: list[bytes]) -> None:
        """Add records; `flush` writes them."""
        self._pending += frame_all(records)

    def flush(self) -> bool:
        """Write what is pending; return whether the disk took all of it. Never raises."""
        try:
            self._open_if_gone()
            while self._pending:
                self._write(self._pending.popleft())
        except OSError as error:
            self.error = error.strerror or str(error)
            return False
        self.error = ""
        return True

    def close(self) -> None:
        """Close the file; what is still pending is lost."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _open_if_gone(self) -> None:
        if self._fd >= 0 and os.fstat(self._fd).st_nlink > 0:
            return
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self.path, _FLAGS, 0o644)
        self._size = 0
        try:
            for block in frame_all(list(self._header())):
                self._write(block)
        except OSError:
            self._give_up_file()
            raise

    def _give_up_file(self) -> None:
        """Remove a file whose header did not fit: without it, it would mean nothing."""
        self._pending.popleft()
        self.close()
        self.path.unlink()

    def _write(self, block: Block) -> None:
        """Write a block; on failure put back the records that are not on disk as a whole."""
        written, view = 0, memoryview(block.data)
        try:
            while written < len(view):
                written += os.write(self._fd, view[written : written + _MAX_WRITE])
        except OSError:
            whole = written - written % block.frame_length
            self._pending.appendleft(Block(block.data[whole:], block.frame_length))
            self._size += whole
            if written != whole:
                os.ftruncate(self._fd, self._size)
            raise
        self._size += written
