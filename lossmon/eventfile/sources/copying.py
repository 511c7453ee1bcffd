"""Bringing a mirror up to date: what has come is noted byte by byte, so nothing is sent twice.

The other side is not trusted: the number of files and of bytes is capped here, names are checked
before they come here (`remote_path`), and a file that lies about its length is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lossmon.eventfile.sources.mirror import Mirror
from lossmon.eventfile.sources.paths import urgency
from lossmon.eventfile.sources.remote import FinalError, Listed, Outcome, Piece, Remote

MOST_FILES = 20_000
MOST_BYTES = 16 << 30
"""Bytes that the copies may hold together."""
_MOST_PIECES = 512
_MOST_RESTARTS = 1000
_MARK = 16


@dataclass(slots=True)
class _File:
    path: str
    size: int | None = None
    identity: str | None = None
    copied: str = ""
    """Identity of the file that the copied bytes are of."""
    offset: int = 0
    mark: bytes = b""
    rests: bool = False
    """Whether it is left alone until a listing names it again."""
    restarts: int = 0

    @property
    def is_behind(self) -> bool:
        """Whether bytes are to be had."""
        return not self.rests and self.missing > 0

    @property
    def missing(self) -> int:
        return (self.size or 0) - self.offset if self.identity is not None else 0


class Copying:
    """Knows what of each remote file is in the mirror, across connections."""

    def __init__(self, mirror: Mirror) -> None:
        self.received_bytes = 0
        """Bytes of event files that have come through the line so far."""
        self.is_capped = False
        """Whether files were left out because there are too many."""
        self._mirror = mirror
        self._files: dict[str, _File] = {}
        self._held = 0

    @property
    def is_empty(self) -> bool:
        """Whether no event file was ever listed."""
        return not self._files

    @property
    def missing_bytes(self) -> int:
        """Bytes that were listed and have not come."""
        return sum(file.missing for file in self._files.values() if file.is_behind)

    def advance(self, remote: Remote, budget: int) -> bool:
        """List, then copy about `budget` bytes, the most urgent first; return whether any came.

        Raises:
            RemoteError: The connection is lost, or there is no folder.
            FinalError: The disk is full, or a cap is reached.
        """
        self._note(remote.changes())
        before = self.received_bytes
        pieces = self._due(budget)
        if pieces:
            remote.read(pieces, self)
        return self.received_bytes > before

    def block(self, piece: Piece, data: bytes) -> None:
        """Take bytes in: at once, so that a line that is cut costs none of them."""
        self.received_bytes += len(data)
        self._held += len(data)
        if self._held > MOST_BYTES:
            raise FinalError(f"more than {MOST_BYTES >> 30} GB of event files; name one run")
        file = self._files[piece.path]
        if not self._mirror.append(file.path, data):
            file.restarts = _MOST_RESTARTS
        file.offset += len(data)
        file.mark = (file.mark + data)[-_MARK:]

    def ended(self, piece: Piece, outcome: Outcome) -> None:
        """Hear how a read ended."""
        file = self._files[piece.path]
        if outcome in ("other", "void"):
            self._restart(file)
        is_short = outcome == "whole" and file.offset < piece.offset + piece.length
        file.rests = is_short or outcome in ("gone", "void") or file.restarts >= _MOST_RESTARTS
        if not file.missing:
            self._mirror.settle(file.path)

    def _note(self, listing: Iterable[Listed]) -> None:
        for listed in listing:
            file = self._files.get(listed.path)
            if file is None:
                if len(self._files) >= MOST_FILES:
                    self.is_capped = True
                    continue
                file = self._files[listed.path] = _File(listed.path)
            file.rests = file.restarts >= _MOST_RESTARTS
            file.size = file.size if listed.size is None else listed.size
            file.identity = file.identity if listed.identity is None else listed.identity

    def _due(self, budget: int) -> list[Piece]:
        pieces: list[Piece] = []
        behind = [file for file in self._files.values() if self._is_due(file)]
        for file in sorted(behind, key=lambda file: urgency(file.path)):
            if budget <= 0 or len(pieces) == _MOST_PIECES:
                break
            length = min(file.missing, budget)
            budget -= length
            assert file.identity is not None
            pieces.append(Piece(file.path, file.identity, file.offset, length, file.mark))
        return pieces

    def _is_due(self, file: _File) -> bool:
        """Return whether to read of it; one that turned out to be another begins anew."""
        if file.identity is None or file.size is None or file.rests:
            return False
        if file.copied != file.identity or file.missing < 0:
            if file.copied:
                self._restart(file)
            file.copied = file.identity
            if not file.missing:  # it is empty, and nothing that comes would say so
                self._mirror.append(file.path, b"")
                self._mirror.settle(file.path)
        return file.missing > 0

    def _restart(self, file: _File) -> None:
        self._mirror.replace(file.path)
        self._held -= file.offset
        file.offset, file.mark, file.copied = 0, b"", ""
        file.restarts += 1
