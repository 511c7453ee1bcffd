"""Updates are smaller than the weights' precision.

Sees
    Of parameters held in bfloat16 or float16, the share of elements that have a gradient and that
    the step leaves exactly as they were, at the height of the schedule.

Why the loss stalls
    A bfloat16 number has 8 significant bits: what is less than about 1/512 of a weight is rounded
    away when it is added. Step after step, so it never adds up to anything.

Fix
    Keep the weights in float32 and compute in half precision: torch.autocast.

Not to be confused with
    lr-too-low: there the weights are in float32, and move by as little as they are told to.
    zero-grad-before-step: there no gradient is left when the optimizer steps.
    bfloat16 autocast: there the weights are in float32.

Sources
    IEEE 754; Micikevicius et al. 2018, "Mixed Precision Training", section 3.1 (master weights);
    Zamirai et al. 2020, "Revisiting BFloat16 Training", section 3 (nearest rounding loses updates).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.level import AT_PRIOR, NEARLY
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.progress import EXPLAINED as LITTLE
from lossmon.diagnosis.progress import progress, progress_so_far
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.schedule import main_rate
from lossmon.diagnosis.stats import median_of_columns
from lossmon.numfmt import fmt, plural
from lossmon.signals import GRAD_NORM, UNMOVED_SHARE, UPDATE_NORM

LOST = Threshold(0.5, "of the updates", "by definition of most")
ALL = Threshold(0.99, "of the updates", "what still moves are the weights nearest to 0")
TRAVEL = Threshold(0.05, "of the weights", "fifty steps at the usual ratio of 1e-3")
HEIGHT = Threshold(0.5, "of the peak", "the upper half of a schedule")
HALVES = ("bfloat16", "float16")
SAMPLES = 5

Floats = NDArray[np.float64]


def check(facts: Facts) -> Outcome:
    """Fire where most updates of 16-bit matrices are lost, and gradients know a way to go."""
    halves = facts.matrices & np.array([p.dtype in HALVES for p in facts.parameters], bool)
    if not halves.any():
        return CLEAR
    if not facts.is_recorded(UNMOVED_SHARE):
        return Skipped(f"no {UNMOVED_SHARE.label} recorded")
    rows = _high_rows(facts)
    shares = facts.parameter(UNMOVED_SHARE, rows)[:, halves]
    if np.isfinite(shares).any(axis=1).sum() < SAMPLES:
        return Skipped(f"fewer than {SAMPLES} samples at the height of the schedule")
    typical, sizes = median_of_columns(shares), _sizes(facts)[halves]
    known = np.isfinite(typical)
    if not known.any():
        return CLEAR
    lost = float(np.average(typical[known], weights=sizes[known]))
    if lost < LOST.value or progress(facts) >= NEARLY.value:
        return CLEAR
    reasons = _way_to_go(facts)
    if not reasons:
        return CLEAR
    worst = np.zeros(len(facts.parameters), bool)
    worst[np.flatnonzero(halves)[known & (typical >= LOST.value)]] = True
    evidence = (_lost(facts, rows, lost, halves), *reasons)
    severity: Severity = "error" if lost >= ALL.value else "warning"
    return Found(severity, int(facts.sampled_steps[rows[0]]), evidence, facts.names(worst))


def _high_rows(facts: Facts) -> NDArray[np.int64]:
    """Return records of steps with a learning rate in the upper half; all where none is known."""
    rows, rate = facts.run_rows, main_rate(facts.run)
    if rate is None or not rate.high.max() > 0:
        return rows
    at = np.clip(np.searchsorted(rate.steps, facts.sampled_steps[rows]), 0, len(rate) - 1)
    return np.asarray(rows[rate.values[at] >= HEIGHT.value * rate.values.max()])


def _sizes(facts: Facts) -> Floats:
    return np.array([p.numel for p in facts.parameters], np.float64)


def _way_to_go(facts: Facts) -> tuple[Evidence, ...]:
    """Return how it is known that the run is not at its floor; nothing where it may be."""
    motion, (first, last) = facts.motion, facts.sampled_window
    if motion.agreement_z >= SIGNIFICANT.value:
        reads = f"successive gradients agree (c {fmt(motion.agreement, 2)}, "
        reads += f"{fmt(motion.agreement_z, 2)} standard errors)"
        limit, bound = SIGNIFICANT, f"{fmt(SIGNIFICANT.value)} standard errors"
        tag, z = signals.GRAD_DOT_PREV.name, motion.agreement_z
        return (Evidence(tag, first, last, z, limit.value, reads, limit.source, bound),)
    travel = motion.total_ratio * (facts.last_step - facts.first_step + 1)
    if progress(facts) < LITTLE.value and travel < TRAVEL.value:
        return (*progress_so_far(facts, LITTLE), _went(facts, travel))
    return progress_so_far(facts, AT_PRIOR) if progress(facts) <= AT_PRIOR.value else ()


def _went(facts: Facts, travel: float) -> Evidence:
    reads = f"all steps together moved the weights by at most {100 * travel:.2g} % of their norm"
    first, last, tag = facts.first_step, facts.last_step, signals.TOTAL_UPDATE_RATIO.name
    bound = f"{fmt(100 * TRAVEL.value)} %"
    return Evidence(tag, first, last, travel, TRAVEL.value, reads, TRAVEL.source, bound)


def _lost(
    facts: Facts, rows: NDArray[np.int64], lost: float, halves: NDArray[np.bool_]
) -> Evidence:
    steps, kinds = facts.sampled_steps[rows], {p.dtype for p in facts.parameters} & set(HALVES)
    n = int(halves.sum())
    matrices = plural(n, "weight matrix", "weight matrices")
    reads = f"of {matrices} in {' and '.join(sorted(kinds))} a step leaves "
    reads += f"{fmt(100 * lost, 3)} % of the elements that have a gradient exactly as they were"
    limit, bound = LOST, f"{fmt(100 * LOST.value)} %"
    first, last = int(steps[0]), int(steps[-1])
    return Evidence(UNMOVED_SHARE.name, first, last, lost, limit.value, reads, limit.source, bound)


def _halves(lost: Any, **changed: Any) -> Any:
    """Return a synthetic run whose weights are bfloat16, of which steps leave `lost` as it was."""
    given = {"loss": synth.flat(300, at=2.0), "dtype": "bfloat16", **changed}
    agreeing = {signals.GRAD_SAMPLED_NORM: 1.0, signals.GRAD_DOT_PREV: 0.3}
    parameter = agreeing | {UNMOVED_SHARE: lost} | given.pop("parameter", {})
    return synth.run(parameter=parameter, **given)


_NOISE = {signals.GRAD_DOT_PREV: np.random.default_rng(5).normal(0, 0.1, (300, 6))}
_MATRICES = tuple(name for name in synth.SHAPES if name.endswith("weight"))

RULE = Rule(
    id="update-underflow",
    claim="Updates are smaller than the weights' precision.",
    stage="wiring",
    needs=(signals.LOSS, GRAD_NORM, UPDATE_NORM),
    min_steps=20,
    check=check,
    thresholds={
        "lost": LOST,
        "all": ALL,
        "learned": NEARLY,
        "height": HEIGHT,
        "agreement": SIGNIFICANT,
        "at_prior": AT_PRIOR,
        "little": LITTLE,
        "travel": TRAVEL,
    },
    explains=(
        "lr-too-low",
        "no-signal",
        "vanishing-gradient",
        "batch-too-large",
        "model-too-small",
    ),
    fixes=(
        "Keep the weights in float32, without .bfloat16() or .half(), and run the forward under "
        "torch.autocast.",
        "Raise the learning rate until a step moves weights by more than 1/256 of their size.",
        "Use an optimizer with float32 master weights, or one that rounds at random.",
    ),
    confusables={"lr-too-low": "there the weights are in float32, or all move by very little"},
    doc=__doc__ or "",
    fires=(
        Case("all updates are lost", lambda: _halves(1.0, parameter={UPDATE_NORM: 0.0}), _MATRICES),
        Case(
            "most updates of two matrices are",
            lambda: _halves([0.9, 1, 0.9, 1, 0.1, 0]),
            _MATRICES[:2],
        ),
        Case(
            "nine updates in ten are lost, and hardly any way was made",
            lambda: _halves(0.9, parameter={**_NOISE, UPDATE_NORM: 1e-5 * 10}),
            _MATRICES,
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case("float32 weights that hardly move", lambda: _halves(np.nan, dtype="float32")),
        Case("bfloat16 weights that move", lambda: _halves(0.1)),
        Case("updates lost at a floor", lambda: _halves(0.9, parameter=_NOISE)),
        Case("updates lost at a low loss", lambda: _halves(0.9, loss=synth.flat(300, at=0.1))),
        Case(
            "updates lost at the end of a cosine",
            lambda: _halves(
                np.where(np.arange(300) < 200, 0.1, 1.0)[:, None],
                lr=1e-3 * 0.5 * (1 + np.cos(np.linspace(0, np.pi, 300))),
            ),
        ),
    ),
)
