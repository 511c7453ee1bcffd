"""What becomes of running statistics by the momentum of a batch normalisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

LAST_ONLY = Threshold(0.9, "", "by definition: nine tenths of the statistics are the last batch's")
NEVER = Threshold(1e-4, "", "by definition: ten thousand steps until the statistics are the data's")
LAGS = Threshold(
    0.5, "of the running statistics", "by definition: the larger part is what they began with"
)


def is_odd(info: LayerInfo) -> bool:
    """Return whether a momentum makes running statistics those of one batch, or of none."""
    momentum = info.settings.get("momentum")
    return momentum is not None and not NEVER.value < momentum < LAST_ONLY.value


def momentum_of(facts: Facts, odd: Sequence[LayerInfo]) -> Evidence:
    """Return the first of the odd momenta as evidence."""
    momentum = odd[0].settings["momentum"]
    is_last = momentum >= LAST_ONLY.value
    limit = LAST_ONLY if is_last else NEVER
    whose = "those of the last batch" if is_last else "never those of the data"
    reads = f"with momentum {fmt(momentum)} the statistics for evaluation are {whose}"
    first, last = facts.first_step, facts.last_step
    return Evidence("momentum", first, last, momentum, limit.value, reads, limit.source)


def lagging(facts: Facts, norms: Sequence[LayerInfo]) -> Iterator[Evidence]:
    """The running statistics are mostly what they began with: a small momentum, and few steps."""
    momenta = [m for info in norms if (m := info.settings.get("momentum", 0.0)) > 0]
    left = (1 - min(momenta, default=1.0)) ** facts.n_steps
    if left > LAGS.value:
        reads = f"with momentum {fmt(min(momenta))} {fmt(100 * left, 2)} % of the running "
        reads += f"statistics is what they began with, after {facts.n_steps} steps"
        first, last, bound = facts.first_step, facts.last_step, f"{fmt(100 * LAGS.value)} %"
        yield Evidence("momentum", first, last, left, LAGS.value, reads, LAGS.source, bound)
