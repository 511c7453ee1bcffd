"""A remote logdir as a local folder: copied once by `fetch`, or kept up to date by `follow`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lossmon.errors import RemoteError
from lossmon.eventfile.sources.copying import MOST_FILES, Copying
from lossmon.eventfile.sources.mirror import Mirror
from lossmon.eventfile.sources.pace import BackOff, Budget, Rhythm
from lossmon.eventfile.sources.remote import FinalError, FolderError, Remote
from lossmon.numfmt import printable

Progress = Callable[[int, int], None]
"""Called with bytes that have come, and bytes that are to come in all."""

_ATTEMPTS = 4
"""Connections that `fetch` makes, where one is cut."""


class CopiedSource:
    """Copies while it is open. One of `fetch` and `follow` at a time."""

    def __init__(
        self,
        shown: str,
        parts: tuple[str, ...],
        connect: Callable[[], Remote],
        *,
        quickest_s: float,
    ) -> None:
        self.shown = printable(shown, 1024)
        self.is_in_touch = False
        """Whether the last round went well."""
        self._mirror = Mirror(*parts)
        self._copying = Copying(self._mirror)
        self._connect = connect
        self._budget, self._rhythm, self._back_off = Budget(), Rhythm(quickest_s), BackOff()
        self._problem: str = f"connecting to {self.shown}"
        self._again_at = 0.0
        self._remote: Remote | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def root(self) -> Path:
        """The folder that holds the copies."""
        return self._mirror.root

    @property
    def received_bytes(self) -> int:
        """Bytes of event files that have come so far."""
        return self._copying.received_bytes

    @property
    def problem(self) -> str:
        """Why what is in the folder is not all there is; "" while it is."""
        if not self._again_at:
            return self._problem
        left = max(1, round(self._again_at - time.monotonic()))
        return f"{self._problem}, trying again in {left} s"

    def fetch(self, progress: Progress | None = None) -> None:
        """Copy everything that is there now.

        Raises:
            RemoteError: It cannot be had; also where there is no event file at all.
        """
        for attempt in range(_ATTEMPTS):
            received = self.received_bytes
            try:
                self._fetch(progress)
                break
            except (FinalError, FolderError):
                raise
            except RemoteError:
                had_begun = attempt > 0 or self.received_bytes > received
                if not had_begun or attempt + 1 == _ATTEMPTS:
                    raise
            self._ended.wait(self._back_off.next())
        if self._copying.is_empty:
            raise RemoteError(
                f"no event files in {self.shown}; pass the folder given as logdir=, or train first"
            )

    def follow(self) -> None:
        """Begin to copy what comes, in a thread, until `close`."""
        self._thread = threading.Thread(target=self._follow, name="lossmon-copy", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the connection and the thread, and remove the folder."""
        self._ended.set()
        remote = self._remote
        if remote is not None:
            remote.cut()
        if self._thread is not None:
            self._thread.join(5.0)
        self._mirror.remove()

    def _fetch(self, progress: Progress | None) -> None:
        with self._connected() as remote:
            missing = 1
            while missing:
                self._round(remote)
                missing = self._copying.missing_bytes
                if progress is not None:
                    progress(self.received_bytes, self.received_bytes + missing)

    def _follow(self) -> None:
        while not self._ended.is_set():
            try:
                self._stay_connected()
            except FinalError as error:
                self._problem = str(error)
                return
            except RemoteError as error:
                self._wait_after(str(error))
            except Exception as error:  # a thread that ends without a word would be worse
                self._wait_after(f"{type(error).__name__}: {error}")

    def _stay_connected(self) -> None:
        with self._connected() as remote:
            try:
                while not self._ended.is_set():
                    self._live_round(remote)
            finally:
                self.is_in_touch = False

    def _live_round(self, remote: Remote) -> None:
        news = False
        try:
            news = self._round(remote)
            self._problem = self._state()
        except FolderError as error:
            self._problem = str(error)
        self.is_in_touch = True
        self._back_off.reset()
        if not (news and self._copying.missing_bytes):
            self._ended.wait(self._rhythm.pause(news=news, cost_s=remote.cost_s))

    def _wait_after(self, why: str) -> None:
        """Say why the connection ended, and wait for the next attempt."""
        pause = self._back_off.next()
        self._problem, self._again_at = printable(why), time.monotonic() + pause
        self._ended.wait(pause)
        self._again_at = 0.0

    def _state(self) -> str:
        """Return what is to be said of a connection that works."""
        missing = self._copying.missing_bytes
        if missing > 4 * self._budget.bytes:
            return f"copying: {missing / 1e6:.0f} MB to come"
        return f"more than {MOST_FILES} files: some are left out" if self._copying.is_capped else ""

    def _round(self, remote: Remote) -> bool:
        begun, before = time.monotonic(), self.received_bytes
        news = self._copying.advance(remote, self._budget.bytes)
        used = self.received_bytes - before >= self._budget.bytes
        self._budget.spent(time.monotonic() - begun, used=used)
        return news

    @contextmanager
    def _connected(self) -> Iterator[Remote]:
        remote = self._remote = self._connect()
        try:
            yield remote
        finally:
            self._remote = None
            remote.close()
