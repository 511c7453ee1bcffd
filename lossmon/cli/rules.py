"""Rules by the name a person types. Not a command."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from lossmon.errors import UsageError

if TYPE_CHECKING:
    from lossmon.diagnosis.rule import Rule


def known(slug: str) -> Rule:
    """Return the rule of that name.

    Raises:
        UsageError: There is none; the message tells the nearest names.
    """
    from lossmon.diagnosis.rules import load_rules

    rules = {rule.id: rule for rule in load_rules()}
    if slug in rules:
        return rules[slug]
    near = get_close_matches(slug.lower().replace("_", "-"), rules, n=3, cutoff=0.4)
    hint = f"the nearest: {', '.join(near)}" if near else "`lossmon explain` lists them"
    raise UsageError(f"no rule is called {slug!r}; {hint}")
