"""The order in which a person expects names: `run-2` before `run-10`."""

from __future__ import annotations

import re
from pathlib import Path

Key = tuple[tuple[str | int, ...], str]

_NUMBER = re.compile("([0-9]{1,18})")


def natural(name: str) -> Key:
    """Return a key to sort names by, with the numbers in them as numbers.

    >>> sorted(["a-10", "a-2", "a"], key=natural)
    ['a', 'a-2', 'a-10']
    """
    parts = _NUMBER.split(name)
    return tuple(int(part) if at % 2 else part for at, part in enumerate(parts)), name


def natural_path(path: Path) -> tuple[Key, ...]:
    """Return a key to sort paths by; a folder comes right before what is in it."""
    return tuple(natural(part) for part in path.parts)
