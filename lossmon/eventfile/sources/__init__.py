"""Where logs come from: a folder here, or one elsewhere that is copied as it grows.

with opened("ssh://me@host/home/me/runs") as source:
    source.fetch()
    runs = read_runs(source.root)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lossmon.errors import NoDataError
from lossmon.eventfile.sources.address import SshAddress, is_remote, parse_address

if TYPE_CHECKING:  # what copies takes a tenth of the time until the first frame, and is seldom used
    from lossmon.eventfile.sources.copied import CopiedSource, Progress

__all__ = ["LocalSource", "Source", "is_remote", "opened"]


class Source(Protocol):
    """A logdir that can be read at `root` while the source is open."""

    @property
    def root(self) -> Path:
        """The folder to read."""

    @property
    def shown(self) -> str:
        """Where the logs are, as a person says it; printable where it is an address."""

    @property
    def problem(self) -> str:
        """Why what is in `root` is not all there is; "" while it is."""

    @property
    def is_in_touch(self) -> bool:
        """Whether what is written now is seen soon; a run that is silent then is silent there."""

    @property
    def received_bytes(self) -> int:
        """Bytes of event files that came through a line; 0 where there is none."""

    def fetch(self, progress: Progress | None = None) -> None:
        """Have everything in `root` that is there now; raises RemoteError."""

    def follow(self) -> None:
        """Keep `root` up to date from a thread."""


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A folder here: there is nothing to be done."""

    root: Path
    shown: str
    problem: str = ""
    is_in_touch: bool = True
    received_bytes: int = 0

    def fetch(self, progress: Progress | None = None) -> None:
        """Do nothing."""

    def follow(self) -> None:
        """Do nothing."""


@contextmanager
def opened(logdir: str) -> Iterator[Source]:
    """Open a path or an address; a copy is removed at the end, and its connection closed.

    Nothing is connected before `fetch` or `follow`.

    Raises:
        UsageError: The address cannot be used.
        NoDataError: Raised inside, about the copy; it leaves as one about the address.
    """
    if not is_remote(logdir):
        folder = Path(logdir).expanduser()
        yield LocalSource(folder, str(folder))
        return
    source = _copied(logdir)
    try:
        yield source
    except NoDataError as error:
        raise NoDataError(str(error).replace(str(source.root), source.shown)) from error
    finally:
        source.close()


def _copied(logdir: str) -> CopiedSource:
    from lossmon.eventfile.sources.copied import CopiedSource

    address = parse_address(logdir)
    if isinstance(address, SshAddress):
        from lossmon.eventfile.sources.ssh import SshRemote

        connect = partial(SshRemote, address)
        return CopiedSource(address.shown, address.parts, connect, quickest_s=0.25)
    from lossmon.eventfile.sources.remotefs import FilesystemRemote, quickest_s

    return CopiedSource(
        address.shown,
        address.parts,
        partial(FilesystemRemote, address),
        quickest_s=quickest_s(address),
    )
