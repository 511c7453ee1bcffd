"""One evaluation: every rule on one state of a run, each ending in exactly one verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lossmon.diagnosis.causes import attribute
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Finding, LostRank, Report, Severity, Status
from lossmon.diagnosis.nextstep import next_step
from lossmon.diagnosis.rule import Clear, Found, Outcome, Rule, Skipped, Undecided
from lossmon.diagnosis.status import flat_status, settled
from lossmon.numfmt import plural
from lossmon.records import Run
from lossmon.signals import DROPPED, LOSS, RANK_LOST

_BELIEVED = 1e15
"""No more records are believed to be dropped, whatever the log says."""
AT_REST: tuple[Status, ...] = ("learning", "converged")
"""A run of this status gets nothing above info, but for faults that waste or cap the model."""

NOWHERE: tuple[Status, ...] = ("stuck", "diverging")
"""A run of this status has a cause, whether or not it is found."""


def evaluate(run: Run, rules: Sequence[Rule], *, ignore: Sequence[str] = ()) -> Report:
    """Return the report on `run` as it stands, without history.

    Losses that overflow are what rules look at, so numpy does not warn of them.
    """
    with np.errstate(all="ignore"):
        return _report(Facts(run), rules, ignore)


def _report(facts: Facts, rules: Sequence[Rule], ignore: Sequence[str]) -> Report:
    run = facts.run
    silenced = {*ignore, *(run.meta.ignore if run.meta is not None else ())}
    outcomes = {rule.id: _judge(rule, facts, silenced) for rule in rules}
    by_id = {rule.id: rule for rule in rules}
    overruled = _overruled(outcomes, by_id)
    status = settled(facts)
    findings = [
        _finding(by_id[slug], found, status[0] if status else None)
        for slug, found in outcomes.items()
        if isinstance(found, Found) and slug not in overruled
    ]
    about_loss = [found for found in findings if by_id[found.rule].stage != "machine"]
    word, reads = status or flat_status(facts, about_loss)
    undecided = {s: o.needs for s, o in outcomes.items() if isinstance(o, Undecided)}
    if word in NOWHERE and not about_loss and not undecided:
        reads = f"{reads}. {next_step(facts)}"
    ordered, cause = attribute(findings, by_id, interval=_interval(facts))
    return Report(
        run=run.name,
        status=word,
        steps=facts.n_steps,
        cause=cause,
        findings=ordered,
        overruled=overruled,
        undecided=undecided,
        clear=tuple(slug for slug, o in outcomes.items() if isinstance(o, Clear)),
        skipped={slug: o.why for slug, o in outcomes.items() if isinstance(o, Skipped)}
        | {slug: f"ignore names no rule: {slug}" for slug in sorted(silenced - by_id.keys())},
        status_reads=reads,
        flat=facts.loss_window if word == "stuck" or (word == "converged" and not status) else None,
        dropped=_dropped(run),
        world_size=max(1, run.meta.world_size) if run.meta is not None else 1,
        lost_ranks=tuple(_lost_ranks(run)),
    )


def _overruled(outcomes: Mapping[str, Outcome], rules: Mapping[str, Rule]) -> dict[str, str]:
    """Return which findings give way, and to which other finding."""
    held = [slug for slug, outcome in outcomes.items() if isinstance(outcome, Found)]
    to = {slug: [s for s in rules[slug].yields_to if s in held] for slug in held}
    return {slug: stronger[0] for slug, stronger in to.items() if stronger}


def _lost_ranks(run: Run) -> Iterator[LostRank]:
    for mark in run.marks:
        rank = mark.detail.get("rank")
        if mark.kind == RANK_LOST and isinstance(rank, int):
            yield LostRank(rank, mark.step, str(mark.detail.get("error", "")))


def _dropped(run: Run) -> int:
    """Return the records that the writer says it dropped; every start counts from 0 again."""
    series = run.scalar(DROPPED)
    if series is None:
        return 0
    counts = series.values[np.isfinite(series.values) & (series.values > 0)]
    if not len(counts):
        return 0
    counts = np.minimum(counts, _BELIEVED)
    return int(counts[np.append(counts[1:] < counts[:-1], True)].sum())


def _judge(rule: Rule, facts: Facts, silenced: set[str]) -> Outcome:
    if rule.id in silenced:
        return Skipped("silenced by name")
    missing = [signal.label for signal in rule.needs if not facts.is_recorded(signal)]
    if missing:
        return Skipped(f"no {' and no '.join(missing)} recorded")
    if facts.n_steps < rule.min_steps:
        return Skipped(f"{plural(facts.n_steps, 'step')} recorded, {rule.min_steps} needed")
    if LOSS in rule.needs and not rule.judges_past_loss and not facts.is_loss_current:
        return Skipped(f"no loss recorded after step {int(facts.loss_steps[-1])}")
    return rule.check(facts)


def _finding(rule: Rule, found: Found, status: Status | None) -> Finding:
    return Finding(
        rule=rule.id,
        severity=_severity(rule, found, status),
        since_step=found.since_step,
        culprits=found.culprits,
        claim=rule.claim,
        evidence=found.evidence,
        fixes=rule.fixes,
    )


def _severity(rule: Rule, found: Found, status: Status | None) -> Severity:
    """Return the severity by its effect: "cannot decrease" is not said of a loss that does."""
    if status not in AT_REST:
        return found.severity
    if rule.while_improving == "info" and not found.stands:
        return "info"
    return "warning" if found.severity == "error" else found.severity


def _interval(facts: Facts) -> int:
    """Return the widest gap between two sampled records."""
    steps = facts.sampled_steps
    return int(np.diff(steps).max()) if len(steps) > 1 else 1


def worst(report: Report) -> dict[str, Severity]:
    """Return the severity of every finding, by slug."""
    return {finding.rule: finding.severity for finding in report.findings}
