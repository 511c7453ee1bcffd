"""Units of a layer are copies of each other.

Sees
    A fingerprint of every unit: its row of weights times one fixed random vector. Few different
    fingerprints at the start, and still few after some steps, mean units that get the same
    gradient.

Why the loss stalls
    Equal units compute the same, get the same gradient and stay equal. A layer of 64 copies has
    the capacity of one unit.

Fix
    Initialise weights at random.

Not to be confused with
    A single linear layer from ones: its units get different gradients and part with the first step.
    Tied weights and embeddings of symbols that do not occur.

Sources
    Goodfellow et al. 2016, "Deep Learning", section 8.4: units with the same inputs must start with
    different parameters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.progress import EXPLAINED as LITTLE
from lossmon.diagnosis.progress import progress, progress_so_far
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt
from lossmon.signals import UNIQUE_UNITS, WEIGHT_NORM

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

COPIES = Threshold(
    0.5, "of the units", "toy runs: 1/64 for constant init, 47/64 in collapsed runs, else 64/64"
)
LATER = 2
"""Steps after which units that get different gradients have parted."""


def check(facts: Facts) -> Outcome:
    """Fire where most units of a held matrix are copies at the start and still are later on."""
    unique = facts.parameter(UNIQUE_UNITS, facts.run_rows)
    measured = np.isfinite(unique).any(axis=1)
    steps = facts.sampled_steps[facts.run_rows]
    later = measured & (steps >= steps[0] + LATER)
    if not later.any():
        return Skipped(f"units have not been compared after step {int(steps[0]) + LATER} yet")
    first, last = int(np.argmax(measured)), int(np.flatnonzero(later)[-1])
    nonzero = facts.parameter(WEIGHT_NORM, facts.run_rows)[last] > 0
    embedding = np.array(["Embedding" in p.kind for p in facts.parameters], bool)
    copied = (unique[first] <= COPIES.value) & (unique[last] <= COPIES.value)
    copied &= facts.matrices & nonzero & ~embedding
    if not copied.any():
        return _parted(facts, unique, first, facts.matrices & ~embedding)
    worst = int(np.argmin(np.where(copied, unique[last], np.inf)))
    units = facts.parameters[worst].shape[0]
    distinct = max(1, round(float(unique[last][worst]) * units))
    reads = (
        f"{distinct} of {units} units of {facts.parameters[worst].name} differ "
        f"at step {int(steps[last])}"
    )
    evidence = Evidence(
        UNIQUE_UNITS.name,
        int(steps[first]),
        int(steps[last]),
        float(unique[last][worst]),
        COPIES.value,
        reads,
        COPIES.source,
        f"{fmt(COPIES.value * units)} of {units}",
    )
    return Found("error", int(steps[first]), (evidence,), facts.names(copied))


def _parted(facts: Facts, unique: Floats, first: int, judged: Mask) -> Outcome:
    """Return the finding for units that began as copies and parted late; where little is learned.

    Random biases or the order of an input part them, and training begins only then.
    """
    weights = facts.parameter(WEIGHT_NORM, facts.run_rows)[first]
    copied = judged & (unique[first] <= COPIES.value) & (weights > 0)
    if not copied.any() or not progress(facts) < LITTLE.value:
        return CLEAR
    worst = int(np.argmin(np.where(copied, unique[first], np.inf)))
    step, share = int(facts.sampled_steps[facts.run_rows[first]]), float(unique[first][worst])
    units = facts.parameters[worst].shape[0]
    reads = f"{max(1, round(share * units))} of {units} units of {facts.parameters[worst].name} "
    reads += f"differed at step {step}; what has parted them since began without them"
    bound = f"{fmt(COPIES.value * units)} of {units}"
    tag, source = UNIQUE_UNITS.name, COPIES.source
    seen = Evidence(tag, step, step, share, COPIES.value, reads, source, bound)
    evidence = (seen, *progress_so_far(facts, LITTLE))
    severity: Severity = "info" if facts.is_improving else "warning"
    return Found(severity, step, evidence, facts.names(copied))


def _unique(*shares: float, until: int = 300) -> np.ndarray:
    """Return unique_units of the three matrices, `shares` before step `until` and 1 from it on."""
    values = np.full((300, len(synth.SHAPES)), np.nan)
    for step in (0, 1, 2, 4, 8, 16, 32, 64, 128, 256):
        values[step, ::2] = shares if step < until else 1.0
    return values


RULE = Rule(
    id="constant-init",
    claim="Units of a layer are copies of each other.",
    stage="initialisation",
    needs=(UNIQUE_UNITS, WEIGHT_NORM),
    min_steps=LATER + 1,
    check=check,
    thresholds={"copies": COPIES, "little": LITTLE},
    explains=(
        "init-too-large",
        "init-too-small",
        "dead-relu",
        "saturated-activation",
        "exploding-gradient",
        "no-signal",
        "lr-too-high",
        "lr-too-low",
        "nan-in-loss",
        "vanishing-gradient",
    ),
    while_improving="keep",
    fixes=(
        "Keep PyTorch's default initialisation, or use nn.init.kaiming_uniform_ for weights.",
        "Do not fill weights with one value: nn.init.ones_ and constant_ are for biases and norms.",
    ),
    confusables={"zero-init": "there the weights are zero and get no gradient"},
    doc=__doc__ or "",
    fires=(
        Case(
            "both hidden layers filled with ones",
            lambda: synth.run(parameter={UNIQUE_UNITS: _unique(1 / 64, 1 / 64, 1.0)}),
            culprits=("0.weight", "2.weight"),
        ),
        Case(
            "layers of ones whose units part late, in a run that has learned nothing",
            lambda: synth.run(
                loss=synth.flat(300), parameter={UNIQUE_UNITS: _unique(0.02, 0.02, 0.1, until=8)}
            ),
            culprits=("0.weight", "2.weight", "4.weight"),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "one layer of ones whose units part with the first step",
            lambda: synth.run(parameter={UNIQUE_UNITS: _unique(1.0, 1.0, 0.1, until=1)}),
        ),
    ),
)
