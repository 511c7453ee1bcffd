"""The exit codes, which scripts rely on: none is ever given another meaning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Report

HEALTHY = 0
FAULT = 1
"""An internal error: lossmon's own fault."""
USAGE = 2
FINDINGS = 3
"""A finding at or above `--fail-on`."""
NO_DATA = 4
STOPPED = 5
"""The run is stalled or dead; only from commands that watch."""
LOST = 6
"""`lossmon run --stop-on` has ended the script; `RunStopped.exit_code`."""
INTERRUPTED = 130

FAIL_ON = ("error", "warning", "info", "never")
"""Choices of `--fail-on`, the least strict last; each severity includes those before it."""


def exit_code(reports: Iterable[Report], fail_on: str) -> int:
    """Return FINDINGS where a finding is as severe as `fail_on` or more, else HEALTHY."""
    if fail_on == "never":
        return HEALTHY
    severe = FAIL_ON[: FAIL_ON.index(fail_on) + 1]
    found = any(finding.severity in severe for report in reports for finding in report.findings)
    return FINDINGS if found else HEALTHY
