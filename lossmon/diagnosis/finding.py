"""What the engine says about a run. Plain data: every surface renders this and adds nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Literal

from lossmon.numfmt import fmt

Severity = Literal["error", "warning", "info"]
"""error: the loss cannot decrease; warning: it decreases less than it could; info: good to know."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""Most severe first."""

Status = Literal["broken", "diverging", "stuck", "learning", "converged", "not-enough-evidence"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation, with the limit it was held against."""

    signal: str
    """Name of the signal (`signals.Signal.name`), or of a value derived from signals."""
    first_step: int
    last_step: int
    """Inclusive; both lie inside the run."""
    observed: float
    limit: float
    """The value the observation was compared with; NaN where nothing is compared."""
    reads: str
    """The observation as a sentence fragment, numbers included."""
    source: str = ""
    """Where the limit comes from: paper and section, "by definition", or a calibration script."""
    bound: str = ""
    """The limit in the words of `reads`, where these are not in the unit of `limit`."""

    @property
    def limit_reads(self) -> str:
        """The limit as a person compares it with `reads`; "" where nothing is compared."""
        return "" if isnan(self.limit) else self.bound or fmt(self.limit)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that holds for the run."""

    rule: str
    """The rule's slug."""
    severity: Severity
    since_step: int
    """Onset: the first step at which the anomaly is seen."""
    culprits: tuple[str, ...]
    """Parameters or layers concerned, worst first; empty where it is the run as a whole."""
    claim: str
    evidence: tuple[Evidence, ...]
    fixes: tuple[str, ...]
    """Imperative, most likely first."""
    consequence_of: str | None = None
    """Slug of the finding that explains this one."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A change of one rule's verdict as the run went on."""

    rule: str
    event: Literal["opened", "worsened", "resolved"]
    step: int


@dataclass(frozen=True, slots=True)
class LostRank:
    """A process of the job that ended before the others did."""

    rank: int
    step: int
    """The last one that it was heard at."""
    error: str = ""
    """The exception that ended it; empty for one that fell silent."""


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on one run.

    Every rule is in exactly one of findings, overruled, undecided, clear and skipped.
    """

    run: str
    status: Status
    steps: int
    """Number of steps recorded."""
    cause: str | None
    """Slug of the primary cause among the findings, or None."""
    findings: tuple[Finding, ...] = ()
    """The cause first, then by severity, stage and onset."""
    history: tuple[HistoryEntry, ...] = ()
    overruled: Mapping[str, str] = field(default_factory=dict)
    """Slug -> slug of the confusable that the evidence favours."""
    undecided: Mapping[str, str] = field(default_factory=dict)
    """Slug -> what would decide."""
    clear: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Slug -> why it could not be judged."""
    status_reads: str = ""
    """Why this status: one sentence with its numbers."""
    flat: tuple[int, int] | None = None
    """First and last step of the plateau that the run is on, or None."""
    dropped: int = 0
    """Records that the writer could not keep: the log has gaps that the training did not have."""
    world_size: int = 1
    """Processes that train together; losses are those of the first."""
    lost_ranks: tuple[LostRank, ...] = ()

    @property
    def primary(self) -> Finding | None:
        """The finding that names the cause."""
        return next((f for f in self.findings if f.rule == self.cause), None)
