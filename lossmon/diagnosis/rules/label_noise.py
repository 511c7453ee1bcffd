"""A share of the labels is wrong.

Sees
    A floor: a flat loss, well above 0 and below that of a constant prediction, at an optimum; and
    that the model can do more, for a probe overfitted one batch.

Why the loss stalls
    The model has learnt what inputs say of the labels. What is left is chance: no model predicts
    it, and with time it is learnt by heart, example by example.

Fix
    Look at the examples with the highest loss: wrong labels are among them.

Not to be confused with
    model-too-small: there the model cannot overfit even one batch; without the probe the two look
    alike, and the report says so.
    Noise in the relation itself: a floor as well, and then there is nothing to repair.
    no-signal: there nothing at all is explained.
    dropout-too-strong: there the loss is lower in eval mode.

Sources
    Arpit et al. 2017, A Closer Look at Memorization, section 3: networks that fit the data fit
    noise too, only later. Zhang et al. 2017, section 2.
"""

from __future__ import annotations

from lossmon.diagnosis import synth
from lossmon.diagnosis.bottleneck import bottleneck
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import (
    FITTED,
    LEAST,
    LEAST_RATIO,
    MOST,
    NEEDS,
    STATIONARY,
    WAY,
    judgeable,
    off_floor,
    probed,
    tried,
)
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Undecided
from lossmon.numfmt import fmt
from lossmon.signals import CRITERION_LOSS, LOSS, PRIOR_LOSS, UPDATE_NORM


def check(facts: Facts) -> Outcome:
    """Fire at a floor where a probe could overfit one batch, and no bottleneck is seen."""
    unknown = judgeable(facts)
    if unknown is not None:
        return unknown
    if off_floor(facts):
        return CLEAR
    probe = probed(facts)
    if probe is None:
        return Undecided(NEEDS) if bottleneck(facts) is None else CLEAR
    if not probe[0] or bottleneck(facts) is not None:
        return CLEAR
    level, (first, last) = facts.level, facts.sampled_window
    reads = f"the loss is flat at {fmt(level.loss, 3)}, where a constant has {fmt(level.prior, 3)}"
    floor = Evidence(
        CRITERION_LOSS.name,
        first,
        last,
        level.explained,
        MOST.value,
        reads,
        MOST.source,
        fmt((1 - MOST.value) * level.prior, 3),
    )
    return Found("warning", first, (floor, tried(facts, probe[1])))


_AT_FLOOR = synth.flat(300, at=1.4)

RULE = Rule(
    id="label-noise",
    claim="A share of the labels is wrong.",
    stage="level",
    needs=(LOSS, CRITERION_LOSS, PRIOR_LOSS, UPDATE_NORM),
    min_steps=150,
    check=check,
    thresholds={
        "fitted": FITTED,
        "least": LEAST,
        "most": MOST,
        "stationary": STATIONARY,
        "way": WAY,
        "least_ratio": LEAST_RATIO,
    },
    fixes=(
        "Sort the training set by its loss, and look at the labels of the worst hundred.",
        "Check the step that makes labels: ids that were joined wrongly, classes renumbered, "
        "annotators who disagree.",
        "Train with label_smoothing=0.1, or stop before the noise is learnt by heart.",
        "If the relation is a matter of chance, tell lossmon: watch(floor=...).",
    ),
    confusables={
        "model-too-small": "there the model cannot overfit one batch",
        "no-signal": "there nothing at all is explained",
    },
    yields_to=("missing-nonlinearity",),
    doc=__doc__ or "",
    fires=(
        Case(
            "a floor, and a probe that overfitted one batch",
            lambda: synth.run(loss=_AT_FLOOR, marks=synth.probe(True)),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a floor, and a probe that could not overfit one batch",
            lambda: synth.run(loss=_AT_FLOOR, marks=synth.probe(False)),
        ),
        Case("the loss still falls", lambda: synth.run(marks=synth.probe(True))),
        Case(
            "at the prior: nothing was learnt",
            lambda: synth.run(loss=synth.flat(300), marks=synth.probe(True)),
        ),
    ),
)
