"""Clipping removes nearly all of every gradient.

Sees
    The total gradient norm that the optimizer uses over that which the backward pass left, on
    nearly every sampled step; the update ratio ‖Δw‖/‖w‖, and what it would be without clipping;
    whether the short steps all go the same way.

Why the loss stalls
    The limit lies far below what gradients of this model measure. Every step is cut to the same
    small length, so the learning rate that was chosen for the gradient moves nothing.

Fix
    A limit about as high as the gradient norms of a training that goes well: 1 is common.

Not to be confused with
    lr-too-low: there nothing is cut off, and the steps are small all the same.
    A clipped training that learns: many steps of recurrent networks are cut, and by a little.
    Adam, which divides by the size of the gradient: there a constant cut changes no step.

Sources
    Pascanu et al. 2013, section 3.2: the limit is half to ten times the average norm.
    TheDeepChecker (Ben Braiek and Khomh 2022): update ratios below 10^-4 mean untrained layers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import AT_PRIOR
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.progress import progress, progress_so_far
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.stats import ratio, root_sum_squares
from lossmon.numfmt import fmt, plural
from lossmon.signals import (
    GRAD_DOT_PREV,
    GRAD_NORM,
    GRAD_SAMPLED_NORM,
    TOTAL_GRAD_NORM,
    TOTAL_UPDATE_RATIO,
    UNCLIPPED_NORM,
    UPDATE_DOT_PREV,
    UPDATE_NORM,
    Signal,
)

Floats = NDArray[np.float64]

LEFT = Threshold(
    0.05, "of the gradient", "Pascanu et al. 2013 cut to half the average norm at most"
)
RATIO = Threshold(1e-4, "of the weights", "TheDeepChecker: update ratios below 10^-4 are too small")
SLOW_RATIO = Threshold(1e-3, "of the weights", "Karpathy: about 1e-3 is sound; less is slow")
COSINE = Threshold(0.95, "", "toy runs: 0.98 with lr 1000 times too low, 0.86-0.94 else")
LITTLE = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")
EXPLAINED = Threshold(0.9, "of the prior's loss", "a model that explains so much is nearly done")
SAMPLES = 10


def check(facts: Facts) -> Outcome:
    """Fire where every gradient is cut to a small part, and only so the steps are too small."""
    rows = facts.run_rows
    left = _left(facts)
    known = np.isfinite(left)
    if known.sum() < SAMPLES:
        return Skipped(
            f"norms before and after clipping are known of {plural(known.sum(), 'step')}"
        )
    if facts.level.explained >= EXPLAINED.value or _most(left) >= LEFT.value:
        return CLEAR
    moved = facts.update_ratios
    both = known & np.isfinite(moved)
    if both.sum() < SAMPLES:
        return Skipped("updates are not recorded where gradient norms are")
    steps = _typical(moved[both])
    uncut = _typical(ratio(moved[both], left[both]))
    reasons = (*_straight(facts), *_nothing_learned(facts))
    limit = SLOW_RATIO if reasons else RATIO
    if not 0 < steps < limit.value <= uncut:
        return CLEAR
    since = int(facts.sampled_steps[rows[int(np.argmax(known))]])
    small = _small(facts, steps, uncut, limit, since)
    return Found("error", since, (_cut(facts, left, since), small, *reasons))


def _left(facts: Facts) -> Floats:
    """Return the norm after clipping over that before, one value per record of `run_rows`."""
    after = facts.parameter(GRAD_NORM, facts.run_rows)
    before = facts.parameter(UNCLIPPED_NORM, facts.run_rows)
    both = np.isfinite(after) & np.isfinite(before)
    whole = [root_sum_squares(np.where(both, norms, np.nan)) for norms in (after, before)]
    return ratio(whole[0], whole[1])


def _most(left: Floats) -> float:
    """Return what is left on all steps but one in ten: the loss may begin low or end there."""
    return float(np.quantile(left[np.isfinite(left)], 0.9))


def _straight(facts: Facts) -> Iterator[Evidence]:
    """Step after step goes the same way: the steps are short for the way that there is to go."""
    motion, (first, last) = facts.motion, facts.sampled_window
    way = motion.agreement_z >= SIGNIFICANT.value and facts.level.explained < LITTLE.value
    if way and motion.update_cosine >= COSINE.value:
        reads = f"successive updates point the same way (cosine {fmt(motion.update_cosine, 3)})"
        tag, cosine = UPDATE_DOT_PREV.name, motion.update_cosine
        yield Evidence(tag, first, last, cosine, COSINE.value, reads, COSINE.source)


def _nothing_learned(facts: Facts) -> tuple[Evidence, ...]:
    return progress_so_far(facts, AT_PRIOR) if progress(facts) <= AT_PRIOR.value else ()


def _typical(ratios: Floats) -> float:
    """Return the larger of the medians of the two halves: no warm-up and no cosine counts."""
    return max(float(np.median(half)) for half in np.array_split(ratios, 2))


def _cut(facts: Facts, left: Floats, since: int) -> Evidence:
    known = left[np.isfinite(left)]
    most, middle = _most(left), float(np.median(known))
    reads = f"clipping leaves {fmt(100 * middle, 2)} % of the gradient norm, on nine sampled steps "
    reads += f"in ten at most {fmt(100 * most, 2)} %"
    last, bound = int(facts.sampled_steps[-1]), f"{fmt(100 * LEFT.value)} %"
    tag = TOTAL_GRAD_NORM.name
    return Evidence(tag, since, last, most, LEFT.value, reads, LEFT.source, bound)


def _small(facts: Facts, steps: float, uncut: float, limit: Threshold, since: int) -> Evidence:
    reads = f"a step changes the weights by {fmt(steps, 2)} of their norm; with the whole gradient "
    reads += f"it would be {fmt(uncut, 2)}"
    last = int(facts.sampled_steps[-1])
    tag = TOTAL_UPDATE_RATIO.name
    return Evidence(tag, since, last, steps, limit.value, reads, limit.source)


_TINY = {UPDATE_NORM: 1e-5 * 10}


def _straight_on(ratio: float) -> dict[Signal, ArrayLike]:
    update = ratio * 10
    return {
        UPDATE_NORM: update,
        UPDATE_DOT_PREV: 0.99 * update**2,
        GRAD_SAMPLED_NORM: 1.0,
        GRAD_DOT_PREV: 0.3,
    }


RULE = Rule(
    id="grad-clip-too-tight",
    claim="Clipping removes nearly all of every gradient.",
    stage="gradient-flow",
    needs=(GRAD_NORM, UNCLIPPED_NORM, UPDATE_NORM),
    min_steps=50,
    check=check,
    thresholds={
        "left": LEFT,
        "ratio": RATIO,
        "slow_ratio": SLOW_RATIO,
        "cosine": COSINE,
        "agreement": SIGNIFICANT,
        "little": LITTLE,
        "at_prior": AT_PRIOR,
        "explained": EXPLAINED,
    },
    explains=("lr-too-low", "no-signal"),
    fixes=(
        "Raise the limit: torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).",
        "Take the limit from a run without one: the 90th percentile of its gradient norms.",
        "Check that clip_grad_norm_ is meant where clip_grad_value_ is called, and the reverse.",
        "Call scaler.unscale_(optimizer) before clipping, where a GradScaler is in use.",
    ),
    confusables={"lr-too-low": "there nothing is cut off, and the steps are small all the same"},
    doc=__doc__ or "",
    fires=(
        Case(
            "a thousandth of every gradient left, and steps of 1e-5",
            lambda: synth.run(
                loss=synth.flat(300), parameter={**_TINY, GRAD_NORM: 1e-3, UNCLIPPED_NORM: 1.0}
            ),
        ),
        Case(
            "a hundredth of every gradient left, and steps of 4e-4 that all go the same way",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={**_straight_on(4e-4), GRAD_NORM: 1e-2, UNCLIPPED_NORM: 1.0},
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "steps of a sound length that go the same way, cut to a hundredth: a summed loss",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={**_straight_on(2e-3), GRAD_NORM: 1.0, UNCLIPPED_NORM: 100.0},
            ),
        ),
        Case(
            "small steps of whole gradients: the learning rate",
            lambda: synth.run(loss=synth.flat(300), parameter=_TINY),
        ),
        Case(
            "a thousandth left, and steps of the usual size: Adam",
            lambda: synth.run(
                loss=synth.flat(300), parameter={GRAD_NORM: 1e-3, UNCLIPPED_NORM: 1.0}
            ),
        ),
        Case(
            "steps that would be too small without clipping too",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={UPDATE_NORM: 1e-8 * 10, GRAD_NORM: 1e-2, UNCLIPPED_NORM: 1.0},
            ),
        ),
        Case(
            "some steps cut to a hundredth, others whole",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={
                    **_TINY,
                    GRAD_NORM: np.where(np.arange(300) % 3, 0.01, 1.0)[:, None],
                    UNCLIPPED_NORM: 1.0,
                },
            ),
        ),
    ),
)
