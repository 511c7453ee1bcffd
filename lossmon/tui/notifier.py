"""Which findings a person is told of who looks elsewhere: new errors, once an episode.

An episode of a rule in a run lasts until it has been resolved for a minute: a finding that comes
and goes rings once. What was there when watching began is on the screen, and rings not at all.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from lossmon.tui.news import News, Newsreader
from lossmon.tui.notice import RESTORE_TITLE, SAVE_TITLE, Way, alert, is_dumb, title
from lossmon.tui.snapshot import Key, RunView, Snapshot

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding

_CALM_S = 60.0


class Notifier:
    """Takes every snapshot; writes to the terminal what is worth it."""

    def __init__(
        self,
        ways: Sequence[Way],
        write: Callable[[str], object],
        env: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ways, self._write, self._env, self._clock = tuple(ways), write, env, clock
        self._reader = Newsreader()
        self._old: frozenset[Key] | None = None
        """Runs that were there when watching began."""
        self._quiet_until: dict[tuple[Key, str], float] = {}
        self._has_title = "title" in self._ways and not is_dumb(env)
        self._title = ""

    def begin(self) -> None:
        """Remember the title of the terminal's window."""
        if self._has_title:
            self._write(SAVE_TITLE)

    def end(self) -> None:
        """Put the title back."""
        if self._has_title:
            self._write(RESTORE_TITLE)

    def take(self, snapshot: Snapshot) -> None:
        """Send what the snapshot is worth, which mostly is nothing."""
        if self._old is None:
            self._old = frozenset(view.key for view in snapshot.runs)
        rings = [news for news in self._reader.take(snapshot) if self._is_due(news)]
        if rings:
            more = f", and {len(rings) - 1} more" if len(rings) > 1 else ""
            self._write(alert(self._ways, _words(rings[0]) + more, self._env))
        now = _title(snapshot)
        if self._has_title and now != self._title:
            self._title = now
            self._write(title(now))

    def _is_due(self, news: News) -> bool:
        """Return whether to ring, and note when its rule may ring again."""
        finding = news.finding
        if finding is None or finding.severity != "error" or _is_caused(finding, news.view):
            return False
        now, episode = self._clock(), (news.view.key, finding.rule)
        if news.event == "resolved":
            if episode in self._quiet_until:
                self._quiet_until[episode] = now + _CALM_S
            return False
        if news.is_first and (news.view.key in (self._old or ()) or not news.view.is_growing):
            self._quiet_until[episode] = math.inf
            return False
        due = now >= self._quiet_until.get(episode, 0.0)
        self._quiet_until[episode] = math.inf
        return due


def _words(news: News) -> str:
    finding = news.finding
    assert finding is not None
    return f"error {finding.rule} in {news.view.name} since step {finding.since_step}"


def _is_caused(finding: Finding, view: RunView) -> bool:
    """Return whether another error has brought it about; a warning would not have been told."""
    errors = {one.rule for one in view.findings if one.severity == "error"}
    return finding.consequence_of in errors


def _title(snapshot: Snapshot) -> str:
    """Return what is wrong now, in the words of a title."""
    errors = [
        f"{finding.rule} in {view.name}"
        for view in snapshot.runs
        for finding in view.findings
        if finding.severity == "error" and not _is_caused(finding, view)
    ]
    if not errors:
        return "lossmon"
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"error {errors[0]}{more} - lossmon"
