"""`stop_on`: the rules and severities whose findings end a training.

A severity stands for itself and for what is worse. A rule stands for its warnings and errors: what
is only worth knowing ends nothing unless "info" is asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from lossmon.numfmt import printable

SEVERITIES = ("error", "warning", "info")
"""Most severe first."""
_RULES = Path(__file__).parent / "diagnosis" / "rules"


@cache
def known_rules() -> tuple[str, ...]:
    """Return the slugs of all rules, from their file names: a training does not load the rules."""
    stems = (path.stem for path in _RULES.glob("*.py") if not path.stem.startswith("_"))
    return tuple(sorted(stem.replace("_", "-") for stem in stems))


def problem(stop_on: Any) -> str:
    """Return why `stop_on` cannot be used, as the end of a line; "" where it can."""
    is_list = isinstance(stop_on, Collection) and not isinstance(stop_on, str | bytes)
    if not is_list or not all(isinstance(word, str) for word in stop_on):
        return f'must be a list of rules and severities, as in ("error",), not {stop_on!r}'
    for word in stop_on:
        if word not in SEVERITIES and word not in known_rules():
            shown = printable(word, 80)
            near = get_close_matches(word, (*SEVERITIES, *known_rules()), n=1, cutoff=0.5)
            hint = f"the nearest: {near[0]}" if near else "`lossmon explain` lists the rules"
            return f"takes rules and severities, and '{shown}' is neither; {hint}"
    return ""


def ends(stop_on: Collection[str], rule: str, severity: str) -> bool:
    """Return whether a finding ends a training that is to stop on `stop_on`."""
    if rule in stop_on and severity != "info":
        return True
    return any(word in stop_on for word in SEVERITIES[SEVERITIES.index(severity) :])
