"""What a remote has to offer so that its files can be copied: a listing, and ranges of bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from lossmon.errors import RemoteError

Outcome = Literal["whole", "other", "void", "gone"]
"""How a read ended.

whole: what there is came. other: the mark does not stand there, it is another file. void: it was
cut while it was read, what came is worthless. gone: it cannot be opened, or is not the one that was
listed.
"""


class FinalError(RemoteError):
    """What no second attempt would change: the user has to do something first."""


class FolderError(RemoteError):
    """The connection is good, but there is no folder to list, or not yet."""


class ProtocolError(RemoteError):
    """The other side does not speak as the agent does."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a listing says of one file; None where this line says nothing of it."""

    path: str
    """Relative to the root, checked by `remote_path`."""
    size: int | None = None
    identity: str | None = None
    """Changes when another file takes the name; opaque."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of bytes that is asked for."""

    path: str
    identity: str
    offset: int
    length: int
    mark: bytes
    """The bytes before `offset`, up to 16: where others stand there, it is another file."""


class Sink(Protocol):
    """Takes what is read."""

    def block(self, piece: Piece, data: bytes) -> None:
        """Take the next bytes of a piece."""

    def ended(self, piece: Piece, outcome: Outcome) -> None:
        """Hear how a piece ended."""


class Remote(Protocol):
    """One connection."""

    cost_s: float
    """Seconds that the last listing took over there."""

    def changes(self) -> Iterator[Listed]:
        """Yield what is new or has changed since the last call; at the first call everything.

        Raises:
            RemoteError: The folder cannot be listed, or the connection is lost.
        """

    def read(self, pieces: Sequence[Piece], sink: Sink) -> None:
        """Read pieces, in their order; each ends with an outcome.

        Raises:
            RemoteError: The connection is lost; what was handed to `sink` before is good.
        """

    def cut(self) -> None:
        """End it at once, from whatever thread; who waits for an answer gets an error."""

    def close(self) -> None:
        """End it and give back what it holds; a second call does nothing."""
