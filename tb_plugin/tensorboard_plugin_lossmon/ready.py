"""Answers that took work, ready to send again; what was not asked for the longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from lossmon.report.json import dump

ROOM = 32 << 20
"""Bytes kept in all: some three hundred figures."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer as it goes over the wire."""

    content: bytes
    mimetype: str = "application/json"
    filename: str = ""
    """Name of the file to save it as; "" for an answer that the page reads."""


class Shelf:
    """Answers by what was asked."""

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._held = room, 0
        self._kept: OrderedDict[Hashable, Ready] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], dict[str, Any]]) -> Ready:
        """Return what is kept under `key`, made where it is not there.

        One answer is made at a time: two pages that ask for the same wait for one.
        """
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
            found = Ready(dump(make(), indent=None).encode())
            self._keep(key, found)
            return found

    def _keep(self, key: Hashable, answer: Ready) -> None:
        self._kept[key] = answer
        self._held += len(answer.content)
        while self._held > self._room and self._kept:
            _, oldest = self._kept.popitem(last=False)
            self._held -= len(oldest.content)
