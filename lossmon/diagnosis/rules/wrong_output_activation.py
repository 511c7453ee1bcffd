"""The output layer cannot produce the targets.

Sees
    The function behind what the criterion is given, the values that it can return, and the targets:
    their range, the sum over an example, the number of outputs. Exact but for how much it costs.

Why the loss stalls
    No weights bring a ReLU below 0, a sigmoid above 1 or a softmax over one unit off 1. What lies
    beyond is lost for good, and where the function is pinned no gradient comes back.

Fix
    End a regression with a linear layer; give losses that take logits the logits.

Not to be confused with
    unnormalised-target: there the output could get to the targets, but they are far away.
    double-softmax and double-sigmoid: there the loss applies the same function again.

Sources
    Ranges of the functions, and the losses that they leave at best, by definition.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log

import numpy as np

from lossmon.batchsignals import (
    LABEL_COUNTS,
    PREDICTION_HIGH,
    PREDICTION_LOW,
    ROW_SPREAD,
    TARGET_COUNT,
    TARGET_HIGH,
    TARGET_LOW,
    TARGET_MEAN,
    TARGET_STD,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.batches import CriterionInfo
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.reach import REACH, binary_floor, class_floor, coin_entropy, reach
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.scales import pooled
from lossmon.diagnosis.stats import finite_median
from lossmon.layersignals import DEAD_SHARE
from lossmon.numfmt import fmt
from lossmon.records import Mark
from lossmon.signals import CLASS_COUNT, CRITERION_LOSS, Signal

BEYOND = Threshold(
    0.5, "of the targets' std", "nearer ends cost little: 3 % of N(0, 1) cut at -0.5"
)
UNITS = Threshold(2, "outputs", "by definition: a softmax over one unit is 1")
LABELS = Threshold(0.01, "", "by definition: binary targets lie between 0 and 1; rounding")
SUM = Threshold(0.2, "of 1", "by definition: a softmax sums to 1; a fifth is no rounding")
FLOOR = Threshold(0.1, "of the prior's loss", "less than a tenth is no reason not to learn")
DEAD = Threshold(0.05, "of the outputs", "one class of twenty can never be raised")
EXPLAINED = Threshold(0.9, "of the prior's loss", "what cannot be reached then matters little")

LOGITS = "binary_cross_entropy_with_logits"
OWN_RULES = {("cross_entropy", "softmax"), (LOGITS, "sigmoid"), (LOGITS, "hardsigmoid")}
"""Functions that the criterion applies again: double-softmax and double-sigmoid name them."""


def check(facts: Facts) -> Outcome:
    """Fire where what the criterion wants is not among what the output can be."""
    criterion = facts.batches.criterion
    if criterion is None:
        return Skipped("no criterion was recognised")
    if criterion.stretched:
        return Skipped("prediction and target are of different shapes")
    proofs: tuple[Callable[[Facts, CriterionInfo], Found | None], ...] = (_one_unit, _labels)
    if (criterion.name, criterion.behind) not in OWN_RULES and criterion.behind in REACH:
        proofs += _PROOFS.get(criterion.name, (_targets, _sums))
    found = (proof(facts, criterion) for proof in proofs)
    return next((one for one in found if one is not None), CLEAR)


def _one_unit(facts: Facts, criterion: CriterionInfo) -> Found | None:
    """Return the finding for a softmax over one unit, be it the model's or the criterion's."""
    shape = criterion.prediction_shape
    if criterion.name in ("cross_entropy", "nll_loss"):
        single = len(shape) > 1 and shape[1] == 1
        reads = f"{criterion.name} is given 1 output an example, and its softmax is always 1"
    else:
        ends = (facts.batches.measured(s)[1] for s in (PREDICTION_LOW, PREDICTION_HIGH))
        always_one = all(len(end) and (end == 1).all() for end in ends)
        single = criterion.behind == "softmax" and bool(shape) and shape[-1] == 1 and always_one
        reads = "the softmax at the end goes over 1 output, and is always 1"
    if not single:
        return None
    first, last = _looked_at(facts, TARGET_COUNT)
    return _found(Evidence("outputs", first, last, 1.0, UNITS.value, reads, UNITS.source))


def _labels(facts: Facts, criterion: CriterionInfo) -> Found | None:
    """Return the finding for binary targets outside of 0 to 1."""
    low, high = (facts.batches.measured(s)[1] for s in (TARGET_LOW, TARGET_HIGH))
    if not criterion.name.startswith("binary") or not len(low) or not len(high):
        return None
    least, most = float(low.min()), float(high.max())
    if least >= -LABELS.value and most <= 1 + LABELS.value:
        return None
    first, last = _looked_at(facts, TARGET_LOW)
    reads = f"{criterion.name} takes targets from 0 to 1; these go from {fmt(least, 3)} to "
    reads += fmt(most, 3)
    if most > 1 + LABELS.value:
        name, observed, limit = TARGET_HIGH.name, most, 1.0
    else:
        name, observed, limit = TARGET_LOW.name, least, 0.0
    return _found(Evidence(name, first, last, observed, limit, reads, LABELS.source))


def _logits(facts: Facts, criterion: CriterionInfo) -> Found | None:
    """Return the finding for binary logits that a function keeps within bounds."""
    zeros, ones = facts.batches.pooled(LABEL_COUNTS[:2])
    if criterion.weighted or not zeros + ones > 0:
        return None
    share = float(ones / (zeros + ones))
    low, high = reach(criterion.behind)
    return _capped(facts, criterion, binary_floor(low, high, share), coin_entropy(share))


def _classes(facts: Facts, criterion: CriterionInfo) -> Found | None:
    """Return the finding for logits of classes that lie within bounds, or are cut off at 0."""
    known = facts.batches.newest(CLASS_COUNT)[1]
    if not len(known) or known[-1] < UNITS.value:
        return None
    low, high = reach(criterion.behind)
    if high < inf and low > -inf:
        floor = class_floor(int(known[-1]), high - low)
        return _capped(facts, criterion, floor, log(known[-1]))
    return _cut_off(facts, criterion) if low == 0 else None


def _capped(facts: Facts, criterion: CriterionInfo, floor: float, prior: float) -> Found | None:
    limit = FLOOR.value * prior
    if floor <= limit:
        return None
    low, high = reach(criterion.behind)
    bounds = f"{fmt(low, 3)} to {fmt(high, 3)}" if high < inf else f"{fmt(low, 3)} up"
    reads = f"{criterion.name} takes logits and is given {criterion.behind}, from {bounds}: the "
    reads += f"loss cannot fall below {fmt(floor, 3)}; predicting a constant costs {fmt(prior, 3)}"
    first, last = _looked_at(facts, CRITERION_LOSS)
    evidence = Evidence("loss_floor", first, last, floor, limit, reads, FLOOR.source, fmt(limit, 3))
    return _found(evidence)


def _cut_off(facts: Facts, criterion: CriterionInfo) -> Found:
    """Return the finding for logits cut off at 0: it harms where a class is never raised."""
    dead = facts.layers.typical(DEAD_SHARE, facts.layers.newest)
    share = float(dead[-1]) if len(dead) and np.isfinite(dead[-1]) else 0.0
    reads = f"logits below 0 are cut off by {criterion.behind} before {criterion.name}; "
    reads += f"{fmt(100 * share, 2)} % of the outputs are never above 0"
    bound = f"{fmt(100 * DEAD.value)} %"
    first, last = _looked_at(facts, ROW_SPREAD)
    evidence = Evidence(DEAD_SHARE.name, first, last, share, DEAD.value, reads, DEAD.source, bound)
    return _found(evidence, "error" if share >= DEAD.value else "info")


def _targets(facts: Facts, criterion: CriterionInfo) -> Found | None:
    """Return the finding for targets beyond what the function returns."""
    newest = facts.batches.newest
    low, high = reach(criterion.behind)
    least, most = (finite_median(newest(signal)[1]) for signal in (TARGET_LOW, TARGET_HIGH))
    spread = pooled(newest(TARGET_MEAN)[1], newest(TARGET_STD)[1]).std
    below, above = low - least, most - high
    if not max(below, above) > BEYOND.value * spread:
        return None
    wanted = f"targets reach from {fmt(least, 3)} to {fmt(most, 3)}, std {fmt(spread, 2)}"
    if below >= above:
        name, observed, limit, side = TARGET_LOW.name, least, low, "below"
    else:
        name, observed, limit, side = TARGET_HIGH.name, most, high, "above"
    first, last = _looked_at(facts, TARGET_LOW)
    reads = f"{criterion.behind} returns nothing {side} {fmt(limit)}, and {wanted}"
    evidence = Evidence(name, first, last, observed, limit, reads, BEYOND.source)
    return _found(evidence, "info" if facts.level.explained >= EXPLAINED.value else "error")


def _sums(facts: Facts, criterion: CriterionInfo) -> Found | None:
    """Return the finding for the targets of a softmax that do not sum to 1 over an example."""
    shape, means = criterion.prediction_shape, facts.batches.newest(TARGET_MEAN)[1]
    if criterion.behind != "softmax" or len(shape) != 2 or not len(means):
        return None
    total = float(means.mean()) * shape[-1]
    if abs(total - 1) <= SUM.value:
        return None
    first, last = _looked_at(facts, TARGET_MEAN)
    reads = f"a softmax sums to 1; the {shape[-1]} targets of an example sum to {fmt(total, 3)}"
    return _found(Evidence("target_sum", first, last, total, 1.0, reads, SUM.source))


def _looked_at(facts: Facts, signal: Signal) -> tuple[int, int]:
    steps = facts.batches.measured(signal)[0]
    return (int(steps[0]), int(steps[-1])) if len(steps) else facts.window


def _found(evidence: Evidence, severity: Severity = "error") -> Found:
    return Found(severity, evidence.first_step, (evidence,))


_PROOFS: dict[str, tuple[Callable[[Facts, CriterionInfo], Found | None], ...]] = {
    "cross_entropy": (_classes,),
    "nll_loss": (),
    LOGITS: (_logits,),
}


def _of(name: str, behind: str, outputs: int = 1) -> list[Mark]:
    shape = [64, outputs]
    kind = "int64" if name == "cross_entropy" else "float32"
    target = [64] if name == "cross_entropy" and outputs > 1 else shape
    given = {"prediction_shape": shape, "target_shape": target, "target_dtype": kind}
    return [synth.criterion(name=name, behind=behind, **given)]


_NORMAL = {
    TARGET_MEAN: 0.0,
    TARGET_STD: 1.0,
    TARGET_LOW: -2.2,
    TARGET_HIGH: 2.2,
    PREDICTION_LOW: 0.0,
    PREDICTION_HIGH: 1.5,
    CLASS_COUNT: np.nan,
}
"""Of a regression with standardised targets."""
_COINS = {
    **dict.fromkeys(LABEL_COUNTS, 0),
    LABEL_COUNTS[0]: 32,
    LABEL_COUNTS[1]: 32,
    TARGET_MEAN: 0.5,
    TARGET_HIGH: 1.0,
    CLASS_COUNT: 2,
}

RULE = Rule(
    id="wrong-output-activation",
    claim="The output layer cannot produce the targets.",
    stage="wiring",
    needs=(TARGET_COUNT,),
    min_steps=1,
    check=check,
    thresholds={
        "beyond": BEYOND,
        "units": UNITS,
        "labels": LABELS,
        "sum": SUM,
        "floor": FLOOR,
        "dead": DEAD,
        "explained": EXPLAINED,
    },
    explains=(
        "no-signal",
        "class-imbalance",
        "unnormalised-target",
        "dead-relu",
        "saturated-activation",
        "vanishing-gradient",
        "lr-too-low",
        "batch-too-small",
        "label-noise",
        "model-too-small",
        "missing-nonlinearity",
        "zero-grad-before-step",
        "update-underflow",
    ),
    while_improving="keep",
    fixes=(
        "Remove the function after the last layer: a linear output reaches every target.",
        "Or scale the targets into its range: 0 to 1 for sigmoid, -1 to 1 for tanh.",
        "For one output and two classes use nn.BCEWithLogitsLoss on the logit.",
    ),
    confusables={
        "unnormalised-target": "there the output could reach the targets, but they are far away",
        "double-softmax": "there the loss applies the softmax again",
        "double-sigmoid": "there the loss applies the sigmoid again",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "a ReLU before squared error, with targets on both sides of 0",
            lambda: synth.run(
                loss=synth.flat(300, at=0.5), marks=_of("mse_loss", "relu"), total=_NORMAL
            ),
        ),
        Case(
            "a softmax over one unit",
            lambda: synth.run(
                loss=synth.flat(300, at=0.5),
                marks=_of("mse_loss", "softmax"),
                total={**_NORMAL, PREDICTION_LOW: 1.0, PREDICTION_HIGH: 1.0},
            ),
        ),
        Case(
            "cross-entropy of one output",
            lambda: synth.run(
                loss=synth.flat(300, at=0.0, noise=0), marks=_of("cross_entropy", "addmm")
            ),
        ),
        Case(
            "tanh before cross-entropy: logits from -1 to 1",
            lambda: synth.run(loss=synth.flat(300, at=1.0), marks=_of("cross_entropy", "tanh", 10)),
        ),
        Case(
            "a ReLU before BCE-with-logits: never less than an even chance",
            lambda: synth.run(
                loss=synth.flat(300, at=0.4), marks=_of(LOGITS, "relu"), total=_COINS
            ),
        ),
        Case(
            "binary targets of -1 and 1",
            lambda: synth.run(marks=_of(LOGITS, "addmm"), total={**_COINS, TARGET_LOW: -1.0}),
        ),
        Case(
            "a softmax for targets of which several are 1",
            lambda: synth.run(
                loss=synth.flat(300, at=0.5),
                marks=_of("binary_cross_entropy", "softmax", 8),
                total=_COINS,
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a linear output",
            lambda: synth.run(marks=_of("mse_loss", "addmm"), total=_NORMAL),
        ),
        Case(
            "a sigmoid for targets between 0 and 1, a few of them just beyond",
            lambda: synth.run(
                marks=_of("mse_loss", "sigmoid"),
                total={
                    **_NORMAL,
                    TARGET_MEAN: 0.5,
                    TARGET_STD: 0.3,
                    TARGET_LOW: -0.1,
                    TARGET_HIGH: 1.1,
                },
            ),
        ),
        Case(
            "a softplus for positive targets",
            lambda: synth.run(
                marks=_of("mse_loss", "softplus"), total={**_NORMAL, TARGET_LOW: 0.1}
            ),
        ),
        Case(
            "a softmax for targets that sum to 1",
            lambda: synth.run(
                marks=_of("mse_loss", "softmax", 8),
                total={**_NORMAL, TARGET_MEAN: 0.125, TARGET_LOW: 0.0, TARGET_HIGH: 1.0},
            ),
        ),
        Case(
            "logits without bounds",
            lambda: synth.run(marks=_of(LOGITS, "addmm"), total=_COINS),
        ),
    ),
)
