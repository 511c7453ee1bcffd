"""Folders that fsspec reaches: object stores, SFTP, archives. Nothing is asked for twice there.

An object store has no appending: a writer puts the whole object anew, which has the same bytes in
front. So no identity tells a file from its successor here, only size and the bytes before the end.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lossmon.errors import RemoteError
from lossmon.eventfile.sources.address import UrlAddress
from lossmon.eventfile.sources.paths import remote_path
from lossmon.eventfile.sources.remote import (
    FinalError,
    FolderError,
    Listed,
    Outcome,
    Piece,
    Sink,
)
from lossmon.numfmt import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLOCK = 1 << 20
_NEAR = ("file", "local", "memory", "sftp")
_NEAR_S, _FAR_S = 1.0, 5.0
_IDENTITY = "-"


def quickest_s(address: UrlAddress) -> float:
    """Return the least seconds between two listings; where each is paid for, they are fewer."""
    return _NEAR_S if address.scheme in _NEAR else _FAR_S


class FilesystemRemote:
    """A file system of fsspec."""

    def __init__(self, address: UrlAddress) -> None:
        """Open it.

        Raises:
            RemoteError: fsspec, or what it needs for this kind, is not installed; or it refuses.
        """
        self.cost_s = math.nan
        self._shown = address.shown
        self._sizes: dict[str, int] = {}
        self._fs, self._root = _filesystem(address)

    def changes(self) -> Iterator[Listed]:
        """Yield what is new or has changed; see `Remote`."""
        for name, size in self._sizes_now().items():
            path = self._relative(name)
            if path is not None and self._sizes.get(path) != size:
                self._sizes[path] = size
                yield Listed(path, size, _IDENTITY)

    def read(self, pieces: Sequence[Piece], sink: Sink) -> None:
        """Read pieces; see `Remote`."""
        for piece in pieces:
            try:
                outcome = self._read(piece, sink)
            except FileNotFoundError:
                outcome = "gone"
            except RemoteError:
                raise
            except Exception as error:  # whatever a driver raises
                raise _failed(self._shown, error) from error
            sink.ended(piece, outcome)

    def cut(self) -> None:
        """Do nothing: what is under way ends by itself."""

    def close(self) -> None:
        """Do nothing: fsspec keeps its connections for the next who asks."""

    def _sizes_now(self) -> dict[str, int]:
        try:
            self._fs.invalidate_cache()
            if self._fs.isfile(self._root):
                raise FolderError(f"{self._shown} is a file; pass the folder given as logdir=")
            found: Mapping[str, Any] = self._fs.find(self._root, detail=True)
        except RemoteError:
            raise
        except FileNotFoundError as error:
            raise _missing(self._shown) from error
        except Exception as error:  # whatever a driver raises
            raise _failed(self._shown, error) from error
        if not found and not self._sizes and not self._is_folder():
            raise _missing(self._shown)
        return {
            name: entry["size"]
            for name, entry in found.items()
            if isinstance(entry.get("size"), int) and entry["size"] >= 0
        }

    def _is_folder(self) -> bool:
        try:
            return bool(self._fs.exists(self._root))
        except Exception:  # an object store has no folders, and may say so
            return False

    def _relative(self, name: str) -> str | None:
        root = self._root.strip("/")
        below = name.strip("/")
        if root and not below.startswith(f"{root}/"):
            return None
        return remote_path(os.fsencode(below[len(root) :].strip("/")))

    def _read(self, piece: Piece, sink: Sink) -> Outcome:
        left = piece.length
        # Opened and sought: `cat_file` of some drivers fetches the whole file first.
        with self._fs.open(f"{self._root.rstrip('/')}/{piece.path}", "rb") as file:
            file.seek(piece.offset - len(piece.mark))
            if piece.mark and file.read(len(piece.mark)) != piece.mark:
                return "other"
            while left and (data := file.read(min(left, _BLOCK))):
                sink.block(piece, data[:left])
                left -= len(data)
        return "void" if left else "whole"


def _filesystem(address: UrlAddress) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise FinalError(
            f"{address.scheme}:// needs fsspec; install it: pip install 'lossmon[remote]'"
        ) from error
    try:
        fs, root = url_to_fs(address.url)
    except ImportError as error:  # fsspec names the package that is missing
        raise FinalError(
            f"{address.scheme}:// needs one more package: {printable(str(error))}"
        ) from error
    except ValueError as error:
        raise FinalError(f"{address.shown}: {printable(str(error))}") from error
    except Exception as error:  # whatever a driver raises
        raise _failed(address.shown, error) from error
    return fs, root


def _missing(shown: str) -> FolderError:
    return FolderError(f"no such logdir: {shown}; pass the folder given as logdir=")


def _failed(shown: str, error: Exception) -> RemoteError:
    return RemoteError(f"{shown}: {type(error).__name__}: {printable(str(error))}")
