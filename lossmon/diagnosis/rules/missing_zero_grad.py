"""Gradients are never cleared.

Sees
    At the first backward pass of a step: is the gradient that the last step used still there,
    untouched? Exact, by the tensor's identity and version.

Why the loss stalls
    Every step adds its gradient to the sum of all earlier ones. The optimizer follows the whole
    past: the loss overshoots, swings, and never settles.

Fix
    Call optimizer.zero_grad() once a step, before backward.

Not to be confused with
    Gradient accumulation: there no optimizer step lies between the passes that add up.
    optimizer-wrong-params, optimizer-missing-params: zero_grad clears only what the optimizer
    holds, so only those parameters count here.

Sources
    PyTorch documentation, torch.optim.Optimizer.zero_grad; the wish for a warning:
    github.com/pytorch/pytorch/issues/47175.
"""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt
from lossmon.signals import GRAD_NORM, GRAD_STALE

STALE = Threshold(0.9, "of the steps", "one forgotten clearing is no rule; all steps are, exactly")
MOST = Threshold(0.5, "of the parameters", "by definition of most")
SAMPLES = 5


def check(facts: Facts) -> Outcome:
    """Fire where most parameters' gradients outlive nearly every step."""
    stale = facts.parameter(GRAD_STALE, facts.run_rows)
    with_gradient = (facts.parameter(GRAD_NORM, facts.run_rows) > 0).any(axis=0)
    # optimizer.zero_grad() clears what the optimizer holds; the rest is another fault's.
    with_gradient &= facts.held
    judged = np.isfinite(stale).any(axis=1)
    if judged.sum() < SAMPLES:
        return Skipped(f"{int(judged.sum())} of {SAMPLES} steps after another are sampled")
    if not with_gradient.any():
        return CLEAR
    share = np.nan_to_num(stale[judged]).mean(axis=0)
    kept = with_gradient & (share >= STALE.value)
    if kept.sum() < MOST.value * with_gradient.sum():
        return CLEAR
    steps = facts.sampled_steps[facts.run_rows[judged]]
    observed = float(share[kept].mean())
    reads = (
        f"the gradient of the step before was still there in {100 * observed:.0f} % of the steps"
    )
    first, last, limit = int(steps[0]), int(steps[-1]), STALE
    bound = f"{fmt(100 * limit.value)} %"
    evidence = Evidence(
        GRAD_STALE.name, first, last, observed, limit.value, reads, limit.source, bound
    )
    return Found("error", int(steps[0]), (evidence,), facts.names(kept))


def _kept(share: float = 1.0) -> np.ndarray:
    stale = np.zeros((300, len(synth.SHAPES)))
    stale[: int(share * 300)] = 1
    stale[0] = np.nan
    return stale


RULE = Rule(
    id="missing-zero-grad",
    claim="Gradients are never cleared.",
    stage="wiring",
    needs=(GRAD_STALE, GRAD_NORM),
    min_steps=SAMPLES,
    check=check,
    thresholds={"stale": STALE, "most": MOST},
    explains=(
        "lr-too-high",
        "nan-in-loss",
        "exploding-gradient",
        "dead-relu",
        "saturated-activation",
        "no-signal",
        "vanishing-gradient",
    ),
    while_improving="keep",
    fixes=(
        "Call optimizer.zero_grad() before loss.backward(), once per optimizer step.",
        "Check that zero_grad() is called on the optimizer, or model, that you train.",
    ),
    confusables={
        "optimizer-wrong-params": "there zero_grad() is called, on another model's optimizer",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "no zero_grad at all",
            lambda: synth.run(loss=synth.flat(300), parameter={GRAD_STALE: _kept()}),
            culprits=tuple(synth.SHAPES),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a few steps that were not cleared",
            lambda: synth.run(parameter={GRAD_STALE: _kept(0.1)}),
        ),
    ),
)
