"""Inputs are on a scale the network cannot use.

Sees
    Range, standard deviation and offset of what the model is given, where a layer takes that in
    unscaled; and what it did there: the first loss, the first updates, the gradient of that layer
    against the others', units that are pinned or the same for every input.

Why the loss stalls
    Initial weights and learning rates are chosen for inputs of about 1. Inputs in the hundreds make
    logits and gradients of hundreds, so that the first steps wreck the weights; inputs of a
    thousandth, or far off zero, drown in the bias.

Fix
    Subtract the mean and divide by the standard deviation of the training set, feature by feature.

Not to be confused with
    Token ids and other numbers that are looked up; a normalisation layer that comes first.
    lr-too-high: there the inputs are on the network's scale, and updates too large all the same.
    init-too-large and init-too-small: there the scale is lost in the layers.

Sources
    LeCun et al. 1998, "Efficient BackProp", section 4.3: inputs of mean 0 and variance 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lossmon.batchsignals import (
    INPUT_HIGH,
    INPUT_LOW,
    INPUT_MEAN,
    INPUT_OFFSET,
    INPUT_SCALE_SPREAD,
    INPUT_STD,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.entry import SAME_SCALE, entry
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.inputharm import (
    FIRST_LOSS,
    GATES,
    HARM,
    MOVES,
    OUTPUTS,
    PINNED,
    SAME,
    SHARE,
    SPIKE,
)
from lossmon.diagnosis.level import AT_PRIOR, NEARLY
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.stats import finite_median
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.layersignals import STD_IN, UNIT_STD
from lossmon.numfmt import fmt
from lossmon.signals import LOSS, TOTAL_UPDATE_RATIO, Signal

REACH = Threshold(30.0, "", "standardised data lie within 5; thirty is beyond any outlier of those")
WIDE = Threshold(20.0, "", "twenty times the std that initial weights are made for")
NARROW = Threshold(0.05, "", "a twentieth of the std that initial weights are made for")
OFFSET = Threshold(3.0, "of a feature's std", "the sign of a feature is then always the same")

USED = Threshold(0.5, "of the prior's loss", "who explains half of it uses the inputs")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the model was given first, as medians over the batches looked at."""

    first: int
    last: int
    low: float
    high: float
    std: float
    offset: float
    spread: float

    @property
    def reach(self) -> float:
        """Largest absolute value."""
        return max(abs(self.low), abs(self.high))


def check(facts: Facts) -> Outcome:
    """Fire where inputs of an unusual scale go into a layer as they are, and do harm there."""
    if not facts.layers.infos:
        return Skipped("no layers were recorded")
    inputs = _inputs(facts)
    scale = _scale(inputs)
    if scale is None:
        return CLEAR
    place = entry(facts)
    if place is None or place.normalises or facts.level.explained > NEARLY.value:
        return CLEAR
    scale = replace(
        scale, reads=f"{place.kind} {place.name} takes in the inputs as they are: {scale.reads}"
    )
    harm = [found for found in (proof(facts, place) for proof in HARM) if found is not None]
    if not harm:
        return CLEAR
    return Found(_severity(facts, harm), inputs.first, (scale, *harm), (place.name,))


def _severity(facts: Facts, harm: Sequence[Evidence]) -> Severity:
    """Return error only for a run of which it is known that it has not learned, or was wrecked."""
    wrecked = any(evidence.signal == TOTAL_UPDATE_RATIO.name for evidence in harm)
    known = facts.level.is_known or wrecked
    learns = facts.is_improving or facts.level.explained > USED.value
    return "error" if known and not learns else "info"


def _inputs(facts: Facts) -> Inputs:
    steps = facts.batches.measured(INPUT_STD)[0]

    def typical(signal: Signal) -> float:
        return finite_median(facts.batches.measured(signal)[1])

    return Inputs(
        int(steps[0]),
        int(steps[-1]),
        typical(INPUT_LOW),
        typical(INPUT_HIGH),
        typical(INPUT_STD),
        typical(INPUT_OFFSET),
        typical(INPUT_SCALE_SPREAD),
    )


def _scale(inputs: Inputs) -> Evidence | None:
    """Return what is unusual about the scale; None for inputs of the usual one."""
    reads = f"from {fmt(inputs.low, 3)} to {fmt(inputs.high, 3)}, std {fmt(inputs.std, 3)}"
    apart = np.exp(inputs.spread)
    if apart > REACH.value:
        reads += f", its features a factor of {fmt(float(apart), 2)} apart"
    if inputs.reach > REACH.value:
        return _about(inputs, INPUT_HIGH, inputs.reach, REACH, reads)
    if inputs.std > WIDE.value:
        return _about(inputs, INPUT_STD, inputs.std, WIDE, reads)
    if 0 < inputs.std < NARROW.value and inputs.reach < 1:
        return _about(inputs, INPUT_STD, inputs.std, NARROW, reads)
    if inputs.offset > OFFSET.value:
        reads += f", on average {fmt(inputs.offset, 2)} std off zero"
        return _about(inputs, INPUT_OFFSET, inputs.offset, OFFSET, reads)
    return None


def _about(
    inputs: Inputs, signal: Signal, observed: float, limit: Threshold, reads: str
) -> Evidence:
    first, last = inputs.first, inputs.last
    return Evidence(signal.name, first, last, observed, limit.value, reads, limit.source)


_PIXELS: Mapping[Signal, float] = {
    INPUT_MEAN: 128.0,
    INPUT_STD: 60.0,
    INPUT_LOW: 0.0,
    INPUT_HIGH: 255.0,
    INPUT_OFFSET: 2.1,
}
_TINY: Mapping[Signal, float] = {
    INPUT_MEAN: 0.002,
    INPUT_STD: 0.001,
    INPUT_LOW: 0.0,
    INPUT_HIGH: 0.004,
    INPUT_OFFSET: 2.0,
}


def _taken_in(std: float) -> np.ndarray:
    """Return what goes into the five layers of a synthetic run, the first one's as given."""
    return np.array([std, 1.0, 1.0, 1.0, 1.0])


def _started_high(steps: int = 300) -> np.ndarray:
    loss = synth.flat(steps)
    loss[:5] = 60.0
    return loss


RULE = Rule(
    id="unnormalised-input",
    claim="Inputs are on a scale the network cannot use.",
    stage="data",
    needs=(INPUT_STD, INPUT_LOW, INPUT_HIGH, LOSS, STD_IN),
    min_steps=20,
    check=check,
    thresholds={
        "reach": REACH,
        "wide": WIDE,
        "narrow": NARROW,
        "offset": OFFSET,
        "same_scale": SAME_SCALE,
        "first_loss": FIRST_LOSS,
        "spike": SPIKE,
        "outputs": OUTPUTS,
        "moves": MOVES,
        "at_prior": AT_PRIOR,
        "share": SHARE,
        "pinned": PINNED,
        "gates": GATES,
        "same": SAME,
        "explained": NEARLY,
        "used": USED,
    },
    explains=(
        "nan-in-loss",
        "lr-too-high",
        "lr-too-low",
        "exploding-gradient",
        "grad-clip-too-tight",
        "dead-relu",
        "saturated-activation",
        "init-too-large",
        "init-too-small",
        "vanishing-gradient",
        "batch-too-small",
        "weight-decay-too-strong",
        "no-signal",
        "class-imbalance",
    ),
    judges_past_loss=True,
    fixes=(
        "Standardise every feature: subtract the training set's mean and divide by its std.",
        "For images use v2.ToDtype(torch.float32, scale=True) and v2.Normalize, once each.",
        "Put nn.BatchNorm1d or nn.BatchNorm2d first, which does the same batch by batch.",
    ),
    confusables={
        "lr-too-high": "there the inputs are on the network's scale",
        "init-too-large": "there the scale is lost in the layers",
        "init-too-small": "there the signal dies in the layers",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "raw pixels into a linear layer, and a loss that begins high and stays at the prior",
            lambda: synth.run(loss=_started_high(), total=_PIXELS, layer={STD_IN: _taken_in(60.0)}),
            culprits=("0",),
        ),
        Case(
            "inputs of a thousandth, which drown in the bias",
            lambda: synth.run(
                loss=synth.flat(300),
                total=_TINY,
                layer={STD_IN: _taken_in(0.001), UNIT_STD: [0.01, 0.01, 0.01, 0.01, 0.01]},
            ),
            culprits=("0",),
        ),
        Case(
            "raw pixels of which nothing at all was learned",
            lambda: synth.run(loss=synth.flat(300), total=_PIXELS, layer={STD_IN: _taken_in(60.0)}),
            culprits=("0",),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "raw pixels into batch norm",
            lambda: synth.run(
                loss=_started_high(),
                total=_PIXELS,
                layers=(replace(LAYERS[0], kind="BatchNorm1d"), *LAYERS[1:]),
                layer={STD_IN: _taken_in(60.0)},
            ),
        ),
        Case(
            "raw pixels that the model divides by 255 before its first layer",
            lambda: synth.run(loss=_started_high(), total=_PIXELS),
        ),
        Case(
            "token ids into an embedding",
            lambda: synth.run(
                loss=_started_high(),
                total={**_PIXELS, INPUT_HIGH: 30000.0, INPUT_STD: 9000.0},
                layers=(replace(LAYERS[0], kind="Embedding"), *LAYERS[1:]),
                layer={STD_IN: _taken_in(np.nan)},
            ),
        ),
        Case(
            "raw pixels that do no harm",
            lambda: synth.run(
                loss=synth.flat(300, at=1.6), total=_PIXELS, layer={STD_IN: _taken_in(60.0)}
            ),
        ),
        Case(
            "raw pixels of which much has been learned",
            lambda: synth.run(
                loss=synth.flat(300, at=0.1), total=_PIXELS, layer={STD_IN: _taken_in(60.0)}
            ),
        ),
    ),
)
