"""The report for programs: strict JSON of a versioned schema, the same keys for every run.

Numbers that are not finite are the strings "nan", "inf" and "-inf"; all else is as in the Report.
The text holds printable ASCII and line feeds only, so that a log cannot speak to a terminal.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from lossmon.diagnosis.finding import Evidence, Finding, Report

SCHEMA = 1
"""Raised when a key is renamed, removed or changes its meaning; new keys do not raise it."""


def render_json(reports: Sequence[Report], *, indent: int | None = 2) -> str:
    """Return the document that `lossmon check --json` prints; ends with a line feed."""
    document = {"schema": SCHEMA, "runs": [report_dict(report) for report in reports]}
    return dump(document, indent=indent)


def dump(document: Any, *, indent: int | None = 2) -> str:
    """Return strict JSON in ASCII; ends with a line feed.

    Raises:
        ValueError: A number is not finite; pass it through `number` first.
    """
    text = json.dumps(document, indent=indent, allow_nan=False)
    # json leaves DEL alone, the one control character of ASCII that may stand inside a string.
    return text.replace("\x7f", "\\u007f") + "\n"


def number(value: float) -> float | str:
    """Return `value`, or its name where JSON has no such number."""
    if math.isfinite(value):
        return float(value)
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")


def report_dict(report: Report) -> dict[str, Any]:
    """Return one element of `runs`."""
    return {
        "run": report.run,
        "status": report.status,
        "steps": int(report.steps),
        "cause": report.cause,
        "findings": [finding_dict(finding) for finding in report.findings],
        "history": [
            {"rule": entry.rule, "event": entry.event, "step": int(entry.step)}
            for entry in report.history
        ],
        "overruled": dict(report.overruled),
        "undecided": dict(report.undecided),
        "clear": list(report.clear),
        "skipped": dict(report.skipped),
        "dropped": int(report.dropped),
        "world_size": int(report.world_size),
        "lost_ranks": [
            {"rank": int(lost.rank), "step": int(lost.step), "error": lost.error}
            for lost in report.lost_ranks
        ],
    }


def finding_dict(finding: Finding) -> dict[str, Any]:
    """Return one element of `findings`."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "since_step": int(finding.since_step),
        "culprits": list(finding.culprits),
        "consequence_of": finding.consequence_of,
        "claim": finding.claim,
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
        "fixes": list(finding.fixes),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "signal": evidence.signal,
        "first_step": int(evidence.first_step),
        "last_step": int(evidence.last_step),
        "observed": number(evidence.observed),
        "limit": number(evidence.limit),
        "reads": evidence.reads,
    }
