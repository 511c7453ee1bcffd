"""The loss is not finite.

Sees
    The first loss that is NaN or infinite, exactly; and the sampled steps between which the first
    non-finite gradient and weight appeared.

Why the loss stalls
    One non-finite value reaches every weight with the next step, and stays.

Fix
    Find where it is born: in the loss itself, in the backward pass, or in weights that had grown
    too large before.

Not to be confused with
    Loss scaling (AMP): a GradScaler skips single steps with infinite gradients; the loss stays
    finite.
    lr-too-high: there the loss grows, step by step, before it overflows; then that is the cause.

Sources
    IEEE 754; Micikevicius et al. 2018, "Mixed Precision Training", section 3.2 (loss scaling).
"""

from __future__ import annotations

import math

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Threshold
from lossmon.numfmt import fmt, plural
from lossmon.signals import GRAD_NONFINITE, LOSS, WEIGHT_NONFINITE, Signal

LASTING = Threshold(3, "losses in a row", "one may be a skipped step of a GradScaler")


def check(facts: Facts) -> Outcome:
    """Fire where a loss is not finite; an error where it stays so up to the end."""
    bad = ~np.isfinite(facts.losses)
    if not bad.any():
        return CLEAR
    first = int(facts.loss_steps[np.argmax(bad)])
    tail = len(bad) if bad.all() else int(np.argmin(bad[::-1]))
    lasting = tail >= LASTING.value
    value = float(facts.losses[np.argmax(bad)])
    # One object for all NaN, so that equal findings compare equal.
    value = math.nan if math.isnan(value) else value
    count = plural(int(facts.loss_counts[bad].sum()), "step")
    reads = f"the loss is {fmt(value)} first at step {first}, and in {count} in all"
    last = int(facts.loss_steps[-1]) if lasting else first
    evidence = [Evidence(LOSS.name, first, last, value, math.nan, reads, LASTING.source)]
    culprits: tuple[str, ...] = ()
    for signal, what in ((GRAD_NONFINITE, "gradient"), (WEIGHT_NONFINITE, "weight")):
        born = _first(facts, signal)
        if born is not None:
            step, names = born
            text = f"{plural(len(names), what)} not finite at step {step}, the first: {names[0]}"
            evidence.append(Evidence(signal.name, step, step, float(len(names)), 0.0, text, ""))
            culprits = culprits or names
    return Found("error" if lasting else "info", first, tuple(evidence), culprits)


def _first(facts: Facts, signal: Signal) -> tuple[int, tuple[str, ...]] | None:
    if facts.table is None or not len(facts.table):
        return None
    hit = facts.table.column(signal) > 0
    if not hit.any():
        return None
    row = int(np.argmax(hit.any(axis=1)))
    return int(facts.sampled_steps[row]), facts.names(hit[row])


def _from(step: int, value: float, steps: int = 300) -> np.ndarray:
    loss = synth.falling(steps)
    loss[step:] = value
    return loss


def _born(step: int) -> np.ndarray:
    counts = np.zeros((300, len(synth.SHAPES)))
    counts[step:] = 1
    return counts


RULE = Rule(
    id="nan-in-loss",
    claim="The loss is not finite.",
    stage="non-finite",
    needs=(LOSS,),
    min_steps=1,
    check=check,
    thresholds={"lasting": LASTING},
    explains=("no-signal",),
    while_improving="info",
    fixes=(
        "Lower the learning rate by 10, or clip gradients, if the loss grew before.",
        "Check the batch of that step for NaN, and logarithms, divisions and roots for 0.",
        "Run the step again under torch.autograd.set_detect_anomaly(True) to find the operation.",
        "Under float16 use a GradScaler, or bfloat16.",
    ),
    confusables={"lr-too-high": "there the loss grows before it overflows"},
    judges_past_loss=True,
    doc=__doc__ or "",
    fires=(
        Case("NaN from step 200 on", lambda: synth.run(loss=_from(200, float("nan")))),
        Case(
            "infinite, with the gradients of every parameter",
            lambda: synth.run(
                loss=_from(250, float("inf")), parameter={GRAD_NONFINITE: _born(249)}
            ),
            culprits=tuple(synth.SHAPES),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case("a loss that falls below zero", lambda: synth.run(loss=synth.falling(300, end=-3.0))),
    ),
)
