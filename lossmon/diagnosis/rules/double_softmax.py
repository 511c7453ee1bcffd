"""Softmax is applied before a loss that applies it again.

Sees
    The function behind what cross-entropy is given; where that is no softmax, whether the values
    lie between 0 and 1 and each example's sum to 1, in every batch looked at. Exact.

Why the loss stalls
    Cross-entropy takes logits. Probabilities as logits differ by 1 at most, so that the loss cannot
    fall below ln(e + K - 1) - 1 for K classes, and gradients pass through two softmaxes.

Fix
    Give the loss the logits.

Not to be confused with
    Log-softmax before cross-entropy: the second one changes nothing, and is harmless.
    lr-too-low: there the loss creeps as well, and no floor is above it.

Sources
    The floor: the softmax of a one-hot row, by definition. PyTorch documentation,
    CrossEntropyLoss: "the input is expected to contain the unnormalized logits for each class".
"""

from __future__ import annotations

from lossmon.batchsignals import (
    PREDICTION_HIGH,
    PREDICTION_LOW,
    ROW_SPREAD,
    ROW_SUM_ERROR,
    TARGET_COUNT,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.batches import CriterionInfo
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.reach import class_floor, near_floor
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt
from lossmon.signals import CLASS_COUNT

SPREAD = Threshold(1.0, "", "by definition: probabilities lie between 0 and 1")
SUMS = Threshold(1e-3, "", "rounding: a softmax in half precision sums to 1 within 1e-3")
BATCHES = Threshold(5, "batches", "logits hardly sum to 1 once, let alone so often")

HIDDEN = ("", "compiledfunction")


def check(facts: Facts) -> Outcome:
    """Fire where cross-entropy is given probabilities."""
    criterion = facts.batches.criterion
    if criterion is None:
        return Skipped("no criterion was recognised")
    if criterion.name != "cross_entropy" or criterion.behind == "logsoftmax":
        return CLEAR
    steps, spreads = facts.batches.measured(ROW_SPREAD)
    if not len(steps):
        return Skipped("the spread of the logits was not looked at")
    if spreads.max() <= SPREAD.value and _is_hidden(facts, criterion):
        return Skipped("the function behind the criterion is not known")
    classes = _classes(facts)
    if classes < 2 or not (criterion.behind == "softmax" or _are_probabilities(facts)):
        return CLEAR
    first, last, widest = int(steps[0]), int(steps[-1]), float(spreads.max())
    reads = f"{_given(criterion)}: no two of an example differ by more than {fmt(widest, 3)}"
    tag = ROW_SPREAD.name
    evidence = Evidence(tag, first, last, widest, SPREAD.value, reads, SPREAD.source)
    return Found("error", first, (evidence, *_floor(facts, criterion, classes)))


def _classes(facts: Facts) -> int:
    classes = facts.batches.newest(CLASS_COUNT)[1]
    return int(classes[-1]) if len(classes) else 0


def _is_hidden(facts: Facts, criterion: CriterionInfo) -> bool:
    """Return whether neither the function nor the sums of what it returned are known."""
    return criterion.behind in HIDDEN and not len(facts.batches.measured(ROW_SUM_ERROR)[0])


def _are_probabilities(facts: Facts) -> bool:
    """Return whether what was given had the range and the sums of probabilities in every batch."""
    sums = facts.batches.measured(ROW_SUM_ERROR)[1]
    low, high = (facts.batches.measured(s)[1] for s in (PREDICTION_LOW, PREDICTION_HIGH))
    if min(len(sums), len(low), len(high)) < BATCHES.value:
        return False
    inside = low.min() >= 0 and high.max() <= 1 + SUMS.value
    return bool(inside and sums.max() <= SUMS.value)


def _given(criterion: CriterionInfo) -> str:
    if criterion.behind == "softmax":
        return "cross_entropy is given what a softmax returns"
    return "what cross_entropy is given sums to 1 over the classes, in every example"


def _floor(facts: Facts, criterion: CriterionInfo, classes: int) -> tuple[Evidence, ...]:
    """Return how near the loss is to the least that it can be; of a summed loss nothing."""
    if criterion.reduction == "sum":
        return ()
    floor = class_floor(classes, SPREAD.value)
    return near_floor(facts, floor, f"{classes} classes", "ln(e + K - 1) - 1")


_PROBABILITIES = {ROW_SPREAD: 0.97, ROW_SUM_ERROR: 1e-6, PREDICTION_LOW: 0, PREDICTION_HIGH: 0.98}

RULE = Rule(
    id="double-softmax",
    claim="Softmax is applied before a loss that applies it again.",
    stage="wiring",
    needs=(TARGET_COUNT,),
    min_steps=1,
    check=check,
    thresholds={"spread": SPREAD, "sums": SUMS, "batches": BATCHES},
    explains=(
        "no-signal",
        "class-imbalance",
        "vanishing-gradient",
        "saturated-activation",
        "lr-too-low",
        "batch-too-small",
        "label-noise",
        "model-too-small",
    ),
    while_improving="keep",
    fixes=(
        "Remove the softmax at the end of the model: nn.CrossEntropyLoss takes the logits.",
        "Apply softmax outside of training only, where probabilities are wanted.",
        "If probabilities must come out of the model, use nn.LogSoftmax and nn.NLLLoss.",
    ),
    confusables={"lr-too-low": "there no floor lies above the loss"},
    doc=__doc__ or "",
    fires=(
        Case(
            "a softmax stands before cross-entropy, and the loss is near its floor",
            lambda: synth.run(
                loss=synth.flat(300, at=1.52),
                marks=[synth.criterion(behind="softmax")],
                total=_PROBABILITIES,
            ),
        ),
        Case(
            "rows sum to 1, whatever function they come from",
            lambda: synth.run(
                loss=synth.falling(300, end=1.5),
                marks=[synth.criterion(behind="div")],
                total=_PROBABILITIES,
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "log-softmax before cross-entropy",
            lambda: synth.run(marks=[synth.criterion(behind="logsoftmax")]),
        ),
        Case(
            "log-softmax and negative log-likelihood, whose exponentials sum to 1",
            lambda: synth.run(
                marks=[synth.criterion(name="nll_loss", behind="logsoftmax")],
                total={ROW_SUM_ERROR: 1e-6},
            ),
        ),
        Case(
            "logits of an untrained model: small, and they sum to anything",
            lambda: synth.run(
                loss=synth.flat(300),
                total={ROW_SPREAD: 0.6, ROW_SUM_ERROR: 0.9, PREDICTION_LOW: -0.3},
            ),
        ),
        Case(
            "a softmax inside the model: attention, with a linear layer after it",
            lambda: synth.run(marks=[synth.criterion(behind="addmm")]),
        ),
    ),
)
