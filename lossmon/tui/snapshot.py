"""What the screens show: frozen, made by the reading thread, never changed afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding, Report
    from lossmon.eventfile.liveness import Liveness
    from lossmon.records import Run
    from lossmon.tui.points import Points

Key = tuple[str, int]
"""Name of a run, and its number among the runs of that name."""


@dataclass(frozen=True, slots=True, eq=False)
class RunView:
    """One run, as the screens need it."""

    key: Key
    name: str
    """Without control characters."""
    run: Run
    life: Liveness
    points: Points | None
    """The loss, cut down; None where none was recorded."""
    report: Report | None = None
    """None until the run is judged; then the last verdict, which may lag behind the curve."""
    speed: float = math.nan
    """Steps a second, lately; NaN where unknown."""
    age: str = ""
    """How long ago the last record was written, "" for less than a minute."""
    problem: str = ""
    """Why the run cannot be judged, where it cannot."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the report, if there is one."""
        return () if self.report is None else self.report.findings

    @property
    def is_growing(self) -> bool:
        """Whether more points are to be expected."""
        return self.life in ("live", "stalled")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All runs of a logdir at one moment."""

    runs: tuple[RunView, ...]
    problem: str = ""
    """Why there is no run, where there is none."""

    def run(self, key: Key | None) -> RunView | None:
        """Return the run of a key, or None where it is not there."""
        return next((view for view in self.runs if view.key == key), None)
