"""What the screens show: everything of one poll, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding, Report
    from lossmon.eventfile.liveness import Liveness
    from lossmon.records import Run
    from lossmon.tui.points import Points

Key = tuple[str, int]
"""A run's name, and which of the runs of that name it is."""


@dataclass(frozen=True, slots=True, eq=False)
class RunView:
    """A run, with what is shown of it."""

    key: Key
    name: str
    """Printable."""
    run: Run
    life: Liveness
    points: Points | None = None
    """The loss; None where none is recorded."""
    report: Report | None = None
    """The latest verdict, which may be a poll behind; None until there is one."""
    speed: float = float("nan")
    """Steps a second of late; NaN where unknown or over."""
    age: str = ""
    """How long ago the last record was written, coarsely; "" for less than a minute."""
    silence: str = ""
    """For how long no heartbeat has come, coarsely; "" until two are missed, and for the dead."""
    problem: str = ""
    """Why there is no verdict, where judging failed."""
    share_read: float = 1.0
    """Share of the log that was read; below 1 the rest is on its way, and `life` not known."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of the latest verdict, the cause first."""
        return () if self.report is None else self.report.findings

    @property
    def is_growing(self) -> bool:
        """Whether more steps are to be expected."""
        return self.life in ("live", "stalled")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All runs of the logdir."""

    runs: tuple[RunView, ...] = ()
    problem: str = ""
    """Why there are no runs, or why what is shown of them may be behind; "" where it is not."""
    is_behind: bool = False
    """Whether verdicts are still to come, or to be renewed."""

    def find(self, key: Key | None) -> RunView | None:
        """Return the run of that key."""
        return next((view for view in self.runs if view.key == key), None)
