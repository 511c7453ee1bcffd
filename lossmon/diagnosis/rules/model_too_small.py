"""The model cannot express the relation.

Sees
    A floor: a flat loss, well above 0 and below that of a constant prediction, at an optimum. And
    what a probe found, which tries to overfit one batch: for information, as a small model that has
    found all there is looks the same; or a layer of one or two units that everything has to go
    through, by the shapes and the graph.

Why the loss stalls
    The best weights are found, and they are not good enough. More steps lead nowhere.

Fix
    Widen the narrowest layer, or add layers.

Not to be confused with
    label-noise: there the loss has a floor too, and a model that could do more; the probe tells.
    A recurrent model may not learn one batch by heart in time, and labels be wrong all the same:
    where at rest it is as unsure of every example as of any other, labels are what it lacks.
    Noise that nobody can predict: then the floor is as low as it gets, whatever the model.
    A code of few units on purpose, in an autoencoder.
    missing-nonlinearity: there units are many, and add nothing.

Sources
    One batch that cannot be overfitted: TheDeepChecker (Ben Braiek and Khomh 2022), its check
    before training. Rank: logits of more classes than units in front of them are not independent
    (Yang et al. 2018, Breaking the Softmax Bottleneck, section 2.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossmon.diagnosis import synth
from lossmon.diagnosis.architecture import Matrix, outputs
from lossmon.diagnosis.bottleneck import FEW, SPARE, UNITS, bottleneck, small
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.floor import (
    LEAST,
    LEAST_RATIO,
    MOST,
    NEEDS,
    PROBE_CALL,
    THRESHOLDS,
    creeps,
    judgeable,
    off_floor,
    probed,
    standing,
    tried,
)
from lossmon.diagnosis.progress import progress_so_far
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Threshold, Undecided
from lossmon.diagnosis.synthtables import EVENLY_UNSURE
from lossmon.diagnosis.unsure import resting_evenly
from lossmon.numfmt import plural
from lossmon.signals import (
    CRITERION_LOSS,
    LOSS,
    PRIOR_LOSS,
    UPDATE_NORM,
    WEIGHT_NORM,
)

WORSE = Threshold(-0.1, "of the prior's loss", "worse than a constant by more: updates do harm")


def check(facts: Facts) -> Outcome:
    """Fire at a floor where a probe failed to overfit one batch, or a bottleneck is seen."""
    unknown = judgeable(facts)
    if unknown is not None:
        return unknown
    probe, neck = probed(facts), bottleneck(facts)
    cannot = () if probe is None or probe[0] else (tried(facts, probe[1]),)
    if neck is not None and (probe is None or cannot) and _is_stuck_at_prior(facts):
        seen = (_narrow(facts, neck), *cannot, *progress_so_far(facts, LEAST))
        return Found("info", facts.sampled_window[0], seen, (neck.parameter,))
    if cannot and neck is None and _lacks_nothing(facts):
        return CLEAR
    if off_floor(facts, by_shape=neck is not None):
        return _on_the_way(facts, neck, probe)
    if probe is not None and probe[0]:
        return CLEAR if neck is None else Undecided(_CONTRARY)
    if probe is None and neck is None:
        return _unprobed(facts)
    evidence = [standing(facts, facts.level.loss, facts.sampled_window)]
    if probe is not None:
        evidence.append(tried(facts, probe[1]))
    if neck is not None:
        evidence.append(_narrow(facts, neck))
    names = () if neck is None else (neck.parameter,)
    severity: Severity = "info" if neck is None else "warning"
    return Found(severity, facts.sampled_window[0], tuple(evidence), names)


def _is_stuck_at_prior(facts: Facts) -> bool:
    """Return whether nothing was learnt: two units that no longer fire let nothing through."""
    at_prior = WORSE.value < facts.level.explained <= LEAST.value
    return (
        at_prior
        and facts.trend.direction == "flat"
        and facts.motion.total_ratio >= LEAST_RATIO.value
    )


def _lacks_nothing(facts: Facts) -> bool:
    """Return whether all examples are equally unsure at rest, as wrong labels leave them.

    A larger model may learn those of one batch by heart, and would know no more of others.
    """
    return small(facts) is None and resting_evenly(facts) is not None


def _unprobed(facts: Facts) -> Outcome:
    """Return what a floor says without a probe: a hint where the whole model is small."""
    widest = small(facts)
    if widest is None:
        return CLEAR if creeps(facts) else Undecided(NEEDS)
    words = "the loss hardly falls any more, at" if creeps(facts) else "the loss is flat at"
    level = standing(facts, facts.level.loss, facts.sampled_window, words)
    evidence = (level, _few(facts, widest))
    return Found("info", facts.sampled_window[0], evidence, (widest.parameter,))


def _few(facts: Facts, widest: Matrix) -> Evidence:
    first, last = facts.sampled_window
    reads = f"no hidden layer has more than {plural(widest.outputs, 'unit')}, or all outputs come "
    reads += f"of so many; a probe would tell whether that is all: {PROBE_CALL}"
    return Evidence(WEIGHT_NORM.name, first, last, widest.outputs, FEW.value, reads, FEW.source)


def _on_the_way(
    facts: Facts, neck: Matrix | None, probe: tuple[bool, Mapping[str, Any]] | None
) -> Outcome:
    """Return that the model will be too small, where the loss still falls towards its floor."""
    failed = probe is not None and not probe[0]
    between = LEAST.value < facts.level.explained < MOST.value
    if not facts.is_improving or not between:
        return CLEAR
    widest = small(facts) if neck is None and probe is None else None
    if not failed and neck is None and widest is None:
        return CLEAR
    evidence = [tried(facts, probe[1])] if probe is not None and failed else []
    evidence += [] if neck is None else [_narrow(facts, neck)]
    evidence += [] if widest is None else [_few(facts, widest)]
    names = tuple(matrix.parameter for matrix in (neck, widest) if matrix is not None)
    return Found("info", facts.sampled_window[0], tuple(evidence), names)


_CONTRARY = (
    "a layer is very narrow, and yet one batch could be overfitted: widen it and train again"
)


def _narrow(facts: Facts, neck: Matrix) -> Evidence:
    reads = f"everything goes through {plural(neck.outputs, 'unit')} at layer {neck.name}, "
    reads += f"and {outputs(facts)} outputs come of them"
    first, last = facts.sampled_window
    return Evidence(WEIGHT_NORM.name, first, last, neck.outputs, UNITS.value, reads, UNITS.source)


_AT_FLOOR = synth.flat(300, at=1.4)
_SMALL = {
    "0.weight": (4, 32),
    "0.bias": (4,),
    "2.weight": (3, 4),
    "2.bias": (3,),
    "4.weight": (10, 3),
    "4.bias": (10,),
}
_NARROW = {
    "0.weight": (2, 32),
    "0.bias": (2,),
    "2.weight": (64, 2),
    "2.bias": (64,),
    "4.weight": (10, 64),
    "4.bias": (10,),
}

RULE = Rule(
    id="model-too-small",
    claim="The model cannot express the relation.",
    stage="level",
    needs=(LOSS, CRITERION_LOSS, PRIOR_LOSS, UPDATE_NORM),
    min_steps=150,
    check=check,
    thresholds={
        "units": UNITS,
        "spare": SPARE,
        "few": FEW,
        "worse": WORSE,
        **THRESHOLDS,
    },
    fixes=(
        "Widen the narrowest layer: to the number of outputs at least.",
        "Add a layer, or double all widths, and see whether the floor falls.",
        "Try to overfit one batch, with mon.probe(batch): if that works, look at the labels.",
    ),
    confusables={
        "label-noise": "there the model can overfit one batch",
        "missing-nonlinearity": "there units are many, and linear layers add nothing",
    },
    yields_to=("missing-nonlinearity",),
    doc=__doc__ or "",
    fires=(
        Case(
            "a layer of two units before ten classes, at a floor",
            lambda: synth.run(loss=_AT_FLOOR, shapes=_NARROW),
            culprits=("0.weight",),
        ),
        Case(
            "a floor, and a probe that could not overfit one batch",
            lambda: synth.run(loss=_AT_FLOOR, marks=synth.probe(False)),
        ),
        Case(
            "a layer of two units, at the prior: for information",
            lambda: synth.run(loss=synth.flat(300), shapes=_NARROW),
            culprits=("0.weight",),
        ),
        Case(
            "a floor, and no layer of more than four units: for information",
            lambda: synth.run(loss=_AT_FLOOR, shapes=_SMALL),
            culprits=("0.weight",),
        ),
        Case(
            "a probe that could not overfit one batch, and the loss still falls: for information",
            lambda: synth.run(loss=synth.falling(300, end=1.0), marks=synth.probe(False)),
        ),
        Case(
            "a layer of two units, and the loss still falls: for information",
            lambda: synth.run(loss=synth.falling(300, end=1.0), shapes=_NARROW),
            culprits=("0.weight",),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a floor, and a probe that overfitted one batch",
            lambda: synth.run(loss=_AT_FLOOR, marks=synth.probe(True)),
        ),
        Case(
            "a floor, and a probe that failed, but all examples are equally unsure: wrong labels",
            lambda: synth.run(
                loss=synth.flat(300, at=0.8), total=EVENLY_UNSURE, marks=synth.probe(False)
            ),
        ),
        Case(
            "two units, and nearly all is explained",
            lambda: synth.run(loss=synth.flat(300, at=0.1, noise=0.002), shapes=_NARROW),
        ),
        Case("at the prior: nothing was learnt", lambda: synth.run(loss=synth.flat(300))),
    ),
)
