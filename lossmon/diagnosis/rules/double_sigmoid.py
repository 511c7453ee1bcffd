"""Sigmoid is applied before BCE-with-logits.

Sees
    The function behind what binary_cross_entropy_with_logits is given; where that is not known,
    whether every batch looked at lies between 0 and 1 and fills that range. Exact.

Why the loss stalls
    The loss applies a sigmoid itself. Of a probability it makes 0.73 at most and never less than
    0.5, so that each target of 0 costs 0.69 at least and each of 1 costs 0.31.

Fix
    Give the loss the logits.

Not to be confused with
    Confident logits: they leave the range from 0 to 1.
    wrong-output-activation: there it is another function that bounds the logits.

Sources
    The floor: sigmoid(0) and sigmoid(1), by definition. PyTorch documentation, BCEWithLogitsLoss:
    "this loss combines a Sigmoid layer and the BCELoss in one single class".
"""

from __future__ import annotations

from lossmon.batchsignals import LABEL_COUNTS, PREDICTION_HIGH, PREDICTION_LOW, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.batches import CriterionInfo
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.reach import REACH, binary_floor, near_floor
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt
from lossmon.records import Mark

HIGHEST = Threshold(1.0, "", "by definition: a sigmoid lies between 0 and 1")
NEAR = Threshold(0.02, "", "logits do not stop so near to both 0 and 1 in batch after batch")
BATCHES = Threshold(8, "batches", "the first ones of a run are all looked at")
SIGMOIDS = ("sigmoid", "hardsigmoid")
CRITERION = "binary_cross_entropy_with_logits"


def check(facts: Facts) -> Outcome:
    """Fire where the logits are probabilities."""
    criterion = facts.batches.criterion
    if criterion is None:
        return Skipped("no criterion was recognised")
    if criterion.name != CRITERION:
        return CLEAR
    steps, high = facts.batches.measured(PREDICTION_HIGH)
    low = facts.batches.measured(PREDICTION_LOW)[1]
    if not len(low) or not len(high):
        return Skipped("the range of the predictions was not looked at")
    if criterion.behind not in SIGMOIDS and not _fills(facts):
        return CLEAR
    first, last, most = int(steps[0]), int(steps[-1]), float(high.max())
    given = f"what a {criterion.behind} returns" if criterion.behind in SIGMOIDS else "as logits"
    reads = f"{CRITERION} is given {given}: from {fmt(float(low.min()), 2)} to {fmt(most, 3)}"
    tag = PREDICTION_HIGH.name
    evidence = Evidence(tag, first, last, most, HIGHEST.value, reads, HIGHEST.source)
    return Found("error", first, (evidence, *_floor(facts, criterion)))


def _fills(facts: Facts) -> bool:
    """Return whether newer batches fill the range from 0 to 1, and no batch ever left it."""
    low, high = (facts.batches.measured(s)[1] for s in (PREDICTION_LOW, PREDICTION_HIGH))
    recent = int(BATCHES.value)
    if min(len(low), len(high)) < recent or low.min() < 0 or high.max() > HIGHEST.value:
        return False
    ends = max(float(low[-recent:].max()), 1 - float(high[-recent:].min()))
    bounded = facts.batches.criterion is not None and facts.batches.criterion.behind in REACH
    return not bounded and ends <= NEAR.value


def _floor(facts: Facts, criterion: CriterionInfo) -> tuple[Evidence, ...]:
    """Return how near the loss is to the least that it can be; nothing of a weighted or summed."""
    zeros, ones = facts.batches.pooled(LABEL_COUNTS[:2])
    plain = not criterion.weighted and criterion.reduction != "sum"
    if not plain or not zeros + ones > 0:
        return ()
    floor = binary_floor(0.0, HIGHEST.value, float(ones / (zeros + ones)))
    return near_floor(
        facts, floor, "these targets", "softplus(0) for each 0, softplus(-1) for each 1"
    )


BINARY = synth.criterion(
    name=CRITERION,
    behind="addmm",
    prediction_shape=[64, 1],
    target_shape=[64, 1],
    target_dtype="float32",
)
"""Of logits, as it should be."""
_COINS = {
    **dict.fromkeys(LABEL_COUNTS, 0),
    LABEL_COUNTS[0]: 32,
    LABEL_COUNTS[1]: 32,
    PREDICTION_LOW: 0.01,
    PREDICTION_HIGH: 0.99,
}


def _behind(function: str) -> Mark:
    return synth.criterion(**{**BINARY.detail, "behind": function})


RULE = Rule(
    id="double-sigmoid",
    claim="Sigmoid is applied before BCE-with-logits.",
    stage="wiring",
    needs=(TARGET_COUNT,),
    min_steps=1,
    check=check,
    thresholds={"highest": HIGHEST, "near": NEAR, "batches": BATCHES},
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
        "Remove the sigmoid at the end of the model: nn.BCEWithLogitsLoss takes the logits.",
        "Apply sigmoid outside of training only, where probabilities are wanted.",
        "If probabilities must come out of the model, use nn.BCELoss.",
    ),
    confusables={"wrong-output-activation": "there another function bounds the logits"},
    doc=__doc__ or "",
    fires=(
        Case(
            "a sigmoid stands before the loss, and the loss is near its floor",
            lambda: synth.run(
                loss=synth.flat(300, at=0.53), marks=[_behind("sigmoid")], total=_COINS
            ),
        ),
        Case(
            "logits that fill the range from 0 to 1 and never leave it",
            lambda: synth.run(
                loss=synth.flat(300, at=0.53), marks=[_behind("where")], total=_COINS
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "confident logits",
            lambda: synth.run(
                marks=[BINARY], total={**_COINS, PREDICTION_LOW: -9.0, PREDICTION_HIGH: 8.0}
            ),
        ),
        Case(
            "logits of an untrained model, all between 0 and 1",
            lambda: synth.run(
                loss=synth.flat(300, at=0.69),
                marks=[BINARY],
                total={**_COINS, PREDICTION_LOW: 0.2, PREDICTION_HIGH: 0.5},
            ),
        ),
        Case(
            "a sigmoid before the plain binary cross-entropy, where it belongs",
            lambda: synth.run(
                marks=[
                    synth.criterion(
                        **{**BINARY.detail, "name": "binary_cross_entropy", "behind": "sigmoid"}
                    )
                ],
                total=_COINS,
            ),
        ),
    ),
)
