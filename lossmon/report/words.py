"""A report as a page shows it: words and formatted numbers, in the order of reading.

Nothing is added to what the Report says. Text from a log passes through `printable` here, and is
set as text by the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lossmon.diagnosis.finding import Evidence, Finding, Report
from lossmon.numfmt import fmt_count, fmt_steps, plural, printable
from lossmon.records import Run
from lossmon.report.text import dropped_words, undecided_words

CULPRITS = 8
"""Names shown before "and n more"."""
SENTENCE = 600
_JOB = 60
_NOUNS = {"Kubernetes": "pod", "torchrun": "run"}
HEALTHY = ("learning", "converged")


def verdict(report: Report) -> dict[str, Any]:
    """Return the findings, each followed by what it brings about, and the rules with none."""
    return {
        "status": report.status,
        "reads": printable(report.status_reads, SENTENCE),
        "steps": f"{report.steps:,} step{'' if report.steps == 1 else 's'}",
        "flat": fmt_steps(*report.flat) if report.flat else "",
        "findings": [_finding(f, depth, report) for f, depth in _tree(None, report, 0)],
        "resolved": [
            f"Resolved at step {entry.step}: {entry.rule}"
            for entry in report.history
            if entry.event == "resolved" and all(f.rule != entry.rule for f in report.findings)
        ],
        "undecided": list(undecided_words(report)),
        "others": _others(report),
    }


def about(run: Run, alive: str) -> list[str]:
    """Return what the log says of the run itself, a phrase each."""
    phrases = [] if alive == "unknown" else [alive]
    if run.meta is not None:
        meta = run.meta
        size = sum(parameter.numel for parameter in meta.parameters)
        phrases += [printable(meta.model)] if meta.model else []
        phrases += [f"{fmt_count(size)} parameter{'s' * (size != 1)}"] if size else []
        phrases += [printable(meta.criterion)] if meta.criterion else []
        phrases += sorted({printable(group.optimizer) for group in meta.groups})
        phrases += filter(None, [job_words(meta.job)])
    else:
        phrases.append("not written by lossmon: only its scalars can be judged")
    return phrases


def job_words(job: Mapping[str, Any]) -> str:
    """Return the batch job of a run in a few words; "" for none. From a log: anything may be in it.

    >>> job_words({"scheduler": "Slurm", "id": "12", "array": "10", "task": "3", "node": "gpu7"})
    'Slurm job 10_3 on gpu7'
    """
    told = {key: printable(str(value), _JOB) for key, value in job.items() if value}
    number = told.get("array", told.get("id", ""))
    if not number:
        return ""
    task = f"_{told['task']}" if "task" in told else ""
    scheduler = told.get("scheduler", "")
    kind = f"{scheduler} {_NOUNS.get(scheduler, 'job')}".lstrip()
    name = f" ({told['name']})" if "name" in told else ""
    node = f" on {told['node']}" if "node" in told else ""
    again = f", restart {told['restarts']}" if "restarts" in told else ""
    return f"{kind} {number}{task}{name}{node}{again}"


def losses(run: Run, report: Report | None) -> list[str]:
    """Return a sentence for each thing that is missing in the log, or could not be read."""
    found = [dropped_words(report.dropped)] if report is not None and report.dropped else []
    found += [f"Could not be read: {printable(text, SENTENCE)}" for text in run.damage.files]
    if run.damage.records or run.damage.bytes:
        records = plural(run.damage.records, "damaged record")
        found.append(f"Passed over {records}, {plural(run.damage.bytes, 'byte')}")
    return found


def _tree(slug: str | None, report: Report, depth: int) -> Iterator[tuple[Finding, int]]:
    present = {finding.rule for finding in report.findings}
    for finding in report.findings:
        explained = finding.rule != report.cause and finding.consequence_of in present
        if (finding.consequence_of if explained else None) == slug:
            yield finding, depth
            yield from _tree(finding.rule, report, depth + 1)


def _finding(finding: Finding, depth: int, report: Report) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "role": _role(finding, report),
        "depth": depth,
        "claim": printable(finding.claim, SENTENCE),
        "since": f"since step {finding.since_step:,}",
        "consequence_of": finding.consequence_of,
        "culprits": [printable(name) for name in finding.culprits[:CULPRITS]],
        "more_culprits": max(0, len(finding.culprits) - CULPRITS),
        "evidence": [_evidence(one) for one in finding.evidence],
        "fixes": [printable(fix, SENTENCE) for fix in finding.fixes],
        "steps": evidence_spans(finding),
    }


def _role(finding: Finding, report: Report) -> str:
    if finding.rule == report.cause:
        return "note" if report.status in HEALTHY else "cause"
    return "consequence" if finding.consequence_of else "also"


def _evidence(one: Evidence) -> dict[str, str]:
    return {
        "reads": printable(one.reads, SENTENCE),
        "where": fmt_steps(one.first_step, one.last_step),
        "limit": one.limit_reads,
        "source": printable(one.source, SENTENCE),
    }


def evidence_spans(finding: Finding) -> list[list[int]]:
    """Return the steps of the evidence, overlapping ones joined; else the onset."""
    spans = sorted((one.first_step, one.last_step) for one in finding.evidence)
    joined: list[list[int]] = []
    for first, last in spans or [(finding.since_step, finding.since_step)]:
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([int(first), int(last)])
    return joined


def _others(report: Report) -> list[dict[str, Any]]:
    groups: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
        ("undecided", tuple(report.undecided.items())),
        ("overruled", tuple((a, f"{b} fits better") for a, b in report.overruled.items())),
        ("skipped", tuple(report.skipped.items())),
        ("clear", tuple((slug, "") for slug in report.clear)),
    )
    return [
        {"name": name, "rules": [[slug, printable(why, SENTENCE)] for slug, why in rules]}
        for name, rules in groups
        if rules
    ]
