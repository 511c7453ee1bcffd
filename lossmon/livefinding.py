"""A finding on a run that still trains, as the process beside the training tells it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

_TUPLES = ("culprits", "fixes")


@dataclass(frozen=True, slots=True)
class LiveFinding:
    """What `on_finding` is called with, and what a `RunStopped` carries."""

    logdir: str
    """Of the run."""
    rule: str
    """The rule's slug."""
    severity: Literal["error", "warning", "info"]
    since_step: int
    """The first step at which it is seen."""
    step: int
    """The newest step that the verdict knew of; the training has gone on since."""
    claim: str
    culprits: tuple[str, ...] = ()
    """Parameters or layers concerned, worst first."""
    fixes: tuple[str, ...] = ()
    """Imperative, most likely first."""
    consequence_of: str | None = None
    """Slug of the finding that explains this one."""

    def line(self) -> str:
        """Return it as one line of JSON, in ASCII, with its line feed."""
        return f"{json.dumps(asdict(self))}\n"


def live_finding(line: str) -> LiveFinding:
    """Return the finding that `line` tells.

    Raises:
        ValueError: The line tells none.
    """
    try:
        fields: dict[str, Any] = json.loads(line)
        fields |= {name: tuple(fields[name]) for name in _TUPLES}
        return LiveFinding(**fields)
    except (TypeError, KeyError) as error:
        raise ValueError(f"no finding: {line[:80]!r}") from error
