"""What the parts of the interface tell each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from lossmon.tui.snapshot import Key, Snapshot


class Updated(Message):
    """The reading thread has a newer snapshot. A newer one replaces one that still waits."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """Return whether `message` is a snapshot too."""
        return isinstance(message, Updated)


class FindingOpened(Message):
    """A finding of the open run is to be explained; with rule "" the whole verdict is."""

    def __init__(self, key: Key, rule: str) -> None:
        super().__init__()
        self.key = key
        self.rule = rule


class ScreenAsked(Message):
    """Another screen is to be shown: "overview", "run", "layers" or "events"."""

    def __init__(self, name: str, key: Key | None) -> None:
        super().__init__()
        self.name = name
        self.key = key
