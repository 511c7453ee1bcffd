"""What the screens show: frozen, made by the reading thread, never changed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Report
    from lossmon.eventfile.liveness import Liveness
    from lossmon.tui.points import Points

State = Literal["reading", "absent", "empty", "ready"]
"""reading: not looked yet; absent: no such folder; empty: a folder without runs."""


@dataclass(frozen=True, slots=True, eq=False)
class RunView:
    """One run, as the screens need it."""

    name: str
    liveness: Liveness
    step: int
    """Last step, -1 where there is none."""
    loss: Points | None = None
    last: float | None = None
    """Newest loss, whether finite or not."""
    tag: str = "train/loss"
    """Where the loss was found."""
    lr: float | None = None
    speed: float | None = None
    """Steps per second, lately; None where the times do not tell."""
    seen: str = ""
    """Clock time of the last sign of life, for runs that have none now."""
    error: str = ""
    """The exception that ended the run; from the log, so untrusted."""
    notes: tuple[str, ...] = ()
    """What the log lacks."""
    events: tuple[int, ...] = ()
    """Steps at which the run was resumed."""
    strips: Mapping[str, Points] = field(default_factory=dict)
    """Other curves by their label; only of the run looked at."""
    report: Report | None = None
    """None until the run is judged."""

    @property
    def growing(self) -> bool:
        """Whether more points are to be expected."""
        return self.liveness in ("live", "stalled")

    @property
    def attention(self) -> int:
        """0 an error, 1 a warning or a loss that does not fall, 2 not judged yet, 3 healthy."""
        report = self.report
        if report is None or report.status == "not-enough-evidence":
            return 2 if self.liveness != "dead" else 1
        severities = {finding.severity for finding in report.findings}
        if "error" in severities:
            return 0
        ill = report.status in ("broken", "diverging", "stuck")
        return 1 if "warning" in severities or ill or self.liveness == "dead" else 3


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All runs at one moment, those in need of attention first."""

    state: State
    runs: tuple[RunView, ...] = ()
    trouble: str = ""
    """Why reading goes wrong, where it does."""

    def run(self, name: str) -> RunView | None:
        """Return the run of a name, or None where it is not there."""
        return next((view for view in self.runs if view.name == name), None)
