"""Which finding is the cause: the earliest anomaly that no other one explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lossmon.diagnosis.finding import SEVERITIES, Finding
from lossmon.diagnosis.rule import STAGES, Rule

Rules = Mapping[str, Rule]


def attribute(
    findings: Sequence[Finding], rules: Rules, *, interval: int
) -> tuple[tuple[Finding, ...], str | None]:
    """Return the findings with their `consequence_of`, the cause first, and the cause's slug.

    A explains B where A's rule says that it can bring B about and A's onset is not later than B's
    by more than `interval`, the distance between two sampled records.
    """
    linked = [replace(f, consequence_of=_root(f, findings, rules, interval)) for f in findings]
    free = [f for f in linked if f.consequence_of is None]
    cause = min(free, key=lambda f: _rank(f, rules), default=None)
    ordered = sorted(linked, key=lambda f: (f is not cause, *_order(f, rules)))
    return tuple(ordered), cause.rule if cause is not None else None


def _root(finding: Finding, findings: Sequence[Finding], rules: Rules, interval: int) -> str | None:
    """Return the finding at the upper end of the chain that explains this one."""
    root, seen = finding, {finding.rule}
    while True:
        above = [f for f in findings if _explains(f, root, rules, interval) and f.rule not in seen]
        if not above:
            return root.rule if root is not finding else None
        root = min(above, key=lambda f: _rank(f, rules))
        seen.add(root.rule)


def _explains(cause: Finding, effect: Finding, rules: Rules, interval: int) -> bool:
    can = effect.rule in rules[cause.rule].explains
    return can and cause.since_step <= effect.since_step + interval


def _rank(finding: Finding, rules: Rules) -> tuple[int, int, int, int]:
    """Order causes: a reading of the level never outranks a mechanism that has a name.

    Nor does what says nothing of the loss outrank either.
    """
    stage = rules[finding.rule].stage
    return {"level": 1, "machine": 2}.get(stage, 0), *_order(finding, rules)


def _order(finding: Finding, rules: Rules) -> tuple[int, int, int]:
    stage = STAGES.index(rules[finding.rule].stage)
    return SEVERITIES.index(finding.severity), stage, finding.since_step
