"""Whole layers start at zero and get no gradient.

Sees
    Weight matrices that are exactly 0 and stay so, because their gradient is exactly 0 too.

Why the loss stalls
    A layer of zeros passes nothing on, and the zeros behind it pass no gradient back. Only what
    needs no input, the last bias, still learns.

Fix
    Initialise weights at random; zeros are for biases.

Not to be confused with
    A single linear layer from zeros, the last layer of a residual branch, or LoRA's B: these are
    zero and get a gradient, so they leave zero with the first step.
    constant-init: there the weights are equal, and not zero.

Sources
    Glorot and Bengio 2010, section 4.2.1 (random initialisation); Goodfellow et al. 2016, "Deep
    Learning", section 8.4 (initial parameters must break symmetry).
"""

from __future__ import annotations

import numpy as np

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import plural
from lossmon.signals import GRAD_NORM, WEIGHT_NORM

ZERO = Threshold(0.0, "", "by definition")
SAMPLES = 3


def check(facts: Facts) -> Outcome:
    """Fire where held weight matrices are 0 in every sample, and so is their gradient."""
    if not facts.matrices.any():
        return Skipped("no weight matrix is held by an optimizer")
    rows = facts.run_rows
    if len(rows) < SAMPLES:
        return Skipped(f"{plural(len(rows), 'sampled step')}, {SAMPLES} needed")
    weight = facts.parameter(WEIGHT_NORM, rows)
    gradient = facts.parameter(GRAD_NORM, rows)
    present = np.isfinite(gradient)
    # A parameter that came while the run trained is not measured in the records before.
    stays = (weight == 0).any(axis=0) & ((weight == 0) | np.isnan(weight)).all(axis=0)
    stays &= present.any(axis=0) & ~(present & (gradient != 0)).any(axis=0)
    zero = facts.matrices & stays
    if not zero.any():
        return CLEAR
    first = facts.seen_since(int(facts.since[zero].min()))
    last = int(facts.sampled_steps[-1])
    n, of = int(zero.sum()), int(facts.matrices.sum())
    evidence = (
        Evidence(
            WEIGHT_NORM.name,
            first,
            last,
            0.0,
            ZERO.value,
            f"{n} of {plural(of, 'weight matrix', 'weight matrices')} {'is' if n == 1 else 'are'} "
            "exactly 0 in every sampled step",
            ZERO.source,
        ),
        Evidence(
            GRAD_NORM.name, first, last, 0.0, ZERO.value, "their gradient is exactly 0", ZERO.source
        ),
    )
    return Found("error", first, evidence, facts.names(zero))


_ALL_ZERO = {
    WEIGHT_NORM: np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.3]),
    GRAD_NORM: np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.1]),
    signals.UPDATE_NORM: np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1e-3]),
}
_WEIGHTS = tuple(name for name in synth.SHAPES if name.endswith("weight"))


def _leaves_zero() -> np.ndarray:
    norms = np.full((300, len(synth.SHAPES)), 10.0)
    norms[0] = 0.0
    return norms


RULE = Rule(
    id="zero-init",
    claim="Whole layers start at zero and get no gradient.",
    stage="initialisation",
    needs=(WEIGHT_NORM, GRAD_NORM),
    min_steps=SAMPLES,
    check=check,
    thresholds={"zero": ZERO},
    explains=("constant-init", "dead-relu", "no-signal", "vanishing-gradient", "lr-too-low"),
    while_improving="keep",
    fixes=(
        "Keep PyTorch's default initialisation, or use nn.init.kaiming_uniform_ for weights.",
        "Set only biases to zero.",
        "In a residual block zero the last layer of the branch alone.",
    ),
    confusables={"constant-init": "there the weights are equal, and not zero"},
    doc=__doc__ or "",
    fires=(
        Case(
            "all weights zero",
            lambda: synth.run(loss=synth.flat(300), parameter=_ALL_ZERO),
            culprits=_WEIGHTS,
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "zeros that get a gradient and leave zero",
            lambda: synth.run(parameter={WEIGHT_NORM: _leaves_zero()}),
        ),
    ),
)
