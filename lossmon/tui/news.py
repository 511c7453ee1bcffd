"""What is new in the runs of a logdir from one snapshot to the next."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from lossmon.tui.snapshot import Key, RunView, Snapshot

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding, Report

Event = Literal["life", "progress", "opened", "worsened", "resolved"]
_SEVERITY = ("info", "warning", "error")


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to a run."""

    event: Event
    """life: first seen, or it trains, stalled, died, ended. progress: more steps. The others: of a
    finding."""
    view: RunView
    """The run as it stands now."""
    finding: Finding | None = None
    """As it is, or as it was last where it is resolved."""
    is_first: bool = False
    """Whether the run was not known before: its findings may be old."""


@dataclass(slots=True)
class _Known:
    """What was told of a run."""

    life: str
    step: int
    told: float
    """When."""
    findings: dict[str, Finding] = field(default_factory=dict)
    """Those that are open."""


class Newsreader:
    """Compares snapshots; a run is first told of once it is judged."""

    def __init__(
        self, *, every_s: float = math.inf, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`every_s`: least time between two items on how far a run got."""
        self._every_s, self._clock = every_s, clock
        self._known: dict[Key, _Known] = {}

    def take(self, snapshot: Snapshot) -> Iterator[News]:
        """Yield what `snapshot` brings, run by run."""
        now = self._clock()
        for view in snapshot.runs:
            if (view.report is not None or view.problem) and view.share_read == 1:
                yield from self._run(view, now)

    def _run(self, view: RunView, now: float) -> Iterator[News]:
        life, step = "silent" if view.silence else view.life, view.run.last_step
        known = self._known.get(view.key)
        is_first = known is None or step < known.step
        if known is None or is_first:
            known = self._known[view.key] = _Known("", step, now)
        event: Event | None = None
        if life != known.life:
            event = "life"
        elif step > known.step and now - known.told >= self._every_s:
            event = "progress"
        if event is not None:
            known.life, known.step, known.told = life, step, now
            yield News(event, view, is_first=is_first)
        if view.report is not None:
            yield from _findings(view, view.report, known, is_first=is_first)


def _findings(view: RunView, report: Report, known: _Known, *, is_first: bool) -> Iterator[News]:
    now = {finding.rule: finding for finding in report.findings}
    for rule, finding in now.items():
        before = known.findings.get(rule)
        if before is None:
            yield News("opened", view, finding, is_first)
        elif _SEVERITY.index(finding.severity) > _SEVERITY.index(before.severity):
            yield News("worsened", view, finding)
    # What its rule cannot judge any more is not resolved, as in the report's own history.
    settled = {*report.clear, *report.overruled} - now.keys()
    for rule in [rule for rule in known.findings if rule in settled]:
        yield News("resolved", view, known.findings.pop(rule))
    known.findings |= now
