"""What a rule is: one claim, the pure function that tests it, and the words that go with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.records import Run
from lossmon.signals import Signal

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

Stage = Literal[
    "wiring",
    "non-finite",
    "data",
    "initialisation",
    "early",
    "regulariser",
    "gradient-flow",
    "motion",
    "level",
    "machine",
]

STAGES: tuple[Stage, ...] = (
    "wiring",
    "non-finite",
    "data",
    "initialisation",
    "early",
    "regulariser",
    "gradient-flow",
    "motion",
    "level",
    "machine",
)
"""Upstream first: a cause lies above its consequences. Readings of the level name no mechanism, so
they stand below everything that does. What a training takes of the machine says how long it lasts,
never why its loss stays where it is: it stands below all."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that somebody chose, and why."""

    value: float
    unit: str
    source: str
    """Paper and section, documentation, "by definition", or the script that calibrates it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rule holds."""

    severity: Severity
    since_step: int
    evidence: tuple[Evidence, ...]
    culprits: tuple[str, ...] = ()
    """Parameters concerned, worst first."""
    stands: bool = False
    """Whether it is said aloud of a loss that falls or rests, too, whatever its rule does."""


@dataclass(frozen=True, slots=True)
class Clear:
    """The rule was judged, and does not hold."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The rule could not be judged."""

    why: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """What was seen fits this rule and another; it says what would tell them apart."""

    needs: str


Outcome = Found | Clear | Skipped | Undecided

CLEAR = Clear()


@dataclass(frozen=True, slots=True)
class Case:
    """A synthetic run that a rule must fire on, or must be silent on."""

    name: str
    run: Callable[[], Run]
    culprits: tuple[str, ...] = ()
    """What a firing rule must name, in any order; empty where it names nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything about one fault. Its slug is its file name, its demo, its anchor in the docs."""

    id: str
    claim: str
    """One sentence, a fact about the run."""
    stage: Stage
    needs: tuple[Signal, ...]
    """Signals without which the rule is skipped."""
    min_steps: int
    """Recorded steps below which the rule is skipped."""
    check: Callable[[Facts], Outcome]
    fixes: tuple[str, ...]
    """Imperative, most likely first."""
    doc: str
    fires: tuple[Case, ...]
    silent: tuple[Case, ...]
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    explains: tuple[str, ...] = ()
    """Slugs that this fault can bring about."""
    while_improving: Literal["keep", "info"] = "info"
    """keep: the finding stays a warning while the loss falls, for it wastes or caps the model."""
    confusables: Mapping[str, str] = field(default_factory=dict)
    """Slug -> how to tell it apart."""
    yields_to: tuple[str, ...] = ()
    """Slugs that take its place where they are found too: what is evidence for them is evidence
    against this one, or they say the same more exactly."""
    judges_past_loss: bool = False
    """Whether losses of any time will do; else one that needs the loss needs that of the window."""
