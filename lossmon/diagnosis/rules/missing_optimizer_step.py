"""backward runs, step never does.

Sees
    Counters: backward passes, and steps of any optimizer that holds the model's parameters. Exact.

Why the loss stalls
    Gradients are computed and never applied.

Fix
    Call optimizer.step() after backward.

Not to be confused with
    optimizer-wrong-params: there an optimizer steps, and holds another model's parameters.
    Gradient accumulation: there a step follows after some passes.

Sources
    PyTorch documentation, "Optimizing Model Parameters": the three calls of a training step.
"""

from __future__ import annotations

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import plural
from lossmon.signals import BACKWARDS, OPTIMIZER_STEPS, UPDATE_NORM, WEIGHT_NORM

STEPS = Threshold(0, "optimizer steps", "by definition")
PASSES = 10
"""Fewer passes may be a look at gradients, and no training."""


def check(facts: Facts) -> Outcome:
    """Fire where many backward passes were seen and not one step, and nothing moved."""
    taken, passes = facts.ever(OPTIMIZER_STEPS), facts.ever(BACKWARDS)
    if (taken > 0).any() or not (passes > 0).any() or facts.moves.any():
        return CLEAR
    if not facts.held.any():
        return Skipped("no optimizer that holds these parameters was seen")
    first, last = int(facts.total_steps[0]), int(facts.total_steps[-1])
    seen = plural(facts.n_steps, "backward pass", "backward passes")
    reads = f"{seen} recorded, 0 optimizer steps"
    evidence = Evidence(OPTIMIZER_STEPS.name, first, last, 0.0, STEPS.value, reads, STEPS.source)
    return Found("error", first, (evidence,), facts.names(facts.held))


RULE = Rule(
    id="missing-optimizer-step",
    claim="backward runs, step never does.",
    stage="wiring",
    needs=(BACKWARDS, OPTIMIZER_STEPS),
    min_steps=PASSES,
    check=check,
    thresholds={"steps": STEPS},
    explains=(
        "missing-zero-grad",
        "lr-too-low",
        "no-signal",
        "vanishing-gradient",
        "zero-init",
        "constant-init",
    ),
    while_improving="keep",
    fixes=(
        "Call optimizer.step() after loss.backward().",
        "With a GradScaler call scaler.step(optimizer) and scaler.update().",
        "Check the condition under which your loop steps: it may never hold.",
    ),
    confusables={"optimizer-wrong-params": "there an optimizer steps, for another model"},
    doc=__doc__ or "",
    fires=(
        Case(
            "no step in 300 passes",
            lambda: synth.run(
                loss=synth.flat(300),
                total={OPTIMIZER_STEPS: 0.0},
                parameter={UPDATE_NORM: 0.0, WEIGHT_NORM: 10.0},
            ),
            culprits=tuple(synth.SHAPES),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "weights moved by hand",
            lambda: synth.run(total={OPTIMIZER_STEPS: 0.0}, parameter={UPDATE_NORM: 0.0}),
        ),
    ),
)
