"""Gradients are cleared between backward and step.

Sees
    Gradients that arrive in every backward pass and are gone, or exactly 0, when the optimizer
    steps. Exact.

Why the loss stalls
    The optimizer finds nothing to apply. Only momentum or weight decay may still move a weight.

Fix
    Order: zero_grad, backward, step.

Not to be confused with
    optimizer-wrong-params: there the optimizer holds other tensors.
    loss-detached: there no gradient arrives in the first place.
    saturated-activation, dead-relu: there gradients are 0 already when the backward pass ends.

Sources
    PyTorch documentation, "Optimizing Model Parameters": the three calls and their order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.signals import GRAD_ARRIVED, GRAD_NONFINITE, GRAD_NORM, UNCLIPPED_NORM, UPDATE_NORM

GONE = Threshold(1.0, "of the steps", "by definition")
SAMPLES = 3


def check(facts: Facts) -> Outcome:
    """Fire where what arrives is never there when the optimizer steps, for any held parameter."""
    held = facts.held & (facts.arrived > 0)
    if not held.any():
        return CLEAR
    rows = facts.run_rows
    norm = facts.parameter(GRAD_NORM, rows)[:, held]
    # A parameter that the step's optimizer does not hold is not looked at then.
    measured = ~np.isnan(facts.parameter(UPDATE_NORM, rows)[:, held])
    arrived = (facts.parameter(GRAD_ARRIVED, rows)[:, held] > 0) & measured
    broken = facts.parameter(GRAD_NONFINITE, rows)[:, held] > 0
    gone = ((norm == 0) | np.isnan(norm)) & ~broken
    arrived &= ~_is_zero_already(facts.parameter(UNCLIPPED_NORM, rows)[:, held])
    if arrived.any(axis=1).sum() < SAMPLES:
        return Skipped(f"gradients arrived in fewer than {SAMPLES} sampled steps")
    if not gone[arrived].all():
        return CLEAR
    first, last = int(facts.sampled_steps[0]), int(facts.sampled_steps[-1])
    n = int(arrived.any(axis=1).sum())
    reads = f"gradients arrived in {n} sampled steps, and none was left when the optimizer stepped"
    evidence = Evidence(GRAD_NORM.name, first, last, 0.0, 0.0, reads, GONE.source)
    return Found("error", first, (evidence,), facts.names(held))


def _is_zero_already(arriving: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where a gradient that arrives is 0, as it is of units that are all pinned or dead.

    Where nothing is clipped only the first ones are looked at, and speak for all.
    """
    zero = arriving == 0
    always = zero.any(axis=0) & ~(arriving > 0).any(axis=0)
    return np.asarray(zero | (np.isnan(arriving) & always))


_GONE = {GRAD_NORM: np.nan, UPDATE_NORM: 0.0, signals.WEIGHT_NORM: 10.0}


def _first() -> NDArray[np.float64]:
    arriving = np.full((300, len(synth.SHAPES)), np.nan)
    arriving[:200] = 0.0
    return arriving


RULE = Rule(
    id="zero-grad-before-step",
    claim="Gradients are cleared between backward and step.",
    stage="wiring",
    needs=(GRAD_ARRIVED, UPDATE_NORM),
    min_steps=SAMPLES,
    check=check,
    thresholds={"gone": GONE},
    explains=("lr-too-low", "no-signal", "vanishing-gradient", "zero-init", "constant-init"),
    while_improving="keep",
    fixes=(
        "Call optimizer.zero_grad() before loss.backward(), not between backward and step.",
        "Look for a second zero_grad(), model.zero_grad() or set_to_none in a callback.",
    ),
    confusables={
        "optimizer-wrong-params": "there the optimizer holds another model's tensors",
        "loss-detached": "there no gradient arrives",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "set to none before every step",
            lambda: synth.run(loss=synth.flat(300), parameter=_GONE),
            culprits=tuple(synth.SHAPES),
        ),
        Case(
            "set to zero before every step",
            lambda: synth.run(loss=synth.flat(300), parameter={**_GONE, GRAD_NORM: 0.0}),
            culprits=tuple(synth.SHAPES),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "gradients that are 0 when the backward pass ends: all units are pinned",
            lambda: synth.run(
                loss=synth.flat(300), parameter={**_GONE, GRAD_NORM: 0.0, UNCLIPPED_NORM: 0.0}
            ),
        ),
        Case(
            "the same, of which only the first ones were looked at before the step",
            lambda: synth.run(
                loss=synth.flat(300), parameter={**_GONE, GRAD_NORM: 0.0, UNCLIPPED_NORM: _first()}
            ),
        ),
        Case(
            "a dead trunk whose gradient is truly zero",
            lambda: synth.run(parameter={GRAD_NORM: np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0])}),
        ),
    ),
)
