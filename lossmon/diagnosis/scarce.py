"""Whether statistics are of too few values or examples, or take away what a batch has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import TARGET_COUNT
from lossmon.diagnosis.batchorder import order
from lossmon.diagnosis.batchstatistics import (
    EXAMPLES,
    FEW,
    behind,
    learns_little,
    learnt_little,
    of_one_or_two,
    values_evidence,
)
from lossmon.diagnosis.finding import Severity
from lossmon.diagnosis.levelledout import COMMON, is_told, levelled, shared_error
from lossmon.diagnosis.onekind import neighbours_are_alike
from lossmon.diagnosis.onerow import of_one_row
from lossmon.diagnosis.rule import Found
from lossmon.records import LayerInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts


def scarce(facts: Facts, taking: Sequence[LayerInfo]) -> Found | None:
    """Too few values, or examples: what they have in common is lost."""
    noisy = [i for i in taking if behind(facts, i) <= FEW.value]
    taken, values = noisy or taking, [values_evidence(facts, noisy)] if noisy else []
    names = tuple(info.name for info in taken)
    if learns_little(facts):
        proofs = values or ([] if _falls_by_parts(facts) else [*of_one_or_two(facts, taken)])
        shared = [] if proofs else [*shared_error(facts)]
        if proofs or shared:
            seen = (*proofs, *shared, learnt_little(facts))
            severity: Severity = "warning" if proofs or is_told(facts) else "info"
            return Found(severity, facts.first_step, seen, names)
    if neighbours_are_alike(order(facts)):
        return None
    common = [*levelled(facts, few=bool(noisy or [*of_one_or_two(facts, taken)]))]
    if not common:
        return None
    row = (*of_one_row(facts),)
    sure = is_told(facts) and (bool(row) or common[0].observed >= COMMON.value)
    seen = (*values, *common, *row)
    return Found("warning" if sure else "info", facts.first_step, seen, names)


def _falls_by_parts(facts: Facts) -> bool:
    """Return whether the loss falls yet of examples of many parts, which are told from each other.

    Whether it gets there nobody knows: pixels of two pictures teach more than two numbers do.
    """
    parts = facts.batches.newest(TARGET_COUNT)[1]
    return facts.is_improving and len(parts) > 0 and float(np.median(parts)) > EXAMPLES.value
