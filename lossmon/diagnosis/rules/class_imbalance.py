"""One class dominates and the model predicts it alone.

Sees
    The labels of the window, the class that is predicted for nearly all of them, and the loss
    against that of predicting the shares of the classes.

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

import numpy as np

from lossmon.batchsignals import (
    CLASS_BINS,
    LABEL_COUNTS,
    PREDICTED_COUNTS,
    TOP_PREDICTION_SHARE,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.level import AT_PRIOR
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt, fmt_count
from lossmon.signals import (
    CLASS_COUNT,
    CRITERION_LOSS,
    GRAD_DOT_PREV,
    PRIOR_COUNT,
    PRIOR_LOSS,
    Signal,
)

RATIO = Threshold(10.0, "times the others' mean", "SageMaker Debugger, ClassImbalance: ratio of 10")
MAJORITY = Threshold(0.5, "of the labels", "by definition: more than all others together")
ALONE = Threshold(0.99, "of the predictions", "one other class in a hundred examples at most")
EXPLAINED = Threshold(0.5, "of the prior's loss", "a model that explains half of it has learned")
SEEN = Threshold(5000, "rare examples", "a balanced twin of the demo learns from a fifth of it")


def check(facts: Facts) -> Outcome:
    """Fire where one class outnumbers all others and the model gives it to everything."""
    level = facts.level
    if not level.is_known:
        return Skipped(level.why_unknown)
    labels, classes = facts.batches.pooled(LABEL_COUNTS), _classes(facts)
    if not labels.sum() > 0 or classes < 2:
        return Skipped("no labels were counted")
    common, rest = float(labels.max()), float(labels.sum() - labels.max())
    share, ratio = common / (common + rest), common * (classes - 1) / max(rest, 0.5)
    if share < MAJORITY.value or ratio < RATIO.value:
        return CLEAR
    alone, step = _predicted_alone(facts)
    if alone < ALONE.value or level.explained > EXPLAINED.value:
        return CLEAR
    at_prior = level.explained <= AT_PRIOR.value
    rare = _targets_seen(facts) * (1 - share)
    agrees = facts.motion.agreement_z >= SIGNIFICANT.value
    if at_prior and rare >= SEEN.value and not agrees:
        return CLEAR  # so many, and nothing in them: that is no-signal
    severity: Severity = "warning" if (at_prior or agrees) and not facts.is_improving else "info"
    evidence = (_shares(facts, share, ratio), _predictions(facts, alone), _level(facts))
    return Found(severity, step, evidence)


def _classes(facts: Facts) -> int:
    classes = facts.batches.newest(CLASS_COUNT)[1]
    return min(int(classes[-1]), CLASS_BINS) if len(classes) else 0


def _predicted_alone(facts: Facts) -> tuple[float, int]:
    """Return the share of the window that is given the commonest class, and since when it is so.

    0 where the class that is predicted is not the one that dominates.
    """
    labels, predicted = (facts.batches.pooled(bins) for bins in (LABEL_COUNTS, PREDICTED_COUNTS))
    shares = facts.batches.newest(TOP_PREDICTION_SHARE)[1]
    if not len(shares) or int(labels.argmax()) != int(predicted.argmax()):
        return 0.0, facts.first_step
    steps, ever = facts.batches.measured(TOP_PREDICTION_SHARE)
    mixed = np.flatnonzero(ever < ALONE.value)
    since = min(int(mixed[-1]) + 1, len(steps) - 1) if len(mixed) else 0
    return float(shares.mean()), int(steps[since])


def _targets_seen(facts: Facts) -> float:
    counts = facts.batches.newest(PRIOR_COUNT)[1]
    return float(counts[-1]) if len(counts) else 0.0


def _window(facts: Facts) -> tuple[int, int]:
    steps = facts.batches.newest(TOP_PREDICTION_SHARE)[0]
    return int(steps[0]), int(steps[-1])


def _shares(facts: Facts, share: float, ratio: float) -> Evidence:
    reads = f"{fmt(100 * share, 3)} % of the labels are of one class"
    bound = f"{fmt(100 * MAJORITY.value)} %, and ten times as many as others have"
    tag = "label_share"
    return Evidence(tag, *_window(facts), share, MAJORITY.value, reads, RATIO.source, bound)


def _predictions(facts: Facts, alone: float) -> Evidence:
    reads = f"that class is predicted for {fmt(100 * alone, 3)} % of the examples"
    bound, tag = f"{fmt(100 * ALONE.value)} %", TOP_PREDICTION_SHARE.name
    return Evidence(tag, *_window(facts), alone, ALONE.value, reads, ALONE.source, bound)


def _level(facts: Facts) -> Evidence:
    level = facts.level
    rare = fmt_count(int(_targets_seen(facts)))
    reads = f"after {rare} targets the loss is {fmt(level.loss, 3)}; predicting the shares of the "
    reads += f"classes costs {fmt(level.prior, 3)}"
    first, last = facts.sampled_window
    bound = fmt((1 - EXPLAINED.value) * level.prior, 3)
    tag, limit = CRITERION_LOSS.name, EXPLAINED
    return Evidence(tag, first, last, level.explained, limit.value, reads, limit.source, bound)


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
    }


RULE = Rule(
    id="class-imbalance",
    claim="One class dominates and the model predicts it alone.",
    stage="level",
    needs=(CRITERION_LOSS, PRIOR_LOSS, TOP_PREDICTION_SHARE),
    min_steps=100,
    check=check,
    thresholds={
        "ratio": RATIO,
        "majority": MAJORITY,
        "alone": ALONE,
        "explained": EXPLAINED,
        "at_prior": AT_PRIOR,
        "seen": SEEN,
        "agreement": SIGNIFICANT,
    },
    fixes=(
        "Weight the loss: weight= of nn.CrossEntropyLoss, pos_weight= of nn.BCEWithLogitsLoss.",
        "Draw batches with torch.utils.data.WeightedRandomSampler.",
        "Judge by a metric that the common class cannot carry: recall, F1, average precision.",
    ),
    confusables={"no-signal": "there examples of every class abound, and nothing is learned"},
    doc=__doc__ or "",
    fires=(
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
                total={**_shared(0.98), PRIOR_COUNT: 1e6},
                parameter={GRAD_DOT_PREV: np.random.default_rng(5).normal(0, 0.1, (300, 6))},
            ),
        ),
    ),
)
