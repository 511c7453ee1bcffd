"""Whether a model multiplies what goes through it, though none of its matrices does: by adding up
neighbours, by blocks without a norm, by feeding back what it made.

What is multiplied on the way to the loss is multiplied once more on the way back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import INPUT_STD, PREDICTION_STD
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.pinned import NARROWS
from lossmon.diagnosis.rule import Threshold
from lossmon.layersignals import STD_IN, STD_OUT
from lossmon.numfmt import fmt
from lossmon.signals import LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

GROWN = Threshold(
    100.0, "times what goes in", "calibration: at most 8 in healthy runs, 360 where it explodes"
)
MOVED = Threshold(0.1, "of the weights", "TheDeepChecker: update ratios above 10^-1 diverge")
"""After a step of that the layers are not what they began as: the step may have done it."""
SOUND = Threshold(3.0, "", "init-too-large's limit: such weights are a cause of their own")


def multiplied(facts: Facts) -> Evidence | None:
    """Return what tells that layers put out far more than the model is given; None where not."""
    layers, gains = facts.layers, facts.gains
    if not len(layers.steps) or isinstance(gains, str):
        return None
    if np.nan_to_num(gains.least).max(initial=0.0) > SOUND.value:
        return None
    if _has_moved(facts):
        return _put_out(facts, float(np.nanmax(gains.least)))
    top, first = _growth(facts)
    if not first > GROWN.value:
        return None
    reads = f"what goes through the layers is multiplied by {fmt(first, 3)} up to "
    reads += f"{layers.infos[top].name}, by weights whose own gain is at most "
    reads += fmt(float(np.nanmax(gains.least)), 2)
    begin, limit, tag = int(layers.steps[0]), GROWN.value, STD_OUT.name
    return Evidence(tag, begin, begin, first, limit, reads, GROWN.source)


def _has_moved(facts: Facts) -> bool:
    """Return whether steps before the first look at the layers changed the weights by much."""
    before = facts.sampled_steps[facts.run_rows] < facts.layers.steps[0]
    moved = np.nan_to_num(facts.update_ratios[before], nan=0.0, posinf=np.inf)
    return bool(moved.sum() > MOVED.value)


def _put_out(facts: Facts, gain: float) -> Evidence | None:
    """Return what tells so of the outputs of the very first step, before the weights moved."""
    steps, spread = facts.batches.measured(PREDICTION_STD)
    _, given = facts.batches.measured(INPUT_STD)
    start, scale = facts.first_step, max(1.0, float(np.nan_to_num(given[0]))) if len(given) else 1.0
    if len(steps):
        times, tag = float(spread[0]) / scale, PREDICTION_STD.name
        reads = f"before the first step the outputs spread {fmt(float(spread[0]), 3)} already"
        start = int(steps[0])
    else:
        times, tag = facts.first_loss / facts.constant_loss / scale, LOSS.name
        reads = f"before the first step the loss is {fmt(facts.first_loss, 3)} already, where a "
        reads += f"constant has {fmt(facts.constant_loss, 3)}"
    if start != facts.first_step or not times > GROWN.value:
        return None
    reads += f", by weights whose own gain is at most {fmt(gain, 2)}"
    return Evidence(tag, start, start, times, GROWN.value, reads, GROWN.source)


def _growth(facts: Facts) -> tuple[int, float]:
    """Return the layer that puts out most at first, and how far beyond the model's input, or 1.

    Not of what goes into a function with ends: there it ends.
    """
    layers, first = facts.layers, facts.layers.early[:1]
    given, made = layers.column(STD_IN, first)[0], layers.column(STD_OUT, first)[0]
    ends = np.array([info.activation in NARROWS for info in layers.infos], bool)
    made = np.nan_to_num(np.where(ends, 0.0, made))
    known = np.flatnonzero(np.isfinite(given))
    start = float(given[known[0]]) if len(known) else 1.0
    top = int(np.argmax(made))
    return top, float(made[top]) / max(1.0, start)
