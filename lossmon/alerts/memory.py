"""What was told, kept over restarts: a small file per logdir and ways, for nobody else to read.

Where it cannot be written, as in a home that is read-only, all is remembered until the end alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from lossmon.alerts.alert import Alert
from lossmon.alerts.episodes import Episodes

SCHEMA = 1
_LARGEST = 64 << 20
_TUPLES = ("culprits", "fixes")


def state_folder(env: Mapping[str, str]) -> Path:
    """Return where programs keep what should outlive them, by the rules of the XDG."""
    told = env.get("XDG_STATE_HOME", "")
    # What is not absolute is to be passed over, they say.
    base = Path(told) if told.startswith("/") else Path.home() / ".local" / "state"
    return base / "lossmon" / "alerts"


class Memory:
    """The file for one place that is followed, and for those who are told of it."""

    def __init__(self, folder: Path, *about: str) -> None:
        """`about`: what makes it another file. Only its hash is kept: there may be secrets."""
        name = hashlib.sha256("\0".join(about).encode("utf-8", "surrogateescape")).hexdigest()[:24]
        self._path = folder / f"{name}.json"
        self._written = ""

    def read(self) -> dict[str, Any]:
        """Return what was written, nothing where that cannot be read or is of another schema."""
        try:
            if self._path.stat().st_size > _LARGEST:
                return {}
            kept = json.loads(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return {}
        return kept if _is_sound(kept) else {}

    def write(
        self,
        known: Mapping[str, Any],
        waiting: Mapping[str, Iterable[Alert]],
        *,
        always: bool = False,
    ) -> str:
        """Keep what is known, and what waits by way; return why that failed, "" where it did not.

        Nothing is written where nothing has changed but the time, unless `always`.
        """
        outbox = {way: [_fields(alert) for alert in alerts] for way, alerts in waiting.items()}
        document = {"schema": SCHEMA, **known, "waiting": outbox}
        told = json.dumps({**document, "looked": None})
        if told == self._written and not always:
            return ""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = self._path.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(document), encoding="ascii")
            part.replace(self._path)
        except OSError as error:
            return error.strerror or type(error).__name__
        self._written = told
        return ""


def waiting(kept: Mapping[str, Any], way: str) -> list[Alert]:
    """Return the alerts that a way had not sent when it was ended."""
    return [_alert(fields) for fields in kept.get("waiting", {}).get(way, [])]


def _is_sound(kept: Any) -> bool:
    """Return whether a document is one that `write` has made: it may be of another version."""
    try:
        if kept["schema"] != SCHEMA:
            return False
        for run in kept["runs"].values():
            Episodes(run["findings"])
            str(run["life"])
        for way in kept["waiting"]:
            waiting(kept, way)
    except (AttributeError, KeyError, TypeError):
        return False
    return True


def _fields(alert: Alert) -> dict[str, Any]:
    return {field.name: getattr(alert, field.name) for field in fields(alert)}


def _alert(told: Mapping[str, Any]) -> Alert:
    given: dict[str, Any] = {**told, **{name: tuple(told[name]) for name in _TUPLES}}
    return Alert(**given)
