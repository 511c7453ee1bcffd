"""Gradients far above the usual: whether they still come, or what they did still lasts.

Norms are sampled, ever more seldom; the loss is recorded at every step, and shows what they miss.
Adam remembers the square of a gradient for a thousand steps, and makes shorter steps as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.schedule import main_rate, rate_at
from lossmon.diagnosis.stats import median_of_columns, ratio
from lossmon.numfmt import fmt, plural
from lossmon.signals import LOSS, TOTAL_UPDATE_RATIO, UPDATE_NORM

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

PEAK = Threshold(10.0, "times the median", "what a gradient norm may be above its own")
SHRUNK = Threshold(
    0.2, "of those before", "calibration: at most 0.12 unclipped, 0.35 and more where clipped"
)
RECORDS = 40
"""So many records after an outburst at most say how long steps are since."""
FEW = 5


def lasting(facts: Facts, first: int, worst: int) -> Iterator[Evidence]:
    """Yield that the loss still peaks, and that steps are far shorter since.

    Args:
        first: Step of the first outburst.
        worst: Step of the largest.
    """
    yield from _peaks(facts)
    yield from _shrunk(facts, first, worst)


def _peaks(facts: Facts) -> Iterator[Evidence]:
    finite = facts.window_losses[np.isfinite(facts.window_losses)]
    usual = float(np.median(finite)) if len(finite) else 0.0
    high = int((finite > PEAK.value * usual).sum()) if usual > 0 else 0
    if not high:
        return
    worst, (first, last) = float(finite.max()), facts.loss_window
    reads = f"{plural(high, 'loss', 'losses')} of steps {first}-{last} lie above "
    reads += f"{fmt(PEAK.value)} times their median of {fmt(usual, 3)}, up to {fmt(worst, 3)}"
    limit = PEAK.value * usual
    yield Evidence(LOSS.name, first, last, worst, limit, reads, PEAK.source, fmt(limit, 3))


def _shrunk(facts: Facts, first: int, worst: int) -> Iterator[Evidence]:
    """Half of all tensors make far shorter steps since, at the same learning rate."""
    rate = main_rate(facts.run)
    if rate is None or not any("betas" in group.options for group in facts.groups):
        return
    rows, steps = facts.run_rows, facts.sampled_steps[facts.run_rows]
    lengths = facts.parameter(UPDATE_NORM, rows)[:, facts.held] / rate_at(rate, steps)[:, None]
    before = lengths[steps < first] if (steps < first).any() else lengths[:1]
    after = lengths[steps > worst][:RECORDS]
    if len(after) < FEW:
        return
    shares = ratio(median_of_columns(after), median_of_columns(before))
    shares = shares[np.isfinite(shares)]
    if not len(shares) or not (share := float(np.median(shares))) < SHRUNK.value:
        return
    last = facts.last_step
    reads = f"since step {worst} steps are {fmt(share, 2)} times as long as before step {first}, "
    reads += "at the same learning rate, in half of all tensors: Adam remembers such a gradient"
    tag = TOTAL_UPDATE_RATIO.name
    yield Evidence(tag, worst, last, share, SHRUNK.value, reads, SHRUNK.source)
