"""What a request asks for: every parameter has a name that is known and a limit that is told."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from lossmon.numfmt import printable
from lossmon.report.xaxis import Span

Word = TypeVar("Word", bound=str)
Query = Mapping[str, Sequence[str]]
"""Every value of each parameter, in the order given."""
LONGEST = 4096
"""Characters of a value: as long as a path may be."""
MOST_NAMES = 64
"""Values of one parameter that may be repeated, where nothing smaller is said."""


class RefusedError(Exception):
    """A request that cannot be answered, with the HTTP status and one line for the caller."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def check(query: Query, single: Collection[str], repeated: Collection[str]) -> None:
    """Refuse names that a route does not know, values too long, and too many of them.

    Raises:
        RefusedError: 400, with the reason.
    """
    for name, values in query.items():
        if name not in single and name not in repeated:
            known = ", ".join([*single, *repeated]) or "none"
            raise RefusedError(400, f"no such parameter: {printable(name)}; there are: {known}")
        most = 1 if name in single else MOST_NAMES
        if len(values) > most:
            raise RefusedError(400, f"{name} may be given {most} times at most")
        if any(len(value) > LONGEST for value in values):
            raise RefusedError(400, f"{name} may have {LONGEST} characters at most")


def text(query: Query, key: str) -> str:
    """Return the value of a parameter, "" where it is not given."""
    values = query.get(key)
    return values[0] if values else ""


def given(query: Query, key: str) -> str:
    """Return the value of a parameter that must be there."""
    value = text(query, key)
    if not value:
        raise RefusedError(400, f"the parameter {key} is missing")
    return value


def names(query: Query, key: str, most: int) -> list[str]:
    """Return the values of a parameter that may be repeated, each once."""
    values = list(dict.fromkeys(query.get(key, ())))
    if len(values) > most:
        raise RefusedError(400, f"{key} may be given {most} times at most")
    return values


def one_of(query: Query, key: str, choices: Sequence[Word]) -> Word:
    """Return one of the choices, the first where nothing is given."""
    value = text(query, key) or choices[0]
    for choice in choices:
        if value == choice:
            return choice
    raise RefusedError(400, f"{key} must be one of {', '.join(choices)}")


def whole(query: Query, key: str, most: int, least: int = 0) -> int | None:
    """Return a whole number, None where it is not given."""
    return _whole(text(query, key), key, most, least) if key in query else None


def wholes(query: Query, key: str, most: int) -> list[int]:
    """Return every value of a repeated parameter as a whole number."""
    return [_whole(value, key, most, 0) for value in query.get(key, ())]


def share(query: Query, key: str, most: float) -> float | None:
    """Return a number from 0 to `most`, None where it is not given."""
    if key not in query:
        return None
    value = _number(text(query, key))
    if not 0 <= value <= most:  # NaN is not
        raise RefusedError(400, f"{key} must be a number from 0 to {most}")
    return value


def view(query: Query) -> Span | None:
    """Return what is to be seen of the axis, `first` to `last`; None: all of it."""
    if "first" not in query and "last" not in query:
        return None
    first, last = _number(text(query, "first")), _number(text(query, "last"))
    if not -(2.0**53) <= first < last <= 2.0**53:
        raise RefusedError(400, "first and last go together: numbers, first below last")
    return first, last


def _whole(value: str, key: str, most: int, least: int) -> int:
    plain = value.isascii() and value.isdigit() and len(value) <= 19
    if not plain or not least <= int(value) <= most:
        raise RefusedError(400, f"{key} must be a whole number from {least} to {most}")
    return int(value)


def _number(value: str) -> float:
    """Return a decimal number; NaN for anything else, words like "inf" and "nan" among them."""
    plain = value.isascii() and len(value) <= 32 and set(value) <= set("0123456789+-.eE")
    try:
        number = float(value) if plain else math.nan
    except ValueError:
        return math.nan
    return number
