"""Prediction and target shapes broadcast.

Sees
    What the criterion is given: as many targets as predictions, and yet each prediction is compared
    with several targets, because shapes such as (64, 1) and (64,) make (64, 64).

Why the loss stalls
    Every prediction is pulled towards all targets of its batch at once, which is best met by their
    mean. The model learns to predict a constant, at the loss of a constant prediction.

Fix
    Give both the same shape: squeeze the prediction, or unsqueeze the target.

Not to be confused with
    no-signal: the same flat level, with equal shapes.
    One target for all predictions, and one prediction for several outputs: stretched on purpose.
    Distances of all pairs, with a dimension put in for it.

Sources
    By definition. PyTorch warns of it in mse_loss, l1_loss, smooth_l1_loss and huber_loss, and says
    nothing of a difference written by hand.
"""

from __future__ import annotations

import math
from typing import Any

from lossmon.diagnosis import synth
from lossmon.diagnosis.batches import CriterionInfo
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt
from lossmon.signals import CRITERION, LOSS

PARTNERS = Threshold(1, "target for each prediction", "by definition")


def check(facts: Facts) -> Outcome:
    """Fire where as many predictions as targets were stretched against each other."""
    criteria = facts.batches.criteria
    if not criteria:
        return Skipped("no criterion whose inputs are known")
    crossed = [criterion for criterion in criteria if criterion.crossed]
    if not crossed:
        return CLEAR
    since = max(facts.first_step, min(c.step for c in crossed))
    return Found("error", since, (_evidence(facts, crossed[0], since),))


def _evidence(facts: Facts, criterion: CriterionInfo, since: int) -> Evidence:
    terms, pairs = criterion.name or "the loss, a difference written by hand,", _pairs(criterion)
    reads = f"{terms} compares each prediction with {fmt(pairs) if pairs else 'all'} targets"
    shapes = [criterion.prediction_shape, criterion.target_shape]
    if shapes[0] != shapes[1]:
        reads += f": shapes {shapes[0]} and {shapes[1]}"
    limit = PARTNERS
    return Evidence(
        CRITERION,
        since,
        facts.last_step,
        float(pairs or math.inf),
        limit.value,
        reads,
        limit.source,
    )


def _pairs(criterion: CriterionInfo) -> int:
    """Return how many targets each prediction of a batch meets; 0 where it was not noted.

    As they stand in the graph both are stretched already: then the batch is the first dimension.
    """
    prediction, target = criterion.prediction_shape, criterion.target_shape
    return max([1, *prediction[:1], *target[:1]]) if prediction and target else 0


def _crossed(**changed: Any) -> Any:
    marks = [synth.criterion(name="mse_loss", stretched=True, **changed)]
    return synth.run(loss=synth.flat(300, at=1.0), marks=marks)


RULE = Rule(
    id="loss-broadcast",
    claim="Prediction and target shapes broadcast.",
    stage="wiring",
    needs=(LOSS,),
    min_steps=1,
    check=check,
    thresholds={"partners": PARTNERS},
    explains=("no-signal", "model-too-small", "label-noise", "batch-too-small", "lr-too-low"),
    while_improving="keep",
    fixes=(
        "Give prediction and target one shape: criterion(model(x).squeeze(1), y).",
        "Write assert prediction.shape == target.shape before the loss.",
        "Read the warnings of your script: mse_loss warns of a target size that differs.",
    ),
    confusables={"no-signal": "there the shapes are equal"},
    doc=__doc__ or "",
    fires=(
        Case(
            "(64, 1) against (64,)",
            lambda: _crossed(crossed=True, prediction_shape=[64, 1], target_shape=[64]),
        ),
        Case(
            "stretched shapes, as the graph keeps them",
            lambda: _crossed(crossed=True, prediction_shape=[64, 64], target_shape=[64, 64]),
        ),
        Case(
            "a difference written by hand",
            lambda: synth.run(
                loss=synth.flat(300, at=1.0),
                marks=[synth.mark_of_criterion({"name": "", "stretched": True, "crossed": True})],
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "one target for all predictions",
            lambda: _crossed(prediction_shape=[64, 1], target_shape=[64, 1]),
        ),
    ),
)
