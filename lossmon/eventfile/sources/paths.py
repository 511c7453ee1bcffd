"""Names that a remote gives its files, before one of them becomes a file here."""

from __future__ import annotations

import os
import re

from lossmon.eventfile.filenames import parse_name

LONGEST_PATH = 1024
"""Bytes of a relative path."""
_LONGEST_NAME = 255
_DEEPEST = 64
_SKIPPED = (b"__pycache__", b"node_modules")
"""Folders that no reader looks into, like hidden ones."""
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_WRITTEN = re.compile(r"(?:tfevents|^lossmon)\.(\d{1,12})")


def remote_path(raw: bytes) -> str | None:
    """Return a relative path as text, or None where it must not become one here.

    It names an event file, stays below its root, and holds no control character.
    """
    names = raw.split(b"/")
    if len(raw) > LONGEST_PATH or len(names) > _DEEPEST or _CONTROL.search(raw):
        return None
    if any(name in (b"", b".", b"..") or len(name) > _LONGEST_NAME for name in names):
        return None
    if any(name in _SKIPPED or name.startswith(b".") for name in names[:-1]):
        return None
    path = os.fsdecode(raw)
    if os.sep != "/" and (os.sep in path or ":" in path):
        return None
    return path if parse_name(path.rpartition("/")[2]) is not None else None


def urgency(path: str) -> tuple[bool, int, str]:
    """Return a sort key: scalars before wide records, the newest start first."""
    name = path.rpartition("/")[2]
    written = _WRITTEN.search(name)
    return name.endswith(".stats"), -int(written[1]) if written else 0, path
