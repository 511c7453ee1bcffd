"""When a finding is news: once an episode, and again where it has become worse.

An episode lasts until the finding has been resolved for a minute, so that one which comes and goes
is told once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lossmon.stopon import SEVERITIES

CALM_S = 60.0


@dataclass(slots=True)
class _Episode:
    severity: str
    resolved: float | None = None
    """Since when it is, or None."""


class Episodes:
    """The findings of one run that have been told."""

    def __init__(self) -> None:
        self._open: dict[str, _Episode] = {}

    def is_new(self, rule: str, severity: str) -> bool:
        """Return whether nothing as bad has been told of the rule."""
        known = self._open.get(rule)
        return known is None or SEVERITIES.index(severity) < SEVERITIES.index(known.severity)

    def opens(self, rule: str, severity: str, now: float) -> bool:
        """Take note of a finding at time `now`; return whether it is to be told."""
        known = self._open.get(rule)
        calm = known is not None and known.resolved is not None and now - known.resolved >= CALM_S
        if calm or self.is_new(rule, severity):
            self._open[rule] = _Episode(severity)
            return True
        if known is not None:
            known.resolved = None
        return False

    def settle(self, rules: Collection[str], now: float) -> None:
        """Take note of rules that find nothing any more."""
        for rule in rules:
            known = self._open.get(rule)
            if known is not None and known.resolved is None:
                known.resolved = now
