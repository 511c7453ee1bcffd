"""The L1 penalty outweighs the data.

Sees
    The cosine between the gradient of each weight matrix and the signs of its weights, at first and
    now: an L1 penalty pulls every weight towards zero alike, whatever its size.

Why the loss stalls
    The penalty pulls every weight towards zero harder than the data pulls it away. The weights end
    up jumping about zero, and the model predicts a constant.

Fix
    Lower the factor of the penalty by 100.

Not to be confused with
    weight-decay-too-strong: an L2 penalty pulls in proportion to the weight, along w itself.
    A sparse model that has learned: there the data outweighed the penalty at first.

Sources
    By definition: the gradient of lambda ‖w‖₁ is lambda sgn(w), Goodfellow et al. 2016, section
    7.1.2. A cosine above 1/√2 is a penalty whose gradient is longer than all the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import EARLY_ROWS, Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import AT_PRIOR
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.stats import median_of_columns, ratio, root_sum_squares
from lossmon.numfmt import fmt
from lossmon.records import Run, Steps
from lossmon.signals import (
    CRITERION_LOSS,
    GRAD_DOT_SIGN,
    GRAD_DOT_WEIGHT,
    GRAD_NORM,
    GRAD_SAMPLED_NORM,
    LOSS,
    UNCLIPPED_NORM,
    WEIGHT_NORM,
)

Floats = NDArray[np.float64]

COSINE = Threshold(2**-0.5, "", "by definition of outweighs: 1/√2")
PULLED = Threshold(0.3, "", "where nothing is left in the end: a tenth of the gradient's square")
EXPLAINED = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")
ADDED = Threshold(1e-3, "of the criterion loss", "below it nothing noticeable was added")
GROWN = Threshold(2**0.5, "times the gradient", "by definition: what was added outweighs it")
LEAST = 32
"""Elements of a matrix: signs of fewer agree with a gradient by chance."""
SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Pull:
    """How far gradients point along the weights' signs, one column a parameter."""

    steps: Steps
    signs: Floats
    """cos(g, sgn w); NaN where not measured."""
    weights: Floats
    """cos(g, w)."""


def check(facts: Facts) -> Outcome:
    """Fire where gradients point along the signs of the weights, from the first steps until now."""
    judged = facts.matrices & np.array([p.numel >= LEAST for p in facts.parameters], bool)
    if not judged.any():
        return Skipped(f"no weight matrix of {LEAST} elements is held by an optimizer")
    if facts.level.explained >= EXPLAINED.value or _nothing_added(facts):
        return CLEAR
    first, now = _pull(facts, facts.run_rows[:EARLY_ROWS]), _pull(facts, facts.run_rows)
    now = Pull(now.steps[-EARLY_ROWS:], now.signs[-EARLY_ROWS:], now.weights[-EARLY_ROWS:])
    if min(len(first.steps), len(now.steps)) < SAMPLES:
        return Skipped(f"signs were looked at in fewer than {SAMPLES} steps")
    at_prior = facts.level.explained <= AT_PRIOR.value
    pulled = _along_signs(first, PULLED if at_prior else COSINE)
    penalised = judged & pulled & _along_signs(now, COSINE)
    if not penalised.any():
        return CLEAR
    evidence = (_evidence("at first", first, penalised), _evidence("by now", now, penalised))
    return Found("error", int(first.steps[0]), evidence, facts.names(penalised))


def _pull(facts: Facts, rows: Steps) -> Pull:
    """Return the cosines of those records in which signs were looked at."""
    dots = facts.parameter(GRAD_DOT_SIGN, rows)
    rows, dots = rows[np.isfinite(dots).any(axis=1)], dots[np.isfinite(dots).any(axis=1)]
    gradient = facts.parameter(GRAD_SAMPLED_NORM, rows)
    roots = np.sqrt(np.array([max(1, p.numel) for p in facts.parameters], float))
    along = facts.parameter(GRAD_DOT_WEIGHT, rows)
    weight = facts.parameter(WEIGHT_NORM, rows)
    return Pull(
        facts.sampled_steps[rows], ratio(dots, gradient * roots), ratio(along, gradient * weight)
    )


def _along_signs(pull: Pull, limit: Threshold) -> NDArray[np.bool_]:
    """Return which parameters' gradients point along the signs, and more so than along w."""
    signs, weights = median_of_columns(pull.signs), median_of_columns(pull.weights)
    return np.asarray((signs > limit.value) & ~(weights >= signs))


def _nothing_added(facts: Facts) -> bool:
    """Return whether the loss is known to be the criterion's alone, and its gradient all of it."""
    if _grew(facts):
        return False
    steps, criterion = facts.batches.newest(CRITERION_LOSS)
    added = facts.loss_at(steps) - criterion
    known = np.isfinite(added)
    if not known.any():
        return False
    return bool(np.median(added[known]) <= ADDED.value * np.median(np.abs(criterion[known])))


def _grew(facts: Facts) -> bool:
    """Return whether gradients grow between backward and step: somebody adds to them by hand."""
    rows = facts.run_rows[:EARLY_ROWS]
    applied, given = facts.parameter(GRAD_NORM, rows), facts.parameter(UNCLIPPED_NORM, rows)
    both = np.isfinite(applied) & np.isfinite(given)
    norms = [root_sum_squares(np.where(both, of, 0.0)) for of in (applied, given)]
    return bool((ratio(norms[0], norms[1]) > GROWN.value).mean() > 0.5) if len(rows) else False


def _evidence(when: str, pull: Pull, penalised: NDArray[np.bool_]) -> Evidence:
    cosine = float(np.nanmedian(pull.signs[:, penalised]))
    first, last = int(pull.steps[0]), int(pull.steps[-1])
    reads = f"{when} gradients point along the signs of the weights (cosine {fmt(cosine, 2)})"
    bound = fmt(COSINE.value, 2)
    return Evidence(
        GRAD_DOT_SIGN.name, first, last, cosine, COSINE.value, reads, COSINE.source, bound
    )


_ROOTS = np.sqrt([float(np.prod(shape)) for shape in synth.SHAPES.values()])
_MATRICES = ("0.weight", "2.weight", "4.weight")


def _penalised(
    signs: float | Floats, weights: float, *, added: float = 5.0, before: float = 1.0
) -> Run:
    data = synth.flat(300)
    parameter: dict[signals.Signal, ArrayLike] = {
        GRAD_SAMPLED_NORM: 1.0,
        GRAD_NORM: 1.0,
        UNCLIPPED_NORM: before,
        GRAD_DOT_SIGN: signs * _ROOTS,
        WEIGHT_NORM: 2.0,
        GRAD_DOT_WEIGHT: weights * 2.0,
    }
    return synth.run(loss=data + added, total={CRITERION_LOSS: data}, parameter=parameter)


RULE = Rule(
    id="l1-too-strong",
    claim="The L1 penalty outweighs the data.",
    stage="regulariser",
    needs=(LOSS, GRAD_DOT_SIGN, GRAD_SAMPLED_NORM),
    min_steps=EARLY_ROWS,
    check=check,
    thresholds={
        "cosine": COSINE,
        "pulled": PULLED,
        "at_prior": AT_PRIOR,
        "explained": EXPLAINED,
        "added": ADDED,
        "grown": GROWN,
    },
    explains=("vanishing-gradient", "no-signal", "lr-too-low", "dead-relu"),
    while_improving="keep",
    fixes=(
        "Lower the factor of the L1 term by 100 and raise it from there.",
        "Average the penalty over the weights, or sum it over fewer: leave out biases and norms.",
        "Write down the criterion's loss and the penalty apart, and keep the latter well below.",
    ),
    confusables={
        "weight-decay-too-strong": "an L2 penalty pulls along w itself, not along its signs",
        "no-signal": "there nothing but the data keeps the loss where it is",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "gradients that are the penalty's",
            lambda: _penalised(0.95, 0.8),
            culprits=_MATRICES,
        ),
        Case(
            "one layer is penalised, the others are not",
            lambda: _penalised(np.array([0.9, 0, 0, 0, 0.1, 0.2]), 0.1),
            culprits=("0.weight",),
        ),
        Case(
            "a penalty whose gradient is added by hand",
            lambda: _penalised(0.95, 0.8, added=0.0, before=0.2),
            culprits=_MATRICES,
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case("a weak penalty", lambda: _penalised(0.3, 0.25)),
        Case(
            "an L2 penalty, whose gradient lies along the weights",
            lambda: _penalised(0.8, 1.0),
        ),
        Case(
            "a loss with nothing in it but the criterion",
            lambda: _penalised(0.95, 0.8, added=0.0),
        ),
        Case(
            "a sparse model that learned before it was pressed",
            lambda: _penalised(np.linspace(0.2, 1, 300)[:, None], 0.1),
        ),
    ),
)
