"""Inputs say nothing about the labels.

Sees
    The criterion's loss against the loss of the best constant prediction, and whether successive
    gradients agree on anything.

Why the loss stalls
    Nothing better than a constant can be predicted. Gradients of different batches have nothing in
    common, so healthy updates lead nowhere; a small set can still be learned by heart.

Fix
    Look at the pairs of input and label as the model gets them.

Not to be confused with
    lr-too-low: there gradients agree, and updates are tiny.
    weight-decay-too-strong: there the penalty holds the weights down.
    class-imbalance: there one class is nearly all of the labels, and others are hardly seen.
    model-too-small: there all goes through one or two units, which let nothing through.
    batch-too-small: there few examples have been seen at all, and each step is mere noise.

Sources
    Best constant prediction: entropy of the labels, variance of the targets, by definition.
    Agreement: McCandlish et al. 2018, section 2.2.
"""

from __future__ import annotations

import numpy as np

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import AT_PRIOR, BY_CHANCE, seems_explained
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt, fmt_count
from lossmon.signals import CRITERION_LOSS, PRIOR_LOSS, UPDATE_NORM

LEAST_RATIO = Threshold(
    1e-5, "of the weights", "below it nothing was tried: lr-too-low's limit / 10"
)
MOST_RATIO = Threshold(1e-1, "of the weights", "TheDeepChecker: update ratios above 10^-1 diverge")
BELOW = Threshold(-0.1, "of the prior's loss", "worse than a constant by more: updates do harm")
ABOVE = Threshold(0.005, "of the prior's loss", "a quarter of what counts as being at the prior")
SEEN = Threshold(1000, "examples", "ten for each of a hundred inputs: with fewer a relation hides")
MOVED = Threshold(0.05, "of the weights", "fifty steps at the usual ratio of 1e-3")

PAIRS = 8
"""With fewer pairs of gradients they hardly ever agree by as many standard errors."""


def check(facts: Facts) -> Outcome:
    """Fire where a model that moves is at the prior, and its gradients agree on nothing."""
    level, motion = facts.level, facts.motion
    if not level.is_known:
        return Skipped(level.why_unknown)
    if not np.isfinite(motion.agreement):
        return Skipped("hardly any steps in a row were sampled")
    if not BELOW.value <= level.explained <= seems_explained(facts):
        return CLEAR
    calming = _is_calming(facts)
    if motion.agreement_z >= SIGNIFICANT.value and not calming:
        return CLEAR
    if motion.pairs < PAIRS:
        return Skipped(f"{motion.pairs} pairs of steps in a row were sampled, {PAIRS} needed")
    if not LEAST_RATIO.value <= motion.total_ratio <= MOST_RATIO.value:
        return CLEAR
    first, last = facts.sampled_window
    if motion.total_ratio * (last - facts.first_step) < MOVED.value:
        return Skipped("the weights have moved too little to tell")
    seen = facts.batches.examples * facts.n_steps
    if seen < SEEN.value:
        return Skipped(f"{fmt_count(int(seen))} examples seen, {fmt_count(int(SEEN.value))} needed")
    said = _too_sure(facts) if calming else _all_noise(facts)
    return Found("warning", first, (_at_prior(facts), said))


def _is_calming(facts: Facts) -> bool:
    """Return whether the loss comes down to that of a constant from above, and no further.

    Then gradients agree on being less sure, which is no relation of inputs and labels.
    """
    level = facts.level
    above = level.explained < -ABOVE.value
    return above and facts.trend.direction == "falling" and level.tau > level.loss - level.prior


def _at_prior(facts: Facts) -> Evidence:
    level, (first, last) = facts.level, facts.sampled_window
    reads = f"the loss is {fmt(level.loss, 3)}; predicting a constant costs {fmt(level.prior, 3)}"
    limit = seems_explained(facts)
    bound = fmt((1 - limit) * level.prior, 3)
    tag, source = CRITERION_LOSS.name, AT_PRIOR.source
    return Evidence(tag, first, last, level.explained, limit, reads, source, bound)


def _too_sure(facts: Facts) -> Evidence:
    level, (first, last) = facts.level, facts.sampled_window
    reads = f"predictions are surer than right: their entropy is {fmt(level.entropy, 3)}, and what "
    reads += "falls is how much too sure they are"
    excess, limit = level.tau / level.prior, ABOVE.value
    tag, bound = signals.PREDICTION_ENTROPY.name, fmt(level.loss, 3)
    return Evidence(tag, first, last, excess, limit, reads, ABOVE.source, bound)


def _all_noise(facts: Facts) -> Evidence:
    motion, (first, last) = facts.motion, facts.sampled_window
    reads = f"successive gradients do not agree (c {fmt(motion.agreement, 2)}, "
    reads += f"{fmt(motion.agreement_z, 2)} standard errors)"
    limit, bound = SIGNIFICANT.value, f"{fmt(SIGNIFICANT.value)} standard errors"
    tag, source = signals.GRAD_DOT_PREV.name, SIGNIFICANT.source
    return Evidence(tag, first, last, motion.agreement_z, limit, reads, source, bound)


def _noise(mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(5).normal(mean, 0.1, (300, len(synth.SHAPES)))


RULE = Rule(
    id="no-signal",
    claim="Inputs say nothing about the labels.",
    stage="level",
    needs=(CRITERION_LOSS, PRIOR_LOSS, UPDATE_NORM),
    min_steps=100,
    check=check,
    thresholds={
        "explained": AT_PRIOR,
        "below": BELOW,
        "agreement": SIGNIFICANT,
        "least_ratio": LEAST_RATIO,
        "most_ratio": MOST_RATIO,
        "moved": MOVED,
        "by_chance": BY_CHANCE,
        "above": ABOVE,
        "seen": SEEN,
    },
    fixes=(
        "Print ten pairs of input and label as the model gets them, and check them by eye.",
        "Check that inputs and labels are shuffled together, not apart.",
        "Check that augmentation or preprocessing leaves something of the input.",
        "Try to overfit one batch: if that fails, the model, not the data, is at fault.",
    ),
    confusables={
        "lr-too-low": "there successive gradients agree and updates are tiny",
        "weight-decay-too-strong": "there a penalty holds the weights down",
        "class-imbalance": "there one class is nearly all of the labels",
    },
    yields_to=("class-imbalance", "model-too-small"),
    doc=__doc__ or "",
    fires=(
        Case(
            "at the prior with gradients that are all noise",
            lambda: synth.run(loss=synth.flat(300), parameter={signals.GRAD_DOT_PREV: _noise()}),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "at the prior with gradients that agree: a plateau before the drop",
            lambda: synth.run(loss=synth.flat(300), parameter={signals.GRAD_DOT_PREV: _noise(0.1)}),
        ),
        Case(
            "a floor well above zero",
            lambda: synth.run(
                loss=synth.flat(300, at=1.8), parameter={signals.GRAD_DOT_PREV: _noise()}
            ),
        ),
    ),
)
