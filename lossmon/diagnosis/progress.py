"""How far a run has come, also where no level of the loss is known."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.numfmt import fmt
from lossmon.signals import LOSS

EXPLAINED = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")


def progress(facts: Facts) -> float:
    """Return the share explained of the prior's loss, or of the untrained model's where unknown.

    NaN where neither is known, or the loss is negative: then its size says nothing.
    """
    if facts.level.is_known:
        return facts.level.explained
    now = facts.recent_loss
    return 1 - now / facts.first_loss if facts.first_loss > 0 and now >= 0 else float("nan")


def progress_so_far(facts: Facts, limit: Threshold) -> tuple[Evidence, ...]:
    """Return the loss against what it is measured by; nothing where that is not known."""
    explained, (first, last) = progress(facts), facts.loss_window
    if np.isnan(explained):
        return ()
    now, then, of = facts.level.loss, facts.level.prior, "a constant prediction has"
    if not facts.level.is_known:
        now, then, of = facts.recent_loss, facts.first_loss, "at first it was"
    reads, bound = f"the loss is {fmt(now, 3)}; {of} {fmt(then, 3)}", (1 - limit.value) * then
    return (
        Evidence(
            LOSS.name, first, last, explained, limit.value, reads, limit.source, fmt(bound, 3)
        ),
    )
