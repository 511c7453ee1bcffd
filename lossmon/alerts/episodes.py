"""When a finding is news: once an episode, and again where it has become worse.

An episode lasts until the finding has been resolved for a minute, so that one which comes and goes
is told once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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

    def __init__(self, kept: Mapping[str, tuple[str, float | None]] | None = None) -> None:
        """`kept`: what `keep` gave."""
        self._open = {rule: _Episode(*episode) for rule, episode in (kept or {}).items()}

    def keep(self) -> dict[str, tuple[str, float | None]]:
        """Return what is known, in plain words: by rule its severity, and when it was resolved."""
        return {rule: (episode.severity, episode.resolved) for rule, episode in self._open.items()}

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

    def ended(self, now: float, *, calm_s: float = CALM_S) -> Iterator[tuple[str, str]]:
        """Yield rule and severity of the episodes that are over, and forget them."""
        for rule, episode in list(self._open.items()):
            if episode.resolved is not None and now - episode.resolved >= calm_s:
                del self._open[rule]
                yield rule, episode.severity
