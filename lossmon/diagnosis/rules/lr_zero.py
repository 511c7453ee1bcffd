"""A param group's learning rate is 0.

Sees
    The learning rate of every param group, step by step, and that what the group holds stands
    still while gradients arrive at it.

Why the loss stalls
    Every update is multiplied by the learning rate. At 0 nothing moves, whatever the gradients say.

Fix
    Look at the schedule: where it starts, how long it is, and how often its step() is called.

Not to be confused with
    lr-too-low: there the updates are small, and not 0.
    lr-decays-too-soon: there the schedule has brought the rate down, and not to 0.
    Warm-up from 0 and a cosine that ends at 0: there the rate is 0 for a step, or at the floor.

Sources
    By definition. PyTorch documentation, torch.optim.lr_scheduler: a schedule counts the calls of
    its step(), which may be batches or epochs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis import synth, untrained
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import AT_PRIOR, NEARLY
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.progress import EXPLAINED, progress, progress_so_far
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.stats import z_score
from lossmon.diagnosis.trend import FLOOR, Trend, trend
from lossmon.numfmt import fmt, plural
from lossmon.records import GroupInfo, Series
from lossmon.signals import GRAD_ARRIVED, LR, UPDATE_NORM, Signal, group_tag

ZERO = Threshold(0.0, "", "by definition")
STEPS = Threshold(20, "steps", "a warm-up from 0 is there for one, an epoch of few batches for ten")
LASTS = Threshold(0.25, "of the run", "the window of the verdict: less is the end of a schedule")
BEFORE = 100
"""Losses before the rate fell to 0 that tell whether there was still way to go."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stop:
    """Param groups whose rate is 0 up to the end of the log."""

    members: Mask
    """Parameters of theirs that gradients arrive at."""
    names: tuple[str, ...]
    since: int
    """First step at 0."""
    from_start: bool


def check(facts: Facts) -> Outcome:
    """Fire where a rate has been 0 for long, what it holds stands still, and there is way to go."""
    known = [(i, rate) for i in range(len(facts.groups)) if (rate := _rate(facts, i)) is not None]
    if not known:
        return Skipped("no learning rate of a param group is recorded")
    stop = _stop(facts, known)
    if stop is None or not stop.members.any() or not _lasts(facts, stop):
        return CLEAR
    arriving = facts.held & (facts.arrived > 0)
    if (arriving & ~stop.members).any():
        return _part(facts, stop)
    reasons = _way_to_go(facts, stop)
    if not reasons and not stop.from_start:
        return CLEAR
    return Found("error", stop.since, (_zero(facts, stop), *reasons), facts.names(stop.members))


def _part(facts: Facts, stop: Stop) -> Found:
    """Return the finding for some groups of several: a warning only where they had to learn."""
    names, evidence = facts.names(stop.members), (_zero(facts, stop),)
    wide = np.array([len(p.shape) >= 2 for p in facts.parameters], bool)
    if stop.from_start:
        stuck = progress(facts) < EXPLAINED.value
        serious = stuck and untrained.is_untrained(facts, stop.members & wide)
    else:
        serious = progress(facts) < NEARLY.value and _agreement(facts, stop) >= SIGNIFICANT.value
    return Found("warning" if serious else "info", stop.since, evidence, names)


def _rate(facts: Facts, index: int) -> Series | None:
    """Return the recorded rate of a param group; None where it is not known."""
    tag = LR.tag if len(facts.groups) == 1 else group_tag(LR, facts.groups[index].name)
    series = facts.run.series.get(tag)
    return series if series is not None and len(series) else None


def _stop(facts: Facts, known: list[tuple[int, Series]]) -> Stop | None:
    group = np.array([p.group for p in facts.parameters])
    arriving = facts.held & (facts.arrived > 0)
    stopped = [
        (i, rate) for i, rate in known if rate.high[-1] == 0 and (arriving & (group == i)).any()
    ]
    if not stopped:
        return None
    begins = [_begins(rate) for _, rate in stopped]
    members = arriving & np.isin(group, [i for i, _ in stopped])
    names = tuple(facts.groups[i].name for i, _ in stopped)
    # A rate may be on record from before the first loss that is.
    late = max(facts.first_step, *(step for step, _ in begins))
    return Stop(members, names, late, all(whole for _, whole in begins))


def _begins(rate: Series) -> tuple[int, bool]:
    """Return the first step from which a rate has been 0, and whether it always was."""
    above = np.flatnonzero(rate.high != 0)
    if not len(above):
        return int(rate.first_steps[0]), True
    return int(rate.first_steps[above[-1] + 1]), False


def _lasts(facts: Facts, stop: Stop) -> bool:
    """Return whether the rate has been 0 for a good part of the run, and nothing moves."""
    steps = facts.last_step - stop.since + 1
    if steps < max(STEPS.value, LASTS.value * (facts.last_step - facts.first_step + 1)):
        return False
    since = facts.sampled_steps[facts.run_rows] >= stop.since
    updates = facts.parameter(UPDATE_NORM, facts.run_rows)[since][:, stop.members]
    return bool(np.isfinite(updates).any() and not (updates > 0).any())


def _way_to_go(facts: Facts, stop: Stop) -> tuple[Evidence, ...]:
    """Return how it is known that the loss was not done when all stopped; nothing if it is not."""
    explained = progress(facts)
    if explained >= NEARLY.value:
        return ()
    if stop.from_start or explained <= AT_PRIOR.value:
        return progress_so_far(facts, AT_PRIOR)
    before = facts.losses[facts.loss_steps < stop.since][-BEFORE:]
    finite = before[np.isfinite(before)]
    scale = float(np.abs(finite).mean()) if len(finite) else float("nan")
    fell = trend(before, scale=scale)
    if fell.direction == "falling":
        return (_fell(facts, stop, fell),)
    z = _agreement(facts, stop)
    return (_agree(facts, z),) if len(before) < BEFORE and z >= SIGNIFICANT.value else ()


def _fell(facts: Facts, stop: Stop, fell: Trend) -> Evidence:
    first = max(facts.first_step, stop.since - BEFORE)
    reads = f"in the {stop.since - first} steps before, the loss fell by "
    reads += f"{fmt(-100 * fell.relative, 2)} %"
    limit, bound = FLOOR, f"{fmt(100 * FLOOR.value)} %"
    return Evidence(
        signals.LOSS.name,
        first,
        stop.since,
        -fell.relative,
        limit.value,
        reads,
        limit.source,
        bound,
    )


def _agree(facts: Facts, z: float) -> Evidence:
    first, last = facts.sampled_window
    reads = f"its gradients still agree ({fmt(z, 2)} standard errors)"
    limit, bound = SIGNIFICANT, f"{fmt(SIGNIFICANT.value)} standard errors"
    tag = signals.GRAD_DOT_PREV.name
    return Evidence(tag, first, last, z, limit.value, reads, limit.source, bound)


def _agreement(facts: Facts, stop: Stop) -> float:
    """Return how surely the gradients of what stands still agree, in standard errors."""
    rows = facts.rows[facts.sampled_steps[facts.rows] > stop.since]
    dots = facts.parameter(signals.GRAD_DOT_PREV, rows)[:, stop.members]
    return z_score(np.nansum(dots[np.isfinite(dots).any(axis=1)], axis=1))


def _zero(facts: Facts, stop: Stop) -> Evidence:
    n, steps = int(stop.members.sum()), facts.last_step - stop.since + 1
    of = "" if len(facts.groups) == 1 else f" of param group {' and '.join(stop.names)}"
    when = "from the first step on" if stop.from_start else f"since step {stop.since}"
    verb = "gets gradients and stands" if n == 1 else "get gradients and stand"
    reads = f"the learning rate{of} is exactly 0 {when}, for {plural(steps, 'step')}: "
    reads += f"{plural(n, 'parameter')} {verb} still"
    return Evidence(LR.name, stop.since, facts.last_step, 0.0, ZERO.value, reads, ZERO.source)


def _stopped(at: int, *, loss: Any, **changed: Any) -> Any:
    """Return a run whose rate is 0 from step `at` on."""
    late = np.arange(300) >= at
    parameter = {
        UPDATE_NORM: np.where(late, 0.0, 0.02)[:, None],
        signals.WEIGHT_NORM: (10 + np.minimum(np.arange(300), at) / 300)[:, None],
    }
    lr = np.where(late, 0.0, 1e-3)
    return synth.run(
        loss=loss, lr=lr, parameter=parameter | changed.pop("parameter", {}), **changed
    )


def _falls_until(at: int) -> Any:
    loss = synth.falling(300)
    loss[at:] = synth.flat(300 - at, at=float(loss[at]))
    return loss


_RATES = [Signal(f"lr_{i}", "lr", "", "scalar", "", group_tag(LR, str(i))) for i in range(2)]


def _two_groups(norms: Any, *, loss: Any) -> Any:
    rates = (0.0, 1e-3)
    return synth.run(
        loss=loss,
        groups=[GroupInfo(str(i), "Adam", rate, held=3) for i, rate in enumerate(rates)],
        group_of=np.where(_TRUNK, 0, 1).tolist(),
        scalar=dict(zip(_RATES, rates, strict=True)),
        parameter={UPDATE_NORM: np.where(_TRUNK, 0.0, 0.02), signals.WEIGHT_NORM: norms},
    )


_TRUNK = np.arange(6) < 4
RULE = Rule(
    id="lr-zero",
    claim="A param group's learning rate is 0.",
    stage="wiring",
    needs=(signals.LOSS, GRAD_ARRIVED, UPDATE_NORM),
    min_steps=int(STEPS.value),
    check=check,
    thresholds={
        "zero": ZERO,
        "steps": STEPS,
        "lasts": LASTS,
        "learned": NEARLY,
        "explained": EXPLAINED,
        "at_prior": AT_PRIOR,
        "agreement": SIGNIFICANT,
        "fell": FLOOR,
        "errors": untrained.ERRORS,
    },
    explains=(
        "lr-decays-too-soon",
        "lr-too-low",
        "no-signal",
        "vanishing-gradient",
        "zero-init",
        "constant-init",
        "batch-too-large",
        "batch-too-small",
        "model-too-small",
        "label-noise",
    ),
    fixes=(
        "Look at the factor that your schedule returns: an integer division gives 0 for long.",
        "Give the schedule its length in the unit of its step(): batches, or epochs.",
        "Check the lr of every param group: print(optimizer) shows them.",
    ),
    confusables={
        "lr-too-low": "there updates are small, and not 0",
        "frozen-params": "there requires_grad is False, and no gradient arrives",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "0 from the first step on",
            lambda: _stopped(0, loss=synth.flat(300)),
            tuple(synth.SHAPES),
        ),
        Case(
            "a schedule that is over while the loss falls",
            lambda: _stopped(90, loss=_falls_until(90)),
            tuple(synth.SHAPES),
        ),
        Case(
            "one of two groups, at its random start",
            lambda: _two_groups(synth.FIRST_NORMS, loss=synth.flat(300, at=1.9)),
            tuple(synth.SHAPES)[:4],
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a warm-up that begins at 0",
            lambda: synth.run(lr=np.minimum(np.arange(300) / 100, 1) * 1e-3),
        ),
        Case(
            "a cosine that ends at 0",
            lambda: synth.run(lr=1e-3 * 0.5 * (1 + np.cos(np.linspace(0, np.pi, 300)))),
        ),
        Case(
            "steps after the end of the schedule, at the floor",
            lambda: _stopped(
                200,
                loss=np.concatenate([synth.falling(100, end=1.0), synth.flat(200, at=1.2)]),
            ),
        ),
        Case(
            "weights that something else moves",
            lambda: _stopped(0, loss=synth.flat(300), parameter={UPDATE_NORM: 0.02}),
        ),
    ),
)
