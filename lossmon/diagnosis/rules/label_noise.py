"""A share of the labels is wrong.

Sees
    The validation loss has turned well above 0 and below that of a constant prediction, where the
    training loss was no better: from there on labels are learnt by heart; for information, that
    it stays there while the training loss falls, and of examples held out, pass by pass, by little.
    Without a validation loss, for information, that from a floor on the loss falls only where one
    pass over the data ends and the next begins, as examples come again, and not within passes. Of a
    classifier any other class has to be about as likely at that floor; of a loss without a known
    constant (triplets, pairs, several heads) half of what it was at first has to be left there. Or,
    for information, a floor that is not the model's: the loss is flat at such a level, and a probe
    could overfit one batch; or at rest the model is as unsure of every example as of any other, and
    as often wrong as that, whatever a probe finds; or it makes as many errors at such a loss as
    labels bring about that were drawn at random.
    The floor may be one where the loss lingered only: labels are learnt by heart since, slower than
    the relation was. Of a regression at rest, that a few of its targets are far off, by how much
    the losses of batches differ: then gradients may agree, and a probe decides. And where the model
    is sure of some examples, and right, and knows next to nothing of the rest: those of one source,
    or of some classes.

Why the loss stalls
    The model has learnt what inputs say of the labels. What is left is chance: no model predicts
    it, and with time it is learnt by heart, example by example. Where that goes as fast as the
    relation is learnt the training loss shows it by its stairs only, and a validation loss does.

Fix
    Look at the examples with the highest loss: wrong labels are among them.

Not to be confused with
    model-too-small: there the model cannot overfit even one batch, and is surer of some examples
    than of others; without the probe and probabilities the two look alike, and the report says so.
    A relation in two parts: once the second is found the loss falls as fast as it did before.
    Noise in the relation itself: a floor as well, and then there is nothing to repair. Only the
    labels can tell, so that a floor alone is for information. Of several targets in an example it
    takes errors on all classes alike: the next word is one of a few.
    overfitting: there the training loss is far below that of validation when that is at its best.
    Without a validation loss falls within passes tell about where it would be, and few examples
    leave a classifier unsure between some classes only. Of other losses the two can look alike.
    What each pass changes or repeats: a term of the loss that weighs less with each pass, examples
    sorted from easy to hard. There too the loss falls between passes; a single fall is no sign.
    no-signal: there nothing at all is explained.
    dropout-too-strong: there the loss is lower in eval mode.

Sources
    Arpit et al. 2017, A Closer Look at Memorization, section 3: networks that fit the data fit
    noise too, only later. Zhang et al. 2017, section 2. Howard & Whitaker 2023, Can LLMs learn
    from a single example?: losses that fall between epochs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import ACCURACY, CONFIDENT_WRONG, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.bottleneck import bottleneck, small
from lossmon.diagnosis.byheart import OF_STAIRS, by_heart, by_parting, by_stairs
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.fano import BELOW, MET, TARGETS, errors
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.floor import (
    BY_HEART,
    CREEP,
    FITTED,
    LEAST,
    MOST,
    NEEDS,
    RELATED,
    THRESHOLDS,
    creeps,
    judgeable,
    off_floor,
    probed,
    rests,
    standing,
    tried,
)
from lossmon.diagnosis.heartdoubt import doubt
from lossmon.diagnosis.level import BY_CHANCE
from lossmon.diagnosis.lingering import BATCHES, Stretch, calm, fallen_since, lingered
from lossmon.diagnosis.parted import GAP
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Threshold, Undecided
from lossmon.diagnosis.synthtables import EVENLY_UNSURE
from lossmon.diagnosis.tails import HEAVY, Tails, heavy_tails
from lossmon.diagnosis.twokinds import APART, MISSED, two_kinds
from lossmon.diagnosis.unsure import (
    ALIKE,
    ANY,
    BALANCED,
    EVEN,
    RIGHT,
    SOFT,
    SURE,
    related,
    resting_evenly,
    resting_since,
)
from lossmon.diagnosis.validation import RISE
from lossmon.records import Run
from lossmon.signals import (
    CONFIDENCE_STD,
    CRITERION_LOSS,
    EPOCH,
    GRAD_DOT_PREV,
    LOSS,
    PREDICTION_CONFIDENCE,
    PREDICTION_ENTROPY,
    UPDATE_NORM,
    VAL_LOSS,
)

LEFT = Threshold(
    0.81, "of the prior's loss", "0.9 squared: the most with a tenth of the targets those of others"
)


def check(facts: Facts) -> Outcome:
    """Fire where a model that can learn noise by heart reaches a floor, or has left one so."""
    outcome = _of_levels(facts)
    if isinstance(outcome, Found):
        return outcome
    found = by_stairs(facts) or by_parting(facts)
    return found or (outcome if isinstance(outcome, Undecided) else doubt(facts) or outcome)


def _of_levels(facts: Facts) -> Outcome:
    unknown = judgeable(facts)
    if unknown is not None:
        return unknown
    learnt = by_heart(facts)
    if learnt is not None:
        return learnt
    tails = _far_off(facts)
    if off_floor(facts) and tails is None:
        return _at_random(facts) or _lingered(facts) or CLEAR
    probe = probed(facts)
    if bottleneck(facts) is not None:
        return CLEAR
    if probe is None:
        return _unprobed(facts)
    if not probe[0]:
        return _at_random(facts) or CLEAR
    seen = () if tails is None else (tails.evidence(),)
    return Found("info", facts.sampled_window[0], (_stands(facts), *seen, tried(facts, probe[1])))


def _unprobed(facts: Facts) -> Outcome:
    hint = _at_random(facts) or _lingered(facts, CREEP.value)
    if hint is not None:
        return hint
    return CLEAR if creeps(facts) else Undecided(NEEDS)


def _far_off(facts: Facts) -> Tails | None:
    """Return that a regression rests, and a few of its targets are far off; None if not so.

    Each such target pulls a batch its way, so that gradients may agree on what follows nowhere.
    """
    is_between = LEAST.value < facts.level.explained < LEFT.value
    if facts.trend.direction == "falling" or not is_between or not rests(facts):
        return None
    return heavy_tails(facts)


def _at_random(facts: Facts) -> Found | None:
    """Return as a hint that errors are those of chance, at rest or learnt by heart; None if not.

    Where all examples are equally unsure a probe that failed says only that this model learns no
    noise by heart, which is not what it lacks.
    """
    if not _is_between(facts):
        return None
    evenly = resting_evenly(facts)
    evidence = None if evenly is None else evenly.evidence()
    is_related = facts.level.explained >= RELATED.value
    by_count = evidence is None and is_related and _may_be_labels(facts)
    if by_count and not off_floor(facts, creep=BY_HEART.value):
        evidence = _errors_met(facts)
    if evidence is None:
        return None
    probe = probed(facts)
    proofs = (evidence,) if probe is None else (evidence, tried(facts, probe[1]))
    return Found("info", facts.sampled_window[0], (_stands(facts), *proofs))


def _may_be_labels(facts: Facts) -> bool:
    """Return whether something was learnt and not all, and nothing says the model is too small."""
    probe = probed(facts)
    return _is_between(facts) and (probe is None or probe[0])


def _is_between(facts: Facts) -> bool:
    """Return whether something was learnt and not all, by a model of more than a few units."""
    return related(facts) <= facts.level.explained < MOST.value and small(facts) is None


def _lingered(facts: Facts, least: float = -np.inf) -> Found | None:
    """Return as a hint that the loss lingered where labels are random, all of them or some.

    `least`: share of the prior's loss by which it has to have fallen since, where all are: of what
    rests all of the rest tells.
    """
    if not _may_be_labels(facts) or bottleneck(facts) is not None:
        return None
    stretches = calm(facts, RELATED.value)
    found = lingered(facts, stretches)
    if found is not None and fallen_since(facts, found) > least * facts.level.prior:
        return _hint(facts, found, found.unsure.evidence())
    kinds = two_kinds(facts, stretches)
    return None if kinds is None else _hint(facts, stretches[0], kinds.evidence())


def _hint(facts: Facts, stretch: Stretch, evidence: Evidence) -> Found:
    words = "over steps {}-{} the loss hardly fell, at".format(*stretch.steps)
    stood = standing(facts, stretch.loss, stretch.steps, words)
    return Found("info", stretch.steps[0], (stood, evidence))


def _errors_met(facts: Facts) -> Evidence | None:
    """Return that so many errors cost just what they do; None where the loss is another by now."""
    found, level = errors(facts, resting_since(facts)), facts.level
    if found is None or not abs(found.loss - level.loss) < BY_HEART.value * level.prior:
        return None
    return found.evidence() if found.is_met(level.explained) else None


def _stands(facts: Facts) -> Evidence:
    falls = facts.trend.direction == "falling"
    words = "the loss hardly falls any more, at" if falls else "the loss is flat at"
    return standing(facts, facts.level.loss, facts.sampled_window, words)


_AT_FLOOR = synth.flat(300, at=1.4)
_OF_CHANCE = {ACCURACY: 0.64, CRITERION_LOSS: 1.444}
"""At that loss each example is 64 % sure of a class, and of no other more than of the rest."""
_EVEN_FLOOR = synth.flat(300, at=0.8)
_TIME = np.arange(300) / 300
_COURSE = 1.3 + np.exp(-20 * _TIME) - 0.9 * np.maximum(_TIME - 0.4, 0) + synth.flat(300, at=0)
_PARTING = np.where(
    np.arange(300) % 20 == 19, 1.3 + np.exp(-20 * _TIME) + np.maximum(_TIME - 0.4, 0), np.nan
)

_LINGERS = np.interp(_TIME, [0, 0.15, 0.6, 1], [2.3, 0.8, 0.8, 0.5]) + synth.flat(300, at=0)
_IN_TWO_PARTS = np.interp(_TIME, [0, 0.5, 0.8, 1], [2.3, 1.3, 1.3, 0.4]) + synth.flat(300, at=0)
_BY_HEART = {
    PREDICTION_CONFIDENCE: np.interp(_TIME, [0, 0.15, 0.6, 1], [0.1, 0.65, 0.65, 0.75]),
    CONFIDENCE_STD: np.where(_TIME < 0.6, 0.06, 0.25),
}
_OF_TWO_KINDS = {PREDICTION_CONFIDENCE: 0.65, CONFIDENCE_STD: 0.34, CONFIDENT_WRONG: 0.0}
"""Two thirds of the examples are sure, and the rest is anybody's guess."""
_PASS, _PLACE = np.arange(300) // 30, np.arange(300) % 30 / 30
_BEGUN = {EPOCH: np.where(np.arange(300) % 30 == 1, _PASS + 1.0, np.nan)}
_STAIRS = 1.4 + np.exp(-30 * _TIME) - 0.1 * _PASS + 0.1 * _PLACE + synth.flat(300, at=0)
"""Half a pass learns the relation, and what comes again is known a bit better each time."""
_FAR_OFF = synth.flat(300, at=1.4, noise=0.5)
"""Four times the variance that normal errors have in batches of 64."""
_REGRESSION = synth.criterion(name="mse_loss", target_dtype="float32")
_AGREED = {GRAD_DOT_PREV: 0.3}


def _regression(loss: NDArray[np.float64]) -> Run:
    """Return a run that rests though gradients agree, and could overfit one batch."""
    return synth.run(loss=loss, parameter=_AGREED, marks=(_REGRESSION, *synth.probe(True)))


def _tagger(confidence: float) -> Run:
    """Return a run whose loss lingered with that confidence, of ten words an example."""
    words = {TARGET_COUNT: 640.0, ACCURACY: confidence, PREDICTION_CONFIDENCE: confidence}
    return synth.run(loss=_LINGERS, total={**_BY_HEART, **words})


RULE = Rule(
    id="label-noise",
    claim="A share of the labels is wrong.",
    stage="level",
    needs=(LOSS, UPDATE_NORM),
    min_steps=150,
    check=check,
    thresholds={
        "fitted": FITTED,
        "gap": GAP,
        "related": RELATED,
        "by_chance": BY_CHANCE,
        "balanced": BALANCED,
        "by_heart": BY_HEART,
        "left": LEFT,
        "heavy": HEAVY,
        "rise": RISE,
        **OF_STAIRS,
        "bound": MET,
        "targets": TARGETS,
        "below": BELOW,
        "even": EVEN,
        "alike": ALIKE,
        "any": ANY,
        "right": RIGHT,
        "sure": SURE,
        "soft": SOFT,
        "batches": BATCHES,
        "apart": APART,
        "missed": MISSED,
        **THRESHOLDS,
    },
    fixes=(
        "Where no probe has been run, run one: mon.probe(batch), or lossmon run --probe. A model "
        "that cannot overfit one batch is too small, and labels may be right.",
        "Sort the training set by its loss, and look at the labels of the worst hundred.",
        "Log a validation loss, mon.log(val_loss=...), or have lossmon run --hold-out take one.",
        "Check the step that makes labels: ids that were joined wrongly, classes renumbered, "
        "annotators who disagree.",
        "Train with label_smoothing=0.1, or stop before the noise is learnt by heart.",
        "If the relation is a matter of chance, tell lossmon: watch(floor=...).",
    ),
    confusables={
        "model-too-small": "there the model cannot overfit one batch",
        "overfitting": "there the training loss is far lower when validation is at its best",
        "no-signal": "there nothing at all is explained",
    },
    explains=("overfitting",),
    while_improving="keep",
    yields_to=("missing-nonlinearity",),
    doc=__doc__ or "",
    fires=(
        Case(
            "a floor, and a probe that overfitted one batch",
            lambda: synth.run(loss=_AT_FLOOR, marks=synth.probe(True)),
        ),
        Case(
            "a floor at which errors are those of chance, without a probe: for information",
            lambda: synth.run(loss=synth.flat(300, at=1.444), total=_OF_CHANCE),
        ),
        Case(
            "a floor at which all examples are equally unsure, without a probe: for information",
            lambda: synth.run(loss=_EVEN_FLOOR, total=EVENLY_UNSURE),
        ),
        Case(
            "a floor at which all examples are equally unsure, and a probe that failed",
            lambda: synth.run(loss=_EVEN_FLOOR, total=EVENLY_UNSURE, marks=synth.probe(False)),
        ),
        Case(
            "the loss lingered where all examples were equally unsure, and falls by heart since",
            lambda: synth.run(loss=_LINGERS, total=_BY_HEART),
        ),
        Case(
            "some examples are sure, and right, and the rest unsure: for information",
            lambda: synth.run(loss=synth.flat(300, at=0.8), total=_OF_TWO_KINDS),
        ),
        Case(
            "the loss lingered where all words were equally unsure, and any other tag as likely",
            lambda: _tagger(0.82),
        ),
        Case(
            "a regression rests, a few targets are far off, and a probe overfitted one batch",
            lambda: _regression(_FAR_OFF),
        ),
        Case(
            "both losses reach a floor together, and part there",
            lambda: synth.run(loss=_COURSE, scalar={VAL_LOSS: _PARTING}),
        ),
        Case(
            "from a floor on the loss falls between passes over the data, and rises within them",
            lambda: synth.run(loss=_STAIRS, scalar=_BEGUN),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a floor, and a probe that could not overfit one batch",
            lambda: synth.run(loss=_AT_FLOOR, marks=synth.probe(False)),
        ),
        Case(
            "validation turns where the training loss is much lower: few examples",
            lambda: synth.run(loss=_COURSE, scalar={VAL_LOSS: _PARTING + 0.4}),
        ),
        Case(
            "the loss lingered where some examples were surer than others",
            lambda: synth.run(loss=_LINGERS, total={**_BY_HEART, CONFIDENCE_STD: 0.25}),
        ),
        Case(
            "the loss lingered, and then fell as fast as before: a relation in two parts",
            lambda: synth.run(loss=_IN_TWO_PARTS, total={**EVENLY_UNSURE, PREDICTION_ENTROPY: 1.3}),
        ),
        Case("the loss lingered where the next word was one of a few", lambda: _tagger(0.65)),
        Case(
            "a regression rests, errors are far apart, and most of it is learnt",
            lambda: _regression(_FAR_OFF / 4),
        ),
        Case(
            "a regression rests at normal errors, and gradients agree on a way to go",
            lambda: _regression(synth.flat(300, at=1.4, noise=0.24)),
        ),
        Case("the loss still falls", lambda: synth.run(marks=synth.probe(True))),
        Case("the loss falls within passes as well", lambda: synth.run(scalar=_BEGUN)),
        Case(
            "at the prior: nothing was learnt",
            lambda: synth.run(loss=synth.flat(300), marks=synth.probe(True)),
        ),
    ),
)
