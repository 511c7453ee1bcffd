"""Which changes of the runs are worth an alert, each once, also over restarts of whoever follows.

What was over before anybody followed is not: neither a run that had ended, nor what it suffers
from. What a finding brings about that is told has no alert of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from lossmon import signals
from lossmon.alerts.alert import Alert, Kind
from lossmon.alerts.episodes import CALM_S, Episodes
from lossmon.stopon import SEVERITIES
from lossmon.tui.words import death

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding, Report
    from lossmon.tui.snapshot import RunView, Snapshot

STATES: dict[str, Kind] = {"dead": "dead", "stalled": "stalled", "finished": "finished"}


class _Known:
    """What has been told of one run."""

    def __init__(self, life: str = "", findings: Any = None) -> None:
        self.life = life
        self.episodes = Episodes(findings)


class Alarms:
    """Compares snapshots with what is known."""

    def __init__(
        self,
        kinds: Collection[Kind],
        min_severity: str,
        logdir: str,
        *,
        kept: dict[str, Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`kept`: what `keep` gave when somebody followed the same logdir before."""
        self._kinds = frozenset(kinds)
        self._severities = SEVERITIES[: SEVERITIES.index(min_severity) + 1]
        self._logdir = logdir
        self._clock = clock
        self._looked: float | None = (kept or {}).get("looked")
        """When somebody looked last; None: never."""
        runs = (kept or {}).get("runs", {})
        self._known = {key: _Known(run["life"], run["findings"]) for key, run in runs.items()}

    def keep(self) -> dict[str, Any]:
        """Return what is known, as JSON takes it."""
        runs = {
            key: {"life": known.life, "findings": known.episodes.keep()}
            for key, known in self._known.items()
        }
        return {"looked": self._looked, "runs": runs}

    def take(self, snapshot: Snapshot) -> list[Alert]:
        """Return what `snapshot` is worth, which mostly is nothing."""
        now = self._clock()
        alerts = [
            alert
            for view in snapshot.runs
            if view.report is not None or view.problem
            for alert in self._of_run(view, now)
        ]
        if snapshot.runs and not snapshot.is_behind:
            self._looked = now
        return [alert for alert in alerts if alert.kind in self._kinds]

    def _of_run(self, view: RunView, now: float) -> Iterator[Alert]:
        key = f"{view.run.name}#{view.key[1]}" if view.key[1] else view.run.name
        known = self._known.get(key)
        is_old = known is None and not view.is_growing and not self._is_fresh(view)
        if known is None:
            known = self._known[key] = _Known()
        changed, known.life = view.life != known.life, view.life
        news = [] if view.report is None else list(self._findings(view, view.report, known, now))
        state = STATES.get(view.life)
        if changed and state is not None:
            news.append(self._alert(state, view))
        if not is_old:
            yield from news

    def _is_fresh(self, view: RunView) -> bool:
        """Return whether a run that has ended did so since somebody looked last."""
        return self._looked is not None and view.run.last_wall > self._looked

    def _findings(
        self, view: RunView, report: Report, known: _Known, now: float
    ) -> Iterator[Alert]:
        found = {finding.rule for finding in report.findings}
        known.episodes.settle({*report.clear, *report.overruled} - found, now)
        severe = [finding for finding in report.findings if finding.severity in self._severities]
        told = {finding.rule for finding in severe}
        for finding in severe:
            # Where its cause is too slight to be told, it is told itself.
            if finding.consequence_of in told:
                continue
            if known.episodes.opens(finding.rule, finding.severity, now):
                yield self._alert("finding", view, finding)
        # A run that has ended will not fall back.
        for rule, severity in known.episodes.ended(now, calm_s=CALM_S * view.is_growing):
            yield self._alert("resolved", view, rule=rule, severity=severity)

    def _alert(
        self, kind: Kind, view: RunView, finding: Finding | None = None, **told: str
    ) -> Alert:
        loss = view.run.scalar(signals.LOSS)
        if finding is not None:
            about: dict[str, Any] = {
                name: getattr(finding, name)
                for name in ("rule", "severity", "since_step", "claim", "culprits", "fixes")
            }
        else:
            about = {**told}
        return Alert(
            kind,
            view.run.name,
            view.run.last_step,
            self._logdir,
            status="" if view.report is None else view.report.status,
            loss=None if loss is None or not len(loss) else float(loss.values[-1]),
            wall_time=view.run.last_wall,
            error=death(view).partition(": ")[2],
            **about,
        )
