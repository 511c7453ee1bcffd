"""The schedule ended before the loss did.

Sees
    The learning rate against its peak, the loss before it fell to 1 % of that, and what the
    gradients since then would still have brought. No level of the loss need be known. Or a schedule
    that amounts to a few steps at its peak, where little was learned, or nobody saw the loss rest:
    of clicks and rare classes a batch's gradient is too noisy to say what is left.

Why the loss stalls
    The gradient still knows the way down, and there is no step left to follow it with.

Fix
    Let the schedule last as long as the training: mind whether it counts epochs or steps.

Not to be confused with
    lr-too-low: there the learning rate was too low from the beginning.
    lr-zero: there nothing is left of it, not even a little.
    A cosine to zero at the floor: there the loss had stopped falling while the steps were large.

Sources
    PyTorch documentation, "How to adjust learning rate": a scheduler counts its own step() calls.
    McCandlish et al. 2018, section 2.2: to first order a step lowers the loss by c‖g‖‖Δ‖ or more.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.decay import BRIEF, SPENT, STEPS, STILL, TAIL, Decay, course, early_decay
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import AT_PRIOR, NEARLY
from lossmon.diagnosis.motion import SIGNIFICANT, memory
from lossmon.diagnosis.progress import progress, progress_so_far
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.schedule import main_rate, rate_at
from lossmon.diagnosis.stats import median_of_columns, ratio, z_score
from lossmon.diagnosis.trend import FLOOR, Direction
from lossmon.numfmt import fmt
from lossmon.records import Series, Steps
from lossmon.signals import GRAD_NORM, GRAD_SAMPLED_NORM, LOSS, PRIOR_LOSS, UPDATE_NORM

Floats = NDArray[np.float64]

HARDLY = Threshold(0.1, "of the prior's loss", "five times what a constant may seem to explain")
TRAVEL = Threshold(0.05, "of the weights", "fifty steps at the usual ratio of 1e-3")
GAIN = Threshold(0.02, "of the loss", "twice the practical floor of the trend")
STRAIGHT = Threshold(0.97, "", "calibration: at most 0.93 where updates average mere noise")
USUAL_MEMORY = 0.9
"""Momentum above which updates point the same way whatever the gradients do."""
MUCH = Threshold(0.1, "of the loss", "five times what is worth a word")
LIKELY = Threshold(
    2.0, "standard errors", "1 in 44 by chance, beside a loss that was seen to fall until then"
)
FAR = Threshold(0.3, "", "toy runs: c 0.01-0.15 at floors, 0.3 with a way to go")
PAIRS, FEW_PAIRS = 8, 2
"""So many say how surely gradients agree; so few only where they leave no doubt."""


def check(facts: Facts) -> Outcome:
    """Fire where the loss was falling, gradients still agree, and the learning rate is spent."""
    if main_rate(facts.run) is None:
        return Skipped("no learning rate recorded")
    decay = early_decay(facts)
    if decay is None or facts.level.explained >= NEARLY.value:
        return CLEAR
    untried = tuple(_untried(facts, decay))
    if untried:
        return Found("warning", decay.spent, (decay.evidence(), *untried))
    went = course(facts, decay)
    left = _left(facts, decay, went)
    return left if isinstance(left, Found) else _unseen(facts, decay, went) or left


def _unseen(facts: Facts, decay: Decay, went: Direction) -> Found | None:
    """It ended after a few steps, and nobody saw the loss rest.

    Nor do gradients since then say that nothing was left.
    """
    if not decay.is_brief or went == "flat" or not progress(facts) < NEARLY.value:
        return None
    cosines, reach = _since_low(facts, decay)
    if len(cosines) >= PAIRS:
        error = float(cosines.std(ddof=1)) / len(cosines) ** 0.5
        most = (float(cosines.mean()) + LIKELY.value * error) * _way(facts, decay, reach)
        if not most > GAIN.value * facts.trend.scale:
            return None
    evidence = (decay.evidence(), decay.amount(), *progress_so_far(facts, NEARLY))
    return Found("warning" if went == "falling" else "info", decay.spent, evidence)


def _untried(facts: Facts, decay: Decay) -> Iterator[Evidence]:
    """Little was learned, and by the end of the schedule hardly anything had been tried."""
    if not progress(facts) < HARDLY.value:
        return
    hardly = decay.amount() if decay.is_brief else _travel(facts, decay)
    if hardly is not None:
        yield hardly
        yield from progress_so_far(facts, HARDLY)


def _travel(facts: Facts, decay: Decay) -> Evidence | None:
    steps = facts.sampled_steps[facts.run_rows]
    known = np.isfinite(facts.update_ratios)
    every = np.arange(facts.first_step, decay.spent + 1)
    if not known.any():
        return None
    travel = float(np.interp(every, steps[known], facts.update_ratios[known]).sum())
    if not travel < TRAVEL.value:
        return None
    reads = f"until then all steps together moved the weights by at most {100 * travel:.2g} %"
    tag, bound = signals.TOTAL_UPDATE_RATIO.name, f"{fmt(100 * TRAVEL.value)} %"
    first, last = facts.first_step, decay.spent
    return Evidence(tag, first, last, travel, TRAVEL.value, reads, TRAVEL.source, bound)


def _left(facts: Facts, decay: Decay, went: Direction) -> Outcome:
    """Fire where gradients since then would still have brought much."""
    if went not in ("falling", "unknown") and not facts.level.explained <= AT_PRIOR.value:
        return CLEAR
    cosines, reach = _since_low(facts, decay)
    if len(cosines) < PAIRS and not _strongly(cosines):
        return Skipped("hardly any steps in a row were sampled since the learning rate fell")
    gain = float(cosines.mean()) * _way(facts, decay, reach)
    fell = went == "falling" and gain > MUCH.value * facts.trend.scale
    agree = _agree(facts, cosines, decay, LIKELY if fell else SIGNIFICANT)
    if agree is None or not gain > GAIN.value * facts.trend.scale:
        return CLEAR
    return Found("warning", decay.spent, _evidence(facts, decay, agree, gain))


def _since_low(facts: Facts, decay: Decay) -> tuple[Floats, Floats]:
    """Return the cosines of gradients since the learning rate fell, and `_reach` at a tenth of it.

    By then the weights hardly move, and old pairs of gradients are as good as new ones.
    """
    rows = facts.run_rows[facts.sampled_steps[facts.run_rows] >= decay.low]
    reach = _reach(facts, decay.rate, STILL.value * decay.peak)
    return _cosines(facts, rows, reach), reach


def _way(facts: Facts, decay: Decay, reach: Floats) -> float:
    """Return how much steps all in the gradient's direction would have lowered the loss since."""
    return (facts.last_step - decay.spent + 1) * float(reach.sum())


def _cosines(facts: Facts, rows: Steps, reach: Floats) -> Floats:
    """Return the cosines of successive gradients, one for each pair of records of steps in a row.

    Those of all tensors, each as much as its steps reach: a table of rare rows, whose gradients
    hardly meet, does not hide what the layers above it agree on. Of a loss with rare large
    gradients they tell more than the inner products do.
    """
    norms = facts.parameter(GRAD_SAMPLED_NORM, rows)
    dots = facts.parameter(signals.GRAD_DOT_PREV, rows)
    pairs = np.flatnonzero(np.diff(facts.sampled_steps[rows]) == 1) + 1
    cosines = ratio(dots[pairs], norms[pairs] * norms[pairs - 1])
    known = np.isfinite(cosines)
    weights = np.where(known, reach, 0.0)
    cosines = ratio((np.where(known, cosines, 0.0) * weights).sum(axis=1), weights.sum(axis=1))
    return cosines[np.isfinite(cosines)]


def _strongly(cosines: Floats) -> bool:
    """Return whether few pairs of gradients all agree, and far more than they do at a floor."""
    few = len(cosines) >= FEW_PAIRS and float(cosines.min()) > 0
    return few and float(cosines.mean()) >= FAR.value


def _agree(facts: Facts, cosines: Floats, decay: Decay, surely: Threshold) -> Evidence | None:
    """Return how gradients, or the updates made of them, are known to agree still."""
    first, last, z = decay.spent, facts.last_step, z_score(cosines)
    if len(cosines) < PAIRS:
        mean, tag = float(cosines.mean()), signals.GRAD_DOT_PREV.name
        reads = f"successive gradients still agree (cosine {fmt(mean, 2)}, {len(cosines)} pairs)"
        return Evidence(tag, first, last, mean, FAR.value, reads, FAR.source)
    if z >= surely.value:
        reads = f"successive gradients still agree ({fmt(z, 2)} standard errors)"
        tag, bound = signals.GRAD_DOT_PREV.name, f"{fmt(surely.value)} standard errors"
        return Evidence(tag, first, last, z, surely.value, reads, surely.source, bound)
    cosine = facts.motion.update_cosine
    if cosine >= STRAIGHT.value and memory(facts, unknown=0.0) <= USUAL_MEMORY:
        reads = f"successive updates still point the same way (cosine {fmt(cosine, 2)})"
        tag, limit = signals.UPDATE_DOT_PREV.name, STRAIGHT.value
        return Evidence(tag, first, last, cosine, limit, reads, STRAIGHT.source)
    return None


def _reach(facts: Facts, rate: Series, lr: float) -> Floats:
    """Return ‖g‖‖Δ‖ of a step of each tensor, typically, had it been made with a learning rate.

    0 for those that no optimizer holds, or that were not measured.
    """
    rows = facts.run_rows
    then = rate_at(rate, facts.sampled_steps[rows])
    gradient, update = facts.parameter(GRAD_NORM, rows), facts.parameter(UPDATE_NORM, rows)
    with np.errstate(all="ignore"):
        reach = gradient * update * (lr / then)[:, None]
    moved = (np.isfinite(reach) & (reach > 0)).any(axis=1)
    reach = median_of_columns(reach[moved][-len(facts.rows) :])
    return np.where(facts.held & np.isfinite(reach), reach, 0.0)


def _evidence(facts: Facts, decay: Decay, agree: Evidence, gain: float) -> tuple[Evidence, ...]:
    last = facts.last_step
    left = f"at a tenth of the peak these {last - decay.spent + 1} steps would have lowered "
    left += f"the loss by about {fmt(gain, 2)}, to first order"
    limit = GAIN.value * facts.trend.scale
    first = decay.spent
    return (
        decay.evidence(),
        agree,
        Evidence(LOSS.name, first, last, gain, limit, left, GAIN.source),
    )


_EXPONENTIAL = 1e-3 * np.maximum(0.95 ** np.arange(300), 1e-4)
_COSINE = 1e-3 * 0.5 * (1 + np.cos(np.linspace(0, np.pi, 300)))


def _stopped(at: float = 1.2, *, steps: int = 60) -> Floats:
    """Return a loss that falls until it is held where it has got to."""
    loss = synth.flat(300, at=at)
    loss[:steps] += np.linspace(synth.PRIOR - at, 0, steps)
    return loss


_CUTS = 1e-3 * np.repeat([1.0, 0.1, 0.01], (40, 20, 240))
_HASTY = 1e-2 * np.maximum(0.9 ** np.arange(300), 1e-6)
_BRIEF = np.repeat([1e-3, 1e-6], (100, 1100))
_SELDOM = np.arange(300) % 48 == 1


def _moving(lr: Floats, c: float | Floats = 0.3) -> dict[signals.Signal, ArrayLike]:
    return {
        GRAD_SAMPLED_NORM: 1.0,
        GRAD_NORM: 1.0,
        signals.GRAD_DOT_PREV: c,
        UPDATE_NORM: np.maximum(20 * lr, 1e-9)[:, None] * np.ones(len(synth.SHAPES)),
    }


RULE = Rule(
    id="lr-decays-too-soon",
    claim="The schedule ended before the loss did.",
    stage="motion",
    needs=(LOSS, GRAD_NORM, GRAD_SAMPLED_NORM, UPDATE_NORM),
    min_steps=STEPS,
    check=check,
    thresholds={
        "spent": SPENT,
        "tail": TAIL,
        "brief": BRIEF,
        "travel": TRAVEL,
        "hardly": HARDLY,
        "still": STILL,
        "gain": GAIN,
        "agreement": SIGNIFICANT,
        "much": MUCH,
        "likely": LIKELY,
        "far": FAR,
        "at_prior": AT_PRIOR,
        "straight": STRAIGHT,
        "explained": NEARLY,
        "floor": FLOOR,
    },
    explains=("lr-too-low", "update-underflow"),
    yields_to=("lr-zero",),
    fixes=(
        "Call scheduler.step() once an epoch where the schedule is given in epochs.",
        "Make the schedule as long as the training: T_max or total_iters in units of its step().",
        "Decay more slowly, with a gamma nearer to 1 or later milestones; or set eta_min.",
    ),
    confusables={
        "lr-too-low": "there the learning rate was too low at its peak already",
        "lr-zero": "there the learning rate is exactly 0",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "an exponential decay that is through after a third of the steps",
            lambda: synth.run(loss=_stopped(), lr=_EXPONENTIAL, parameter=_moving(_EXPONENTIAL)),
        ),
        Case(
            "the same, of a loss whose level is not known, in few pairs of steps",
            lambda: synth.run(
                loss=_stopped(),
                lr=_EXPONENTIAL,
                parameter=_moving(_EXPONENTIAL, np.where(_SELDOM, 0.5, np.nan)[:, None]),
                total={PRIOR_LOSS: np.nan},
            ),
        ),
        Case(
            "a schedule of a few steps, of noisy clicks, where rows of tables hardly meet again",
            lambda: synth.run(
                loss=synth.flat(300, at=0.95 * synth.PRIOR, noise=0.2),
                lr=_HASTY,
                parameter=_moving(_HASTY, np.nan),
            ),
        ),
        Case(
            "two cuts to a tenth, early: 1 % of the peak, exactly",
            lambda: synth.run(loss=_stopped(), lr=_CUTS, parameter=_moving(_CUTS)),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a cosine to zero at the floor",
            lambda: synth.run(
                loss=_stopped(),
                lr=_COSINE,
                parameter=_moving(_COSINE),
            ),
        ),
        Case(
            "a loss that was flat before the learning rate was cut",
            lambda: synth.run(
                loss=synth.flat(300, at=1.2),
                lr=np.repeat([1e-3, 1e-6], 150),
                parameter=_moving(np.repeat([1e-3, 1e-6], 150)),
            ),
        ),
        Case(
            "a schedule of a few steps, of a loss that was seen to rest before it ended",
            lambda: synth.run(
                1200,
                loss=synth.flat(1200, at=1.2, noise=1e-3),
                lr=_BRIEF,
                parameter=_moving(_BRIEF, np.nan),
            ),
        ),
        Case(
            "gradients that hold next to nothing any more",
            lambda: synth.run(
                loss=_stopped(),
                lr=_EXPONENTIAL,
                parameter=_moving(_EXPONENTIAL, 0.003),
            ),
        ),
        Case(
            "a model that has learned what there is",
            lambda: synth.run(
                loss=_stopped(0.1),
                lr=_EXPONENTIAL,
                parameter=_moving(_EXPONENTIAL),
            ),
        ),
    ),
)
