"""The interface that also draws attention: what it sends goes the way that all it draws goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lossmon.tui.app import LossmonApp
from lossmon.tui.messages import Updated
from lossmon.tui.notice import Way
from lossmon.tui.notifier import Notifier

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source


class NoticingApp(LossmonApp):
    """Hands every snapshot to a notifier too, frozen or not; Textual calls both handlers."""

    def __init__(self, source: Source, ways: Sequence[Way]) -> None:
        super().__init__(source)
        self._notifier = Notifier(ways, self._send, os.environ)

    def on_mount(self) -> None:
        """Remember the title."""
        self._notifier.begin()

    def on_updated(self, message: Updated) -> None:
        """Ring, where it is worth it."""
        self._notifier.take(message.snapshot)

    def on_unmount(self) -> None:
        """Put the title back."""
        self._notifier.end()

    def _send(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()
