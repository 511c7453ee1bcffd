"""Early layers receive almost no gradient.

Sees
    The ratio ‖g‖/‖w‖ of every weight matrix, in the order of the layers, over the window.

Why the loss stalls
    Each layer multiplies the gradient by a factor below one on its way back. After a dozen of them
    nothing is left: the last layers learn to predict a constant, the first ones stay random.

Fix
    Activations and initialisation that keep the scale, normalisation, residual connections.

Not to be confused with
    loss-detached and frozen-params: there the gradient is absent or exactly zero, not small.
    zero-init: there weight and gradient are exactly zero.
    lr-too-low: there all layers move too little, alike.

Sources
    Hochreiter 1991; Bengio et al. 1994; Glorot and Bengio 2010, section 4.2. Relative to the last
    layer, because the absolute size of a gradient goes with the scale of the loss.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.stats import median_of_columns, ratio
from lossmon.numfmt import fmt
from lossmon.signals import GRAD_NORM, WEIGHT_NORM

FIRST_TO_LAST = Threshold(
    1e-3,
    "of the last layer's",
    "AUTOTRAINER: absolute 1e-3; healthy toy runs 0.6-2, 16 tanhs 1e-4, 12 sigmoids 1e-10",
)
SLOPE = Threshold(-0.2, "decades a layer", "steady decay: 1e-3 over at most fifteen layers")
EXPLAINED = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")
LAYERS = 3


def check(facts: Facts) -> Outcome:
    """Fire where ‖g‖/‖w‖ decays steadily towards the first layer, and the model explains little."""
    if _multiplies(facts).sum() < LAYERS:
        return Skipped(f"fewer than {LAYERS} weight matrices are held by an optimizer")
    if facts.level.explained >= EXPLAINED.value:
        return CLEAR
    gradient = facts.parameter(GRAD_NORM, facts.rows)
    weight = facts.parameter(WEIGHT_NORM, facts.rows)
    medians = median_of_columns(ratio(gradient, weight))
    layers = np.flatnonzero(_multiplies(facts) & np.isfinite(medians) & (medians > 0))
    if len(layers) < LAYERS:
        return CLEAR
    flow = medians[layers]
    share = float(flow[0] / flow[-1])
    slope = float(np.polyfit(np.arange(len(flow)), np.log10(flow), 1)[0])
    if share >= FIRST_TO_LAST.value or -slope > SLOPE.value:
        return CLEAR
    starved = layers[flow < FIRST_TO_LAST.value * flow[-1]]
    mask = np.isin(np.arange(len(facts.parameters)), starved)
    return Found("error", _onset(facts, layers), _evidence(facts, share, slope), facts.names(mask))


def _multiplies(facts: Facts) -> NDArray[np.bool_]:
    """Return which matrices pass a gradient on: of a table few rows get one in a step."""
    tables = np.array(["Embedding" in p.kind for p in facts.parameters], bool)
    return np.asarray(facts.matrices & ~tables)


def _onset(facts: Facts, layers: np.ndarray) -> int:
    """Return the first sampled step at which the first layer's ratio is below the limit."""
    rows = facts.run_rows
    gradient = facts.parameter(GRAD_NORM, rows)[:, layers[[0, -1]]]
    weight = facts.parameter(WEIGHT_NORM, rows)[:, layers[[0, -1]]]
    with np.errstate(all="ignore"):
        flow = gradient / weight
        low = flow[:, 0] < FIRST_TO_LAST.value * flow[:, 1]
    if not low.any():
        return facts.sampled_window[0]
    return int(facts.sampled_steps[rows[int(np.argmax(low))]])


def _evidence(facts: Facts, share: float, slope: float) -> tuple[Evidence, ...]:
    first, last = facts.sampled_window
    return (
        Evidence(
            GRAD_NORM.name,
            first,
            last,
            share,
            FIRST_TO_LAST.value,
            f"‖g‖/‖w‖ of the first weight matrix is {fmt(share, 2)} of the last one's",
            FIRST_TO_LAST.source,
        ),
        Evidence(
            "grad_norm_per_layer",
            first,
            last,
            -slope,
            SLOPE.value,
            f"it grows by a factor of {fmt(10**slope, 2)} from one layer to the next",
            SLOPE.source,
            fmt(10**-SLOPE.value, 2),
        ),
    )


DEEP = {
    f"{2 * i}.{leaf}": shape
    for i in range(6)
    for leaf, shape in (("weight", (32, 32)), ("bias", (32,)))
}


def _decay(per_layer: float) -> np.ndarray:
    return np.repeat(10.0 ** (per_layer * np.arange(5, -1, -1)), 2)


RULE = Rule(
    id="vanishing-gradient",
    claim="Early layers receive almost no gradient.",
    stage="gradient-flow",
    needs=(GRAD_NORM, WEIGHT_NORM),
    min_steps=50,
    check=check,
    thresholds={"first_to_last": FIRST_TO_LAST, "slope": SLOPE, "explained": EXPLAINED},
    explains=("no-signal",),
    fixes=(
        "Replace sigmoid or tanh by ReLU or GELU, with nn.init.kaiming_uniform_.",
        "Put a normalisation layer after each linear or convolution layer.",
        "Add residual connections around the layers.",
    ),
    confusables={
        "lr-too-low": "there all layers move too little, alike",
        "zero-init": "there weights and gradients are exactly zero",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "one and a half decades a layer",
            lambda: synth.run(
                loss=synth.flat(300), shapes=DEEP, parameter={GRAD_NORM: _decay(-1.5)}
            ),
            culprits=("0.weight", "2.weight", "4.weight"),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "small gradients in all layers alike",
            lambda: synth.run(loss=synth.flat(300), shapes=DEEP, parameter={GRAD_NORM: 1e-9}),
        ),
        Case(
            "a trunk whose gradient is exactly zero",
            lambda: synth.run(
                loss=synth.flat(300), shapes=DEEP, parameter={GRAD_NORM: [0.0] * 8 + [1.0] * 4}
            ),
        ),
        Case(
            "decay in a model that explains most of the loss",
            lambda: synth.run(
                loss=synth.flat(300, at=0.4), shapes=DEEP, parameter={GRAD_NORM: _decay(-1.5)}
            ),
        ),
    ),
)
