"""What was found out about one thing, and what to do where it is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that was looked at."""

    about: str
    """A word or two."""
    level: Level
    """problem: something does not work. warning: it works less well. ok: nothing is to be done."""
    reads: str
    """What was seen; it may quote a log or the environment, and is made inert where it is shown."""
    fix: str = ""
    """What to do, in the imperative; "" where nothing is."""


@dataclass(frozen=True, slots=True)
class Section:
    """What belongs together."""

    title: str
    answers: tuple[Answer, ...]


def ok(about: str, reads: str, fix: str = "") -> Answer:
    """Return that all is well; `fix` says how to have more."""
    return Answer(about, "ok", reads, fix)


def warning(about: str, reads: str, fix: str) -> Answer:
    """Return that something works less well than it could."""
    return Answer(about, "warning", reads, fix)


def problem(about: str, reads: str, fix: str) -> Answer:
    """Return that something does not work."""
    return Answer(about, "problem", reads, fix)
