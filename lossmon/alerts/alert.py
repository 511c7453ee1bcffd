"""What somebody is told of: one thing that happened to one run. Its texts are inert."""

from __future__ import annotations

import socket
from dataclasses import asdict, dataclass
from typing import Any, Literal

from lossmon.numfmt import fmt, printable
from lossmon.report.json import SCHEMA, number

Kind = Literal["finding", "resolved", "dead", "stalled", "finished"]
KINDS: tuple[Kind, ...] = ("finding", "resolved", "dead", "stalled", "finished")
NAME, SENTENCE = 200, 300
"""Characters of a name and of a sentence that are sent at most."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding that opened or was resolved, or a run that died, stalls or has finished."""

    kind: Kind
    run: str
    step: int
    """The newest of the run; -1 before there is one."""
    logdir: str = ""
    """What is followed, as the user named it."""
    status: str = ""
    loss: float | None = None
    """The last one recorded, NaN where it is NaN."""
    wall_time: float = 0.0
    """When the run's log was last written, in seconds since 1970."""
    rule: str = ""
    severity: str = ""
    since_step: int = -1
    """-1 but for findings."""
    claim: str = ""
    culprits: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    error: str = ""
    """The exception that ended the run."""

    @property
    def title(self) -> str:
        """What happened, in one line without control characters."""
        run = printable(self.run, NAME)
        if self.kind == "finding":
            return f"{self.severity} {self.rule} in {run} since step {self.since_step}"
        if self.kind == "resolved":
            return f"{self.rule} in {run} is resolved at step {self.step}"
        words = {"dead": "died", "stalled": "stalls", "finished": "has finished"}
        return f"{run} {words[self.kind]} at step {self.step}"

    @property
    def lines(self) -> tuple[str, ...]:
        """What else is to be known, a line each."""
        found: list[str] = []
        if self.kind == "finding":
            found.append(printable(self.claim, SENTENCE))
            where = ", ".join(printable(name, NAME) for name in self.culprits[:3])
            found += [f"where: {where}"] if where else []
            found += [f"fix: {printable(self.fixes[0], SENTENCE)}"] if self.fixes else []
        elif self.kind == "dead":
            found.append(printable(self.error, SENTENCE) or "its log fell silent")
        loss = "" if self.loss is None else f", loss {fmt(self.loss)}"
        status = f", {self.status}" if self.status else ""
        found.append(f"now: step {self.step}{loss}{status}")
        return (*found, f"in {printable(self.logdir, NAME)} on {host()}")

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join((self.title, *self.lines))

    def document(self) -> dict[str, Any]:
        """Return it as JSON takes it; every alert has the same keys."""
        fields = asdict(self) | {
            "run": printable(self.run, NAME),
            "logdir": printable(self.logdir, NAME),
            "claim": printable(self.claim, SENTENCE),
            "error": printable(self.error, SENTENCE),
            "culprits": [printable(name, NAME) for name in self.culprits[:8]],
            "fixes": [printable(fix, SENTENCE) for fix in self.fixes],
            "step": self.step if self.step >= 0 else None,
            "since_step": self.since_step if self.since_step >= 0 else None,
            "loss": None if self.loss is None else number(self.loss),
            "wall_time": number(self.wall_time),
        }
        return {"schema": SCHEMA, **fields, "host": host(), "text": self.text}


def host() -> str:
    """Return what this machine calls itself."""
    return printable(socket.gethostname(), NAME)
