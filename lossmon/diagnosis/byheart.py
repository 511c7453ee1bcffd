"""Whether labels are learnt by heart from a floor on: by a validation loss, or by the stairs.

Both losses reach the floor together, as what can be learnt is learnt; there they part. Of too few
examples the training loss is far lower by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lossmon.diagnosis.fano import bound
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import BY_HEART, CREEP, LEAST, MOST, RELATED, standing
from lossmon.diagnosis.learnt import beginning, constant
from lossmon.diagnosis.parted import GAP, Parted, parted
from lossmon.diagnosis.rule import Found, Threshold
from lossmon.diagnosis.stairs import ALONE, AS_LOW, SIGMAS, Stairs, stairs
from lossmon.diagnosis.status import HALVED
from lossmon.diagnosis.unseen import Unseen, unseen
from lossmon.diagnosis.unsure import has_several_targets
from lossmon.diagnosis.validation import about_best, training_levels, validation
from lossmon.numfmt import fmt
from lossmon.signals import (
    CLASS_COUNT,
    LOSS,
    PREDICTION_CONFIDENCE,
    PREDICTION_ENTROPY,
    VAL_LOSS,
)

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

RANDOM = Threshold(
    0.84,
    "of Fano's bound",
    "calibration and 109 drawn tasks: 0.85-0.99 with a third of the labels wrong; with right ones "
    "that are learnt by heart 0.57-0.82, but for two of 20",
)
WORSE = Threshold(
    2,
    "standard errors",
    "the usual 2 sigma; 190 drawn tasks with right labels: none at 2-3, five that match in a batch "
    "above",
)
OF_STAIRS = {
    "stairs": SIGMAS,
    "as_low": AS_LOW,
    "alone": ALONE,
    "random": RANDOM,
    "halved": HALVED,
    "worse": WORSE,
}
"""What the stairs are compared with."""


def by_heart(facts: Facts) -> Found | None:
    """Return that validation turned at a floor that was as high for training; None if not."""
    course = validation(facts.run)
    if course is None or not course.has_turned:
        return None
    explained = 1 - course.best / facts.level.prior
    train, now = training_levels(facts, course)
    as_high = train > (1 - GAP.value) * course.best
    if not (RELATED.value < explained < MOST.value and as_high and now < train):
        return None
    begin, end = course.best_step, course.last_step
    if not _are_any(facts, *about_best(course)):
        return None
    floor = standing(facts, course.best, (begin, begin), "at its best the validation loss was")
    beside = f"the training loss was {fmt(train, 3)} then, hardly better; it has fallen to "
    beside += f"{fmt(now, 3)} since, while the validation loss rose to {fmt(course.now, 3)}"
    limit = (1 - GAP.value) * course.best
    heart = Evidence(VAL_LOSS.name, begin, end, train, limit, beside, GAP.source)
    return Found("warning", course.turned_step, (floor, heart))


def by_parting(facts: Facts) -> Found | None:
    """Return as a hint that from a floor on the training loss falls alone; None if not so.

    Wrong labels are not the only thing that is learnt by heart while validation stays.
    """
    found = parted(facts)
    if found is None:
        return None
    step = found.course.low_step
    if not _are_any(facts, step - found.reach, step + 2 * found.reach):
        return None
    return Found("info", step, (_valid(facts, found), found.evidence()))


def by_stairs(facts: Facts) -> Found | None:
    """Return as a hint that from a floor on the loss falls between passes only; None if not so.

    Where a validation loss is recorded it decides. The loss of new examples is known from falls
    within passes, and wrong labels are not the only thing that is learnt by heart.
    """
    if facts.is_contested:
        return None
    measured = unseen(facts)
    found = measured or (stairs(facts) if validation(facts.run) is None else None)
    if found is None or not _are_steep(found) or not _is_floor(facts, found):
        return None
    step = int(found.starts[found.best + 1])
    last = min(found.best + 2, len(found.starts) - 1)
    if not _are_any(facts, int(found.starts[found.best]), int(found.starts[last])):
        return None
    return Found("info", step, (_floor(facts, found), found.evidence()))


def _are_steep(found: Stairs) -> bool:
    """Return whether the loss falls between passes for sure, and has come down so.

    Whoever changes the task falls once: what is learnt by heart does so each time it comes again.
    """
    if not found.height >= SIGMAS.value * found.error > 0:
        return False
    if found.largest > ALONE.value * found.height:
        return False
    return bool(found.before < GAP.value * found.floor)


def _is_floor(facts: Facts, found: Stairs) -> bool:
    """Return whether something was learnt by then, and much less than all."""
    if isinstance(found, Unseen) and _is_level(facts, found):
        return True
    if not facts.level.is_known:
        return _is_half_left(facts, found)
    start = constant(facts.constant_loss)
    is_related = found.lowest < (1 - RELATED.value) * start.loss
    is_learnt = is_related or start.is_left_behind(found.floor, found.doubt)
    return is_learnt and _is_lower(found, start.loss) and start.is_left(found.floor)


def _is_half_left(facts: Facts, found: Stairs) -> bool:
    """Return whether half of the first loss is left, where no constant is known to compare with.

    New examples have to fare worse since, as they do where wrong labels are learnt: less surely so
    where something was learnt before. A loss below 0 has no floor to speak of.
    """
    start = beginning(facts)
    if found.ends.min() <= 0 or not start.is_left(found.floor):
        return False
    is_learnt = start.is_left_behind(found.floor, found.doubt)
    least = (WORSE if is_learnt else SIGMAS).value * found.error
    return bool(_is_lower(found, found.floor) and found.height - found.fell >= least)


def _is_level(facts: Facts, found: Unseen) -> bool:
    """Return whether something was learnt of new examples, less than all, and then by heart only.

    What was learnt is measured here, and may be little: of clicks a constant tells nearly all.
    """
    is_known = facts.level.is_known
    start = constant(facts.constant_loss) if is_known else beginning(facts)
    unit = start.loss if is_known else found.floor
    is_lower = min(found.height, found.fell) >= LEAST.value * unit
    below, fell = start.loss - found.lowest, float(found.new[0]) - found.lowest
    is_sure = below >= SIGMAS.value * found.doubt or fell >= SIGMAS.value * found.error
    is_learnt = is_sure and below >= LEAST.value * abs(start.loss)
    return bool(is_lower and is_learnt and start.is_left(found.floor))


def _is_lower(found: Stairs, unit: float) -> bool:
    """Return whether what is learnt by heart has lowered the loss by a good part of that."""
    least = found.fell >= CREEP.value * unit
    return bool(found.height >= BY_HEART.value * unit and least)


def _are_any(facts: Facts, first: int, end: int) -> bool:
    """Return whether any other class was as likely at those steps, for all that is known.

    Few examples leave a classifier unsure between some classes, and of some examples more than of
    others; the next word of a text is one of a few. Of several targets an example it must be known.
    """
    steps = facts.batches.measured(PREDICTION_CONFIDENCE)[0]
    steps = steps[(steps >= first) & (steps < end)]
    values = facts.totals((PREDICTION_CONFIDENCE, PREDICTION_ENTROPY, CLASS_COUNT), steps)
    values = values[np.isfinite(values).all(axis=1)]
    if not len(values):
        return not has_several_targets(facts)
    confidence, entropy, classes = values.mean(axis=0).tolist()
    return bool(entropy >= RANDOM.value * bound(1 - confidence, classes))


def _valid(facts: Facts, found: Parted) -> Evidence:
    low, step = found.course.low, found.course.low_step
    words = "the validation loss hardly falls below"
    if facts.level.is_known:
        return standing(facts, low, (step, step), words)
    first = beginning(facts).loss
    reads = f"{words} {fmt(low, 3)}, where the loss was {fmt(first, 3)} at first"
    share, bound = low / first, fmt(HALVED.value * first, 3)
    return Evidence(VAL_LOSS.name, step, step, share, HALVED.value, reads, HALVED.source, bound)


def _floor(facts: Facts, found: Stairs) -> Evidence:
    at, step = float(found.ends[found.best]), int(found.starts[found.best + 1]) - 1
    if facts.level.is_known:
        criterion = at * facts.level.prior / facts.constant_loss
        return standing(facts, criterion, (step, step), found.seen)
    first = beginning(facts).loss
    reads = (
        f"{found.seen} {fmt(at, 3)}, of {fmt(first, 3)} at first, and as high for examples that "
    )
    reads += "come anew"
    share, bound = found.floor / first, fmt(HALVED.value * first, 3)
    return Evidence(LOSS.name, step, step, share, HALVED.value, reads, HALVED.source, bound)
