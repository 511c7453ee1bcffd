"""What an experiment that cannot be made leaves instead of an answer."""

from __future__ import annotations

from dataclasses import dataclass


class CannotRunError(Exception):
    """An experiment cannot be made with this subject, or not in this time; one line says why."""


@dataclass(frozen=True, slots=True)
class NotRun:
    """Stands in the place of an answer that could not be had."""

    why: str

    def __str__(self) -> str:
        return f"could not be run: {self.why}"
