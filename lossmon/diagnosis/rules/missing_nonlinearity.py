"""Stacked linear layers with nothing non-linear between.

Sees
    Which layers feed each other, and which functions stand between them, from the autograd graph
    of a sampled step: activations that are called as functions count.

Why the loss stalls
    Linear maps in a row are one linear map, however many and wide they are. The loss falls to
    what the best linear model reaches, and no training gets it below.

Fix
    Put an activation between the layers.

Not to be confused with
    A linear model on purpose: one matrix, or matrices in a row of which one is narrow, as in
    adapters, factorised tables and linear autoencoders.
    model-too-small: there non-linear functions stand between too few units.
    no-signal: there nothing could be learnt, by any model.

Sources
    A product of matrices is a matrix, by definition.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.architecture import Straight, stacked, straight
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.floor import LEAST_RATIO, MOST, judgeable, off_floor
from lossmon.diagnosis.progress import progress, progress_so_far
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.layersignals import STD_OUT
from lossmon.numfmt import plural
from lossmon.records import LayerInfo
from lossmon.signals import LOSS, PRIOR_LOSS, UPDATE_NORM

NEEDED = Threshold(1, "layer", "by definition: one that the next one could do the work of")
LEAST = Threshold(-0.1, "of the prior's loss", "worse than a constant by more: updates do harm")


def check(facts: Facts) -> Outcome:
    """Fire where a linear map is made of more layers than that takes, and does not explain all.

    For information but at a floor of a model that is linear as a whole.
    """
    if not facts.layers.infos:
        return Skipped("the layers were not seen to run")
    line = straight(facts)
    needless = () if line is None else stacked(facts, line.end)
    if line is None or not needless:
        return CLEAR
    reached = progress(facts)
    if facts.motion.total_ratio < LEAST_RATIO.value or not LEAST.value < reached < MOST.value:
        return CLEAR
    at_floor = judgeable(facts) is None and not off_floor(facts, least=LEAST.value, by_shape=True)
    severity: Severity = "warning" if line.is_whole and at_floor else "info"
    names = tuple(matrix.parameter for matrix in needless)
    evidence = (_layers(facts, line, len(names)), *progress_so_far(facts, MOST))
    return Found(severity, facts.first_step, evidence, names)


def _layers(facts: Facts, line: Straight, needless: int) -> Evidence:
    reads = f"{plural(needless, 'layer')} could be multiplied into the next: no activation, none "
    reads += "called as a function either, stands "
    reads += "anywhere in the model" if line.is_whole else "between"
    first, last = facts.first_step, facts.sampled_window[1]
    return Evidence(STD_OUT.name, first, last, needless, NEEDED.value, reads, NEEDED.source)


def _bare(*between: str) -> tuple[LayerInfo, ...]:
    """Return the layers of the synthetic model without its ReLUs."""
    rows = [replace(layer, activation="") for layer in LAYERS if layer.kind == "Linear"]
    fed = [replace(row, sources=(at - 1,) if at else ()) for at, row in enumerate(rows)]
    return (fed[0], *(replace(row, between=between) for row in fed[1:]))


def _bent_late() -> tuple[LayerInfo, ...]:
    """Return the layers of the synthetic model without the first of its ReLUs."""
    *straight, last = _bare()
    return (*straight, replace(last, between=("relu",)))


_AT_FLOOR = synth.flat(300, at=1.4)
_RANK = {"0.weight": (4, 32), "0.bias": (4,), "4.weight": (10, 4), "4.bias": (10,)}

RULE = Rule(
    id="missing-nonlinearity",
    claim="Stacked linear layers with nothing non-linear between.",
    stage="gradient-flow",
    needs=(LOSS, UPDATE_NORM),
    min_steps=100,
    check=check,
    thresholds={
        "needed": NEEDED,
        "least": LEAST,
        "most": MOST,
        "least_ratio": LEAST_RATIO,
    },
    explains=("no-signal", "model-too-small", "label-noise"),
    fixes=(
        "Put nn.ReLU() or nn.GELU() between the layers named; not behind the last one.",
        "Call the activations in forward(), if __init__ only makes them.",
    ),
    confusables={
        "model-too-small": "there non-linear functions stand between too few units",
        "no-signal": "there nothing could be learnt, by any model",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "three linear layers at a floor",
            lambda: synth.run(loss=_AT_FLOOR, layers=_bare()),
            culprits=("0.weight", "2.weight"),
        ),
        Case(
            "three linear layers with dropout and norms between, at the prior",
            lambda: synth.run(
                loss=synth.flat(300), layers=_bare("nativedropout", "nativelayernorm")
            ),
            culprits=("0.weight", "2.weight"),
        ),
        Case(
            "a linear model that still learns: for information",
            lambda: synth.run(loss=synth.falling(300, end=1.0), layers=_bare()),
            culprits=("0.weight", "2.weight"),
        ),
        Case(
            "three linear layers, and a loss of which no level is known: for information",
            lambda: synth.run(loss=_AT_FLOOR, layers=_bare(), total={PRIOR_LOSS: np.nan}),
            culprits=("0.weight", "2.weight"),
        ),
        Case(
            "two linear layers before the only activation: for information",
            lambda: synth.run(loss=_AT_FLOOR, layers=_bent_late()),
            culprits=("0.weight",),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case("a floor with activations", lambda: synth.run(loss=_AT_FLOOR)),
        Case(
            "activations that are called as functions",
            lambda: synth.run(loss=_AT_FLOOR, layers=_bare("relu")),
        ),
        Case(
            "a linear model that explains nearly all",
            lambda: synth.run(loss=synth.flat(300, at=0.1, noise=0.002), layers=_bare()),
        ),
        Case(
            "a rank that was chosen: each layer is narrower than both of its ends",
            lambda: synth.run(
                loss=_AT_FLOOR, layers=(_bare()[0], replace(_bare()[2], sources=(0,))), shapes=_RANK
            ),
        ),
    ),
)
