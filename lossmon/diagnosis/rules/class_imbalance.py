"""One class dominates and the model predicts it alone.

Sees
    The labels of the run; the class that is predicted for nearly all of them, or how many labels of
    the rare classes are found; the loss against that of predicting the shares of the classes; and
    how far predictions depend on the input. Where padding counts as a class there are two that
    dominate, and nothing else is predicted; of many outputs each may give one answer, always.

Why the loss stalls
    To give the commonest class all the probability is nearly free, and gets there in a few steps.
    What would tell the rare classes apart is in few examples of a batch, if in any, and is averaged
    with a crowd that says nothing.

Fix
    Give the rare classes weight: in the loss, or in the sampler.

Not to be confused with
    no-signal: there examples of every class abound, and still nothing is learned.
    A model that collapses to one class though labels are balanced: another fault did that.

Sources
    Ratio of classes above 10: Amazon SageMaker Debugger, ClassImbalance.
    Japkowicz and Stephen 2002, "The class imbalance problem: a systematic study".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import (
    ACCURACY,
    CLASS_BINS,
    FOUND_COUNTS,
    LABEL_COUNTS,
    PREDICTED_COUNTS,
    TARGET_COUNT,
    TOP_PREDICTION_SHARE,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.batches import Floats, Steps
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.level import AT_PRIOR
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rarity import (
    FEW,
    FOUND,
    KNOWN,
    RARELY,
    RATIO,
    crowd,
    rarity,
    share_of_constant,
)
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt, fmt_count
from lossmon.signals import (
    CLASS_COUNT,
    CRITERION_LOSS,
    GRAD_DOT_PREV,
    PREDICTION_INFORMATION,
    PRIOR_LOSS,
    Signal,
)

SKEWED = Threshold(5.0, "times the others' mean", "half of RATIO, for information")
MAJORITY = Threshold(0.5, "of the labels", "by definition: more than all others together")
APART = Threshold(0.02, "of the labels", "less is rounding: then the outputs are alike")
ALONE = Threshold(0.99, "of the predictions", "one other class in a hundred examples at most")
EXPLAINED = Threshold(0.5, "of the prior's loss", "a model that explains half of it has learned")
NEARLY = Threshold(0.9, "of the prior's loss", "whoever explains that much tells classes apart")
BLIND = Threshold(0.1, "of the labels' entropy", "toy runs: 0.02-0.07 stuck, 0.5 in balanced twins")
SEEN = Threshold(5000, "rare examples", "a balanced twin of the demo learns from a fifth of it")


@dataclass(frozen=True, slots=True)
class _Passed:
    """That the labels of rare classes are passed by."""

    share: float
    """Share of the labels that are of common classes."""
    ratio: float
    """How often the least of those outnumbers the mean of the others."""
    entirely: bool
    """Whether nothing else is predicted."""
    since: int
    evidence: tuple[Evidence, ...]


def check(facts: Facts) -> Outcome:
    """Fire where one class outnumbers all others and the model gives it to everything."""
    level, labels, classes = facts.level, _labels(facts), _classes(facts)
    if classes < 2 or not labels.sum() > 0:
        return CLEAR  # there are no classes
    if not level.is_known:
        return Skipped(level.why_unknown)
    passed = _alone(facts, labels, classes) or _missed(facts, labels, classes)
    passed = passed or _constant(facts, labels, classes)
    if passed is None or level.explained > NEARLY.value:
        return CLEAR
    rare = _targets_seen(facts) * (1 - passed.share)
    agrees = facts.motion.agreement_z >= SIGNIFICANT.value
    if level.explained <= AT_PRIOR.value and rare >= SEEN.value and not agrees:
        return CLEAR  # so many, and nothing in them: that is no-signal
    # Not by the loss: it goes up and down with the number of rare examples in a batch.
    blind = _dependence(facts) <= BLIND.value
    learned = level.explained > EXPLAINED.value or passed.ratio < RATIO.value
    stuck = blind and rare < SEEN.value and not facts.is_improving and not learned
    severity: Severity = "warning" if stuck and passed.entirely else "info"
    evidence = (*passed.evidence, _level(facts, rare), *((_little(facts),) if blind else ()))
    return Found(severity, passed.since, evidence)


def _alone(facts: Facts, labels: Floats, classes: int) -> _Passed | None:
    """Return that one class is nearly all that is predicted, and most of the labels."""
    common = np.arange(len(labels)) == labels.argmax()
    share, ratio = _dominance(labels, common, classes)
    if share < MAJORITY.value or ratio < SKEWED.value:
        return None
    least = min(ALONE.value, 1 - RARELY.value * (1 - share))
    alone, since = _predicted_alone(facts, least)
    if alone < least:
        return None
    return _Passed(
        share, ratio, True, since, (_shares(facts, share, 1), _predictions(facts, alone))
    )


def _missed(facts: Facts, labels: Floats, classes: int) -> _Passed | None:
    """Return that hardly any label but those of the common classes is found."""
    common = crowd(labels, classes)
    share, ratio = _dominance(labels, common, classes)
    if share < MAJORITY.value or ratio < SKEWED.value:
        return None
    seen = rarity(facts, common)
    if seen is None or not seen.is_passed_by:
        return None
    reads = f"{fmt(100 * seen.right, 3)} % of the predictions are right, and of the labels of "
    reads += f"other classes {fmt(100 * seen.found, 2)} %"
    first, last, limit = int(seen.steps[0]), int(seen.steps[-1]), RARELY
    bound = f"{fmt(100 * limit.value)} %"
    found = Evidence("recall", first, last, seen.found, limit.value, reads, limit.source, bound)
    shares = _shares(facts, share, int(common.sum()))
    return _Passed(share, ratio, False, first, (shares, found))


def _constant(facts: Facts, labels: Floats, classes: int) -> _Passed | None:
    """Return that each of many outputs gives one answer, always, and is nearly always right.

    Some say yes and some no, so that together they are not of one class.
    """
    share = share_of_constant(facts.level.prior)
    ratio, apart = share / (1 - share), share - float(labels.max() / labels.sum())
    if classes != 2 or apart < APART.value or ratio < RATIO.value:
        return None
    steps, right = facts.batches.newest(ACCURACY)
    lately = float(np.median(right[-max(FEW, len(right) // 3) :])) if len(right) else 0.0
    # A constant may err twice as often: its share is too high where outputs differ.
    beyond = (lately - share) / (1 - share)
    if not -1 <= beyond <= RARELY.value or facts.level.explained > EXPLAINED.value:
        return None
    reads = f"{fmt(100 * lately, 3)} % of the answers are right, and about "
    reads += f"{fmt(100 * share, 3)} % if each output always gave the same"
    bound, tag = f"{fmt(100 * share, 3)} %", ACCURACY.name
    first, last, source = int(steps[0]), int(steps[-1]), RARELY.source
    same = Evidence(tag, first, last, lately, share, reads, source, bound)
    return _Passed(share, ratio, False, first, (same,))


def _dominance(labels: Floats, common: NDArray[np.bool_], classes: int) -> tuple[float, float]:
    """Return the common classes' share, and how often the least of them outnumbers the others."""
    most, rest = float(labels[common].sum()), float(labels[~common].sum())
    each = max(rest, 0.5) / max(classes - int(common.sum()), 1)
    return most / (most + rest), float(labels[common].min()) / each


def _labels(facts: Facts) -> Floats:
    """Return how often each class was seen, over the whole run: batches may be sorted."""
    return np.array([facts.batches.measured(signal)[1].sum() for signal in LABEL_COUNTS])


def _classes(facts: Facts) -> int:
    classes = facts.batches.newest(CLASS_COUNT)[1]
    return min(int(classes[-1]), CLASS_BINS) if len(classes) else 0


def _predicted_alone(facts: Facts, least: float) -> tuple[float, int]:
    """Return the share of the window that is given the commonest class, and since when it is so.

    `least`: the share that counts as all.
    0 where the class that is predicted is not the one that dominates.
    """
    labels = _labels(facts)
    predicted = np.array([_recent(facts, signal)[1].sum() for signal in PREDICTED_COUNTS])
    shares = _recent(facts, TOP_PREDICTION_SHARE)[1]
    if not len(shares) or int(labels.argmax()) != int(predicted.argmax()):
        return 0.0, facts.first_step
    steps, ever = facts.batches.measured(TOP_PREDICTION_SHARE)
    mixed = np.flatnonzero(ever < least)
    since = min(int(mixed[-1]) + 1, len(steps) - 1) if len(mixed) else 0
    return float(np.median(shares)), int(steps[since])


def _recent(facts: Facts, signal: Signal) -> tuple[Steps, Floats]:
    """Return what was measured in the window, or the newest few: predictions soon are others."""
    steps, values = facts.batches.measured(signal)
    inside = len(steps) - int(np.searchsorted(steps, facts.window[0]))
    return steps[-max(FEW, inside) :], values[-max(FEW, inside) :]


def _targets_seen(facts: Facts) -> float:
    """Return about how many targets all steps so far had."""
    counts = facts.batches.measured(TARGET_COUNT)[1]
    return float(counts.mean()) * facts.n_steps


def _shares(facts: Facts, share: float, classes: int) -> Evidence:
    reads = f"{fmt(100 * share, 3)} % of the labels are of "
    reads += "one class" if classes == 1 else f"{classes} classes"
    bound = f"{fmt(100 * MAJORITY.value)} %, and ten times as many as others have"
    steps, tag = facts.batches.measured(LABEL_COUNTS[0])[0], "label_share"
    first, last = int(steps[0]), int(steps[-1])
    return Evidence(tag, first, last, share, MAJORITY.value, reads, RATIO.source, bound)


def _predictions(facts: Facts, alone: float) -> Evidence:
    reads = f"that class is predicted for {fmt(100 * alone, 3)} % of the examples"
    bound, tag = f"{fmt(100 * ALONE.value)} %", TOP_PREDICTION_SHARE.name
    steps = _recent(facts, TOP_PREDICTION_SHARE)[0]
    return Evidence(
        tag, int(steps[0]), int(steps[-1]), alone, ALONE.value, reads, ALONE.source, bound
    )


def _level(facts: Facts, rare: float) -> Evidence:
    level = facts.level
    reads = f"after about {fmt_count(int(rare))} examples of other classes the loss is "
    reads += f"{fmt(level.loss, 3)}; predicting the shares of the classes costs "
    reads += fmt(level.prior, 3)
    first, last = facts.sampled_window
    bound = fmt((1 - EXPLAINED.value) * level.prior, 3)
    tag, limit = CRITERION_LOSS.name, EXPLAINED
    return Evidence(tag, first, last, level.explained, limit.value, reads, limit.source, bound)


def _dependence(facts: Facts) -> float:
    """Return how far predictions vary with the input, as a share of how far labels vary."""
    information = _recent(facts, PREDICTION_INFORMATION)[1]
    return float(information.mean()) / facts.level.prior if len(information) else float("nan")


def _little(facts: Facts) -> Evidence:
    steps, share = _recent(facts, PREDICTION_INFORMATION)[0], _dependence(facts)
    first, last = int(steps[0]), int(steps[-1])
    reads = f"predictions vary with the input by {fmt(100 * share, 2)} % of what labels vary by"
    tag, bound = PREDICTION_INFORMATION.name, f"{fmt(100 * BLIND.value)} %"
    return Evidence(tag, first, last, share, BLIND.value, reads, BLIND.source, bound)


def _shared(common: float, predicted: float | None = None) -> dict[Signal, float]:
    """Return counts of two classes, and the share of predictions that is the first one's."""
    given = common if predicted is None else predicted
    return {
        **dict.fromkeys((*LABEL_COUNTS, *PREDICTED_COUNTS), 0.0),
        LABEL_COUNTS[0]: 64 * common,
        LABEL_COUNTS[1]: 64 * (1 - common),
        PREDICTED_COUNTS[0]: 64 * given,
        PREDICTED_COUNTS[1]: 64 * (1 - given),
        TOP_PREDICTION_SHARE: 1.0,
        CLASS_COUNT: 2.0,
        PRIOR_LOSS: 0.098,
        PREDICTION_INFORMATION: 0.001,
    }


def _padded(found: float) -> dict[Signal, float]:
    """Return counts of two common classes and three rare ones, of which a share is found."""
    of_each = [30.0, 30.0, 1.0, 1.0, 2.0]
    counts = dict.fromkeys((*LABEL_COUNTS, *FOUND_COUNTS), 0.0)
    counts |= dict(zip(LABEL_COUNTS, of_each, strict=False))
    hits = [of_each[0], of_each[1], *(found * count for count in of_each[2:])]
    counts |= dict(zip(FOUND_COUNTS, hits, strict=False))
    return {**counts, TOP_PREDICTION_SHARE: 0.5, CLASS_COUNT: 5.0, PRIOR_LOSS: 0.9}


def _by_output(right: float) -> dict[Signal, float]:
    """Return what six outputs have of which one says yes nearly always, and the others no."""
    counts = {**_shared(5 / 6), PRIOR_LOSS: 0.067, TOP_PREDICTION_SHARE: 5 / 6}
    return {**counts, FOUND_COUNTS[0]: 53.0, FOUND_COUNTS[1]: 10.6, ACCURACY: right}


RULE = Rule(
    id="class-imbalance",
    claim="One class dominates and the model predicts it alone.",
    stage="level",
    needs=(TARGET_COUNT,),
    min_steps=100,
    check=check,
    thresholds={
        "ratio": RATIO,
        "majority": MAJORITY,
        "alone": ALONE,
        "apart": APART,
        "skewed": SKEWED,
        "rarely": RARELY,
        "found": FOUND,
        "known": KNOWN,
        "nearly": NEARLY,
        "explained": EXPLAINED,
        "at_prior": AT_PRIOR,
        "blind": BLIND,
        "seen": SEEN,
        "agreement": SIGNIFICANT,
    },
    explains=("exploding-gradient", "batch-too-small"),
    fixes=(
        "Weight the loss: weight= of nn.CrossEntropyLoss, pos_weight= of nn.BCEWithLogitsLoss.",
        "Draw batches with torch.utils.data.WeightedRandomSampler.",
        "Judge by a metric that the common class cannot carry: recall, F1, average precision.",
    ),
    confusables={"no-signal": "there examples of every class abound, and nothing is learned"},
    doc=__doc__ or "",
    fires=(
        Case(
            "six outputs with an answer each, which is nearly always right",
            lambda: synth.run(loss=synth.flat(300, at=0.066, noise=0.003), total=_by_output(0.988)),
        ),
        Case(
            "two common classes that are known, and labels of others that are not found",
            lambda: synth.run(loss=synth.flat(300, at=0.3), total=_padded(found=0.1)),
        ),
        Case(
            "2 % of one class, at the loss of predicting the shares",
            lambda: synth.run(
                loss=synth.flat(300, at=0.098, noise=0.005),
                total=_shared(0.98),
                parameter={GRAD_DOT_PREV: np.random.default_rng(5).normal(0, 0.1, (300, 6))},
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "six outputs of which each has an answer that is nearly always right, learned",
            lambda: synth.run(loss=synth.flat(300, at=0.04, noise=0.002), total=_by_output(0.996)),
        ),
        Case(
            "padding as a class of its own, and the rare classes learned",
            lambda: synth.run(loss=synth.flat(300, at=0.3), total=_padded(found=0.6)),
        ),
        Case(
            "labels of which one class dominates, learned",
            lambda: synth.run(
                loss=synth.falling(300, start=0.098, end=0.01),
                total={**_shared(0.98), TOP_PREDICTION_SHARE: 0.98},
            ),
        ),
        Case(
            "balanced labels and a model that has collapsed to one class",
            lambda: synth.run(
                loss=synth.flat(300, at=0.69),
                total={**_shared(0.5, 0.99), PRIOR_LOSS: 0.693},
            ),
        ),
        Case(
            "thousands of examples of the rare class, and gradients that agree on nothing",
            lambda: synth.run(
                loss=synth.flat(300, at=0.098, noise=0.005),
                total={**_shared(0.98), TARGET_COUNT: 4096},
                parameter={GRAD_DOT_PREV: np.random.default_rng(5).normal(0, 0.1, (300, 6))},
            ),
        ),
    ),
)
