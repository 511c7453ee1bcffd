"""The loss is maximised.

Sees
    The loss that goes into backward against the criterion's own value at the same steps; whether
    the optimizer maximises; whether `nll_loss` is given logarithms of probabilities; and whether a
    loss written by hand is at most 0 by its functions and signs.

Why the loss stalls
    What is trained is to be wrong as far as possible. The number that is printed may fall for ever,
    below zero, while the criterion that it is made of rises.

Fix
    Remove the minus sign, or put log_softmax before nll_loss.

Not to be confused with
    The negative logarithm of a density, which may fall below zero and has its lowest value.
    A reward that is maximised, and an entropy bonus: there is no criterion with targets.
    A generator against its discriminator, and unlearning: a loss that is low at first is raised.
    lr-too-high: there the criterion and the loss rise together.

Sources
    By definition. PyTorch documentation, torch.nn.NLLLoss: the input is expected to contain
    log-probabilities; it computes the negative of one entry, which nothing bounds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.batchsignals import ROW_SUM_ERROR
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.sampling import early_and_spread
from lossmon.numfmt import fmt, plural
from lossmon.records import GroupInfo
from lossmon.signals import CRITERION_LOSS, LOSS, PRIOR_LOSS

SAME = Threshold(0.01, "of the loss", "bfloat16 rounds by less than 1/256")
RISEN = Threshold(
    1.1, "times the first", "a tenth: what comes from a few batches by chance is less"
)
UNTRAINED = Threshold(0.5, "of the prior's loss", "a model that explained half of it had learned")
SUMS = Threshold(0.5, "", "0 by definition; half precision leaves less than 0.1")
BELOW = Threshold(0.0, "", "the logarithm of a probability is at most 0")
_FUNCTIONS = {
    "logsigmoid": "the logarithm of a probability",
    "logsoftmax": "the logarithm of a probability",
    "log": "the logarithm of a probability",
    "pow": "minus a square",
    "abs": "minus a distance",
}
SAMPLES = 8
FIRST = 5
"""Samples that say where the criterion was at first."""

Floats = NDArray[np.float64]


def check(facts: Facts) -> Outcome:
    """Fire where training raises a criterion on purpose, or lowers what has no bound."""
    if facts.is_contested:
        return Skipped("another training moves what this loss depends on")
    endless = _endless(facts)
    if endless:
        return Found("error", endless[0].first_step, endless)
    steps, total, criterion = _pairs(facts)
    if len(steps) < SAMPLES:
        return Skipped(
            f"{plural(len(steps), 'loss', 'losses')} of loss and criterion, {SAMPLES} needed"
        )
    unbounded = _unbounded(facts, steps, criterion)
    if unbounded:
        return Found("error", int(steps[0]), unbounded)
    sign = _sign(facts, total, criterion)
    if sign and _rises(facts, criterion):
        return Found(
            "error", int(steps[0]), (_negated(steps, sign), _risen(facts, steps, criterion))
        )
    return CLEAR


def _endless(facts: Facts) -> tuple[Evidence, ...]:
    """Return what tells that a hand-written loss is at most 0 and falls from there."""
    lowering = [info for info in facts.batches.criteria if info.lowers]
    finite, first = facts.losses[np.isfinite(facts.losses)], facts.first_loss
    if not lowering or not len(finite) or not math.isfinite(first):
        return ()
    now = float(finite[-FIRST:].mean())  # it may have overflowed since
    limit = min(first, BELOW.value) - (RISEN.value - 1) * abs(first)
    if not now < limit:
        return ()
    begin, end = max(facts.first_step, lowering[0].step), facts.last_step
    name = _FUNCTIONS.get(lowering[0].lowers, lowering[0].lowers)
    reads = f"by the functions and signs that it is made of the loss is at most 0: it lowers {name}"
    fell = f"it has fallen to {fmt(now, 3)}, from {fmt(first, 3)}, and nothing bounds it"
    return (
        Evidence(LOSS.name, begin, end, -1.0, math.nan, reads, "by definition"),
        Evidence(LOSS.name, facts.first_step, end, now, limit, fell, RISEN.source),
    )


def _pairs(facts: Facts) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return the steps of one backward pass at which both are known, and the finite two."""
    steps = facts.total_steps[early_and_spread(len(facts.total_steps))]
    total, criterion = facts.loss_at(steps), facts.total(CRITERION_LOSS, steps)
    passes = facts.total(signals.BACKWARDS, steps)
    known = np.isfinite(total) & np.isfinite(criterion) & (passes == 1)
    return steps[known], total[known], criterion[known]


def _sign(facts: Facts, total: Floats, criterion: Floats) -> str:
    """Return how the criterion's sign was turned; "" where it was not."""
    factors = total[criterion != 0] / criterion[criterion != 0]
    if len(factors) < SAMPLES:
        return ""
    factor = float(np.median(factors))
    if np.median(np.abs(factors - factor)) > SAME.value * abs(factor):
        return ""
    maximises = all(group.options.get("maximize") is True for group in facts.groups)
    if factor > 0 and maximises and facts.groups:
        return f"{facts.groups[0].optimizer} was made with maximize=True"
    if factor >= 0 or maximises:
        return ""
    times = "" if abs(factor + 1) <= SAME.value else f" times {fmt(-factor, 3)}"
    return f"the loss is minus the criterion's{times} in {plural(len(factors), 'sampled step')}"


def _rises(facts: Facts, criterion: Floats) -> bool:
    """Return whether a criterion that had learned nothing at first has become worse since."""
    first, now = float(criterion[:FIRST].mean()), float(criterion[-FIRST:].mean())
    prior = facts.ever(PRIOR_LOSS)
    prior = prior[np.isfinite(prior)]
    untrained = len(prior) > 0 and first >= (1 - UNTRAINED.value) * float(prior[-1])
    return untrained and first > 0 and now > RISEN.value * first


def _negated(steps: NDArray[np.int64], reads: str) -> Evidence:
    first, last = int(steps[0]), int(steps[-1])
    return Evidence(LOSS.name, first, last, -1.0, math.nan, reads, "by definition")


def _risen(facts: Facts, steps: NDArray[np.int64], criterion: Floats) -> Evidence:
    name = facts.batches.criterion.name if facts.batches.criterion is not None else ""
    now, then = float(criterion[-FIRST:].mean()), float(criterion[:FIRST].mean())
    reads = f"{name or 'the criterion'} has risen to {fmt(now, 3)}; at first it was {fmt(then, 3)}"
    tag, first, last = CRITERION_LOSS.name, int(steps[0]), int(steps[-1])
    return Evidence(tag, first, last, now, RISEN.value * then, reads, RISEN.source)


def _unbounded(facts: Facts, steps: NDArray[np.int64], criterion: Floats) -> tuple[Evidence, ...]:
    """Return what tells that nll_loss is given other things than logarithms of probabilities."""
    info = facts.batches.criterion
    sampled = float(criterion[-FIRST:].mean())
    _, sums = facts.batches.newest(ROW_SUM_ERROR)
    if info is None or info.name != "nll_loss" or not len(sums) or sampled >= BELOW.value:
        return ()
    off = float(np.median(sums))
    if off <= SUMS.value:
        return ()
    given = {"softmax": "probabilities", "addmm": "raw scores"}.get(info.behind, "other numbers")
    first, last, now = int(steps[0]), facts.last_step, float(np.fmin(sampled, facts.recent_loss))
    reads = f"nll_loss is given {given}, where it expects log-probabilities: their exponentials "
    reads += f"miss the sum of 1 by {fmt(off, 3)}"
    below = f"the loss is {fmt(now, 3)} by now, and of log-probabilities it is never below 0"
    return (
        Evidence(ROW_SUM_ERROR.name, first, last, off, SUMS.value, reads, SUMS.source),
        Evidence(CRITERION_LOSS.name, first, last, now, BELOW.value, below, BELOW.source),
    )


def _maximised(factor: float, **changed: Any) -> Any:
    """Return a run whose criterion rises, and whose loss is `factor` times that."""
    criterion = changed.pop("criterion", synth.PRIOR + np.linspace(0, 9, 300))
    total = {CRITERION_LOSS: criterion} | changed.pop("total", {})
    return synth.run(loss=factor * criterion, total=total, **changed)


def _raw_logits(off: float, behind: str = "addmm") -> Any:
    loss = -np.linspace(0, 40, 300)
    marks = [synth.criterion(name="nll_loss", behind=behind)]
    return synth.run(loss=loss, total={CRITERION_LOSS: loss, ROW_SUM_ERROR: off}, marks=marks)


def _by_hand(loss: Floats) -> Any:
    marks = [synth.mark_of_criterion({"name": "", "lowers": "logsigmoid"})]
    return synth.run(loss=loss, marks=marks, total={CRITERION_LOSS: math.nan})


_MAXIMISING = (GroupInfo("", "SGD", 0.1, options={"maximize": True}, held=6),)

RULE = Rule(
    id="wrong-loss-sign",
    claim="The loss is maximised.",
    stage="wiring",
    needs=(LOSS,),
    min_steps=SAMPLES,
    check=check,
    thresholds={
        "same": SAME,
        "risen": RISEN,
        "untrained": UNTRAINED,
        "sums": SUMS,
        "below": BELOW,
    },
    explains=(
        "nan-in-loss",
        "lr-too-high",
        "exploding-gradient",
        "saturated-activation",
        "dead-relu",
        "vanishing-gradient",
        "no-signal",
        "weight-decay-too-strong",
    ),
    while_improving="keep",
    fixes=(
        "Remove the minus sign before the criterion: its value is to be minimised.",
        "Give nll_loss the output of log_softmax, or replace it by cross_entropy for raw logits.",
        "Leave out maximize=True where the loss is an error, and not a reward.",
    ),
    confusables={
        "lr-too-high": "there the loss that goes into backward rises too",
        "init-too-large": "there the loss is high before the first step, and falls",
    },
    judges_past_loss=True,
    doc=__doc__ or "",
    fires=(
        Case("minus the criterion", lambda: _maximised(-1.0)),
        Case("minus a quarter of it", lambda: _maximised(-0.25)),
        Case("an optimizer that maximises", lambda: _maximised(1.0, groups=_MAXIMISING)),
        Case("nll_loss of raw logits", lambda: _raw_logits(20.0)),
        Case(
            "minus a distance, until it overflows",
            lambda: _by_hand(np.append(-np.geomspace(1, 1e30, 290), np.full(10, np.nan))),
        ),
        Case(
            "the logarithm of a probability, lowered by hand",
            lambda: _by_hand(-np.linspace(0.7, 90, 300)),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "the negative logarithm of a density",
            lambda: synth.run(loss=synth.falling(300, end=-3)),
        ),
        Case("a criterion that diverges with the loss", lambda: _maximised(1.0)),
        Case(
            "a trained model that unlearns",
            lambda: _maximised(-1.0, criterion=np.linspace(0.1, 3, 300)),
        ),
        Case(
            "minus a criterion that falls all the same: its weights follow a reward",
            lambda: _maximised(-1.0, criterion=synth.falling(300)),
        ),
        Case("minus a distance that does not grow", lambda: _by_hand(-synth.falling(300))),
        Case("nll_loss of log-probabilities", lambda: _raw_logits(0.0, "logsoftmax")),
    ),
)
