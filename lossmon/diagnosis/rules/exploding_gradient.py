"""Gradient norms blow up.

Sees
    The total gradient norm before clipping, at all sampled steps, against what it is as a rule and
    what it was at first: a first norm out of all proportion, one early norm out of nowhere whose
    step threw the weights about, norms far above the rest again and again, up to now or with peaks
    of the loss or far shorter steps of Adam since, or a risen level; and whether a large step came
    before it. Or layers that multiply what goes through them, by weights
    of a sound scale: what is multiplied on the way to the loss is so on the way back.

Why the loss stalls
    The gradient is multiplied on its way back, by each layer or each step of a sequence. One such
    gradient takes the weights further than all steps before it, and undoes what they had learned.

Fix
    Clip the gradient's norm; an architecture that keeps its size.

Not to be confused with
    lr-too-high: there a large step came first, of a gradient of the usual size; also where layers
    multiply what they are given after it, and did not before.
    One bad batch: a single norm that stands out, after which all is as before.
    Rare examples, whose gradients are large at first already.
    init-too-large: there the weights were too large from the start.
    saturated-activation: of units that are pinned a gradient comes through now and then.

Sources
    Bengio et al. 1994; Pascanu et al. 2013, section 2. OLMo-core skips a step beyond 6 standard
    deviations; ten times the median is beyond that for norms that scatter by a factor of 1.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import EARLY_ROWS, Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.level import seems_explained
from lossmon.diagnosis.multiplied import GROWN, multiplied
from lossmon.diagnosis.outbursts import PEAK, SHRUNK, lasting
from lossmon.diagnosis.pinned import pinned_at_first
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.steepness import ENLARGED, STEEP, steepness
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.layersignals import SATURATED_SHARE, STD_IN, STD_OUT
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo, Steps
from lossmon.signals import (
    LOSS,
    TOTAL_GRAD_NORM,
    TOTAL_UNCLIPPED_NORM,
    UPDATE_NORM,
    WEIGHT_NORM,
)

Floats = NDArray[np.float64]

BLOWN_UP = Threshold(10.0, "times the median", "beyond 6 standard deviations of a sound scatter")
EXPLAINED = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")
FALLEN = Threshold(0.05, "of the first loss", "where no prior is known: less is no progress")
JUMP = Threshold(30.0, "times any before", "toy runs: 68 in a ReLU RNN; overshooting grows by less")
LARGE_STEP = Threshold(0.1, "of the weights", "TheDeepChecker: update ratios above 10^-1 diverge")
THROWN = Threshold(0.15, "of the weights", "lr-too-high's limit: what it calls a large step")
EPISODES = 3
"""So many times apart: fewer are bad batches."""
NORMS = 50


@dataclass(frozen=True, slots=True)
class Norms:
    """Gradient norms of the run."""

    steps: Steps
    values: Floats
    """Infinite where they overflowed."""
    usual: float
    """The larger of the run's median and that of its first records."""


def check(facts: Facts) -> Outcome:
    """Fire where norms far above the usual come again and again, or to stay, and nothing else."""
    norms = _norms(facts)
    if facts.is_contested:
        return Skipped("its gradients depend on parameters that another training moves")
    moves_nothing = len(facts.parameters) > 0 and not facts.moves.any()
    # Gradients that no step follows are not cleared either, as a rule, and add up.
    if not len(norms.values) or moves_nothing:
        return CLEAR
    grown = multiplied(facts)
    if grown is None and pinned_at_first(facts).any():
        return CLEAR  # of pinned units a gradient comes through now and then
    blown = CLEAR if _learns(facts) else _blown_up(facts, norms)
    if isinstance(blown, Found) or grown is None or facts.level.explained >= EXPLAINED.value:
        return blown
    sure = facts.level.is_known or not np.isfinite(facts.recent_loss)
    severity: Severity = "error" if sure else "info"
    return Found(severity, facts.first_step, (grown, *_level(facts)))


def _blown_up(facts: Facts, norms: Norms) -> Outcome:
    # The first gradient may say all, where hardly any other is finite or was looked at.
    is_short = len(norms.values) < NORMS or not norms.usual > 0
    for proof in _PROOFS[:1] if is_short else _PROOFS:
        found = proof(facts, norms)
        if found is not None:
            return CLEAR if _stepped_before(facts, found.since_step) else found
    if is_short:
        return Skipped(f"{len(norms.values)} gradient norms are recorded, {NORMS} needed")
    return CLEAR


def _norms(facts: Facts) -> Norms:
    unclipped = facts.run.scalar(TOTAL_UNCLIPPED_NORM)
    series = unclipped if unclipped is not None and len(unclipped) else None
    series = series or facts.run.scalar(TOTAL_GRAD_NORM)
    if series is None:
        return Norms(np.zeros(0, np.int64), np.zeros(0), 0.0)
    values = np.nan_to_num(series.values, nan=np.inf, posinf=np.inf)
    usual = max(_median(values), _median(values[:EARLY_ROWS])) if len(values) else 0.0
    return Norms(series.steps, values, usual)


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else 0.0


def _learns(facts: Facts) -> bool:
    if facts.level.is_known:
        return facts.level.explained >= EXPLAINED.value
    now = float(np.nan_to_num(facts.recent_losses, nan=np.inf, posinf=np.inf).mean())
    return facts.first_loss - now > FALLEN.value * abs(facts.first_loss)


def _stepped_before(facts: Facts, since: int) -> bool:
    """Return whether the weights were thrown about before any gradient was out of the usual."""
    steps = facts.sampled_steps[facts.run_rows]
    before = facts.update_ratios[steps < since]
    return bool((np.nan_to_num(before, posinf=np.inf) > THROWN.value).any())


def _from_the_start(facts: Facts, norms: Norms) -> Found | None:
    """Return the finding for a first gradient out of all proportion to weights and loss."""
    first = steepness(facts)
    if first is None or not first.is_steep:
        return None
    start = facts.first_step
    # What was clipped threw nothing: where something was learned, it is not what holds the loss up.
    learns = facts.level.explained > seems_explained(facts)
    severity: Severity = "info" if first.is_clipped and learns else "error"
    return Found(severity, start, (first.evidence(start, facts.first_loss), *_level(facts)))


def _out_of_nowhere(facts: Facts, norms: Norms) -> Found | None:
    """Return the finding for one early gradient whose step threw the weights about."""
    early = norms.values[:EARLY_ROWS]
    jump = early[1:] / np.maximum.accumulate(early)[:-1]
    high = np.flatnonzero((jump > JUMP.value) & (early[1:] > BLOWN_UP.value * norms.usual)) + 1
    if not len(high):
        return None
    at = int(high[0])
    since = int(norms.steps[at])
    moved = facts.update_ratios[facts.sampled_steps[facts.run_rows] == since]
    if not len(moved) or not np.nan_to_num(moved[0], nan=np.inf) > LARGE_STEP.value:
        return None
    reads = f"the gradient norm of step {since} is {fmt(float(early[at]), 3)}, "
    reads += f"{fmt(float(jump[at - 1]), 2)} times the largest before it, and its step threw the "
    reads += "weights about"
    limit, bound = JUMP.value, fmt(JUMP.value * float(early[:at].max()), 3)
    tag, source = TOTAL_GRAD_NORM.name, JUMP.source
    blown = Evidence(tag, since, since, float(jump[at - 1]), limit, reads, source, bound)
    return Found("error", since, (blown, *_level(facts)))


def _again_and_again(facts: Facts, norms: Norms) -> Found | None:
    high = np.flatnonzero(norms.values > BLOWN_UP.value * norms.usual)
    apart = high[np.append(True, np.diff(high) > 1)] if len(high) else high
    if len(apart) < EPISODES:
        return None
    worst = high[np.argmax(norms.values[high])]
    first, last = int(norms.steps[apart[0]]), int(norms.steps[high[-1]])
    still = tuple(lasting(facts, first, int(norms.steps[worst])))
    if last < facts.window[0] and not still:
        return None
    reads = (
        f"{len(high)} of {len(norms.values)} gradient norms, {len(apart)} times apart, are more "
    )
    reads += f"than {fmt(BLOWN_UP.value)} times the usual {fmt(norms.usual, 3)}, up to "
    reads += fmt(float(norms.values[worst]), 3)
    limit, observed = BLOWN_UP.value * norms.usual, float(norms.values[worst])
    tag = TOTAL_GRAD_NORM.name
    blown = Evidence(tag, first, last, observed, limit, reads, BLOWN_UP.source, fmt(limit, 3))
    return Found("error", first, (blown, *still, *_level(facts)))


def _for_good(facts: Facts, norms: Norms) -> Found | None:
    early = _median(norms.values[:EARLY_ROWS])
    now = norms.values[-max(EARLY_ROWS, len(norms.values) // 5) :]
    level = float(np.median(now))
    if not level > BLOWN_UP.value * early > 0 or not _has_a_level(facts):
        return None
    at = int(np.argmax(norms.values > BLOWN_UP.value * early))
    since, last = int(norms.steps[at]), int(norms.steps[-1])
    reads = f"gradient norms have risen from {fmt(early, 3)} to {fmt(level, 3)}"
    limit = BLOWN_UP.value * early
    tag = TOTAL_GRAD_NORM.name
    risen = Evidence(tag, since, last, level, limit, reads, BLOWN_UP.source, fmt(limit, 3))
    return Found("error", since, (risen, *_level(facts)))


_PROOFS: tuple[Callable[[Facts, Norms], Found | None], ...] = (
    _from_the_start,
    _out_of_nowhere,
    _again_and_again,
    _for_good,
)


def _has_a_level(facts: Facts) -> bool:
    """Return whether it is known how good the loss is, or that it is worse than at first.

    A negative log-density, or the score of a critic, has larger gradients as it gets better.
    """
    return facts.level.is_known or float(facts.recent_losses.mean()) > facts.first_loss > 0


def _level(facts: Facts) -> Iterator[Evidence]:
    recent = facts.recent_losses
    first, last = facts.loss_window
    if not len(recent) or np.isnan(facts.first_loss):
        return
    now = float(recent.mean())
    reads = f"the loss is {fmt(now, 3)}; at first it was {fmt(facts.first_loss, 3)}"
    limit = facts.first_loss - FALLEN.value * abs(facts.first_loss)
    if facts.level.is_known:
        limit = (1 - EXPLAINED.value) * facts.constant_loss
    yield Evidence(LOSS.name, first, last, now, limit, reads, FALLEN.source)


def _spiky(*at: int) -> Floats:
    norms = np.exp(np.random.default_rng(3).normal(0, 0.3, 300))
    norms[list(at)] = 300.0
    return norms


def _imbalanced() -> Floats:
    norms = np.full(300, 0.01)
    norms[:30] = 1.0
    norms[40::20] = 1.5
    return norms


def _one_large_step(at: int) -> Floats:
    updates = np.full((300, len(synth.SHAPES)), 0.02)
    updates[at] = 60.0
    return updates


def _after_a_fair_step() -> Floats:
    updates = _one_large_step(4)
    updates[3] = 1.2
    return updates


def _early_steps() -> Floats:
    updates = np.full((300, len(synth.SHAPES)), 0.02)
    updates[2:6] = 5.0
    return updates


_PINNED = (
    LayerInfo("0", "Linear", "tanh", units=64, sampled_units=64),
    LayerInfo("1", "Linear", sources=(0,), between=("tanh",), units=10, sampled_units=10),
)

RULE = Rule(
    id="exploding-gradient",
    claim="Gradient norms blow up.",
    stage="gradient-flow",
    needs=(LOSS, TOTAL_GRAD_NORM),
    min_steps=50,
    check=check,
    thresholds={
        "blown_up": BLOWN_UP,
        "grown": GROWN,
        "explained": EXPLAINED,
        "fallen": FALLEN,
        "steep": STEEP,
        "enlarged": ENLARGED,
        "jump": JUMP,
        "large_step": LARGE_STEP,
        "thrown": THROWN,
        "peak": PEAK,
        "shrunk": SHRUNK,
    },
    explains=(
        "nan-in-loss",
        "vanishing-gradient",
        "dead-relu",
        "saturated-activation",
        "lr-too-high",
        "lr-too-low",
        "no-signal",
    ),
    fixes=(
        "Clip gradients: torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0) before the step.",
        "Use nn.LSTM or nn.GRU instead of nn.RNN, or back-propagate through fewer steps.",
        "Put a normalisation layer after each layer, or residual connections around it.",
        "Lower the learning rate by 10.",
    ),
    confusables={
        "lr-too-high": "there a large step of a usual gradient came first",
        "init-too-large": "there the weights were too large from the start",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "layers that multiply by a thousand, with weights of a sound scale",
            lambda: synth.run(
                loss=synth.flat(300, at=2 * synth.PRIOR),
                layer={STD_IN: 1.0, STD_OUT: np.geomspace(1, 1000, len(LAYERS))},
                parameter={WEIGHT_NORM: 1.0},
                scalar={TOTAL_GRAD_NORM: np.full(300, 50.0)},
            ),
        ),
        Case(
            "norms of 300 again and again, at the prior",
            lambda: synth.run(
                loss=synth.flat(300), scalar={TOTAL_GRAD_NORM: _spiky(60, 120, 180, 240, 280)}
            ),
        ),
        Case(
            "one gradient out of nowhere, whose step threw the weights about for good",
            lambda: synth.run(
                loss=synth.flat(300),
                scalar={TOTAL_GRAD_NORM: _spiky(4)},
                parameter={UPDATE_NORM: _one_large_step(4)},
            ),
        ),
        Case(
            "one gradient out of nowhere, after a step of an eighth of the weights",
            lambda: synth.run(
                loss=synth.flat(300),
                scalar={TOTAL_GRAD_NORM: _spiky(4)},
                parameter={UPDATE_NORM: _after_a_fair_step()},
            ),
        ),
        Case(
            "norms that rise a thousandfold",
            lambda: synth.run(
                loss=synth.flat(300), scalar={TOTAL_GRAD_NORM: np.geomspace(1, 1000, 300)}
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "spikes through units that were pinned from the start",
            lambda: synth.run(
                loss=synth.flat(300),
                layers=_PINNED,
                layer={SATURATED_SHARE: [0.9, np.nan]},
                scalar={TOTAL_GRAD_NORM: _spiky(60, 120, 180, 240, 280)},
            ),
        ),
        Case(
            "gradients that add up where no parameter ever moves",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={UPDATE_NORM: 0.0, WEIGHT_NORM: 10.0},
                scalar={TOTAL_GRAD_NORM: np.linspace(1.0, 90.0, 300)},
            ),
        ),
        Case(
            "one bad batch",
            lambda: synth.run(loss=synth.flat(300), scalar={TOTAL_GRAD_NORM: _spiky(150)}),
        ),
        Case(
            "rare examples whose gradients are no larger than at first",
            lambda: synth.run(loss=synth.flat(300), scalar={TOTAL_GRAD_NORM: _imbalanced()}),
        ),
        Case(
            "norms that rise while the loss falls",
            lambda: synth.run(scalar={TOTAL_GRAD_NORM: np.geomspace(1, 1000, 300)}),
        ),
        Case(
            "norms that blow up after steps that threw the weights about",
            lambda: synth.run(
                loss=synth.flat(300),
                scalar={TOTAL_GRAD_NORM: _spiky(60, 120, 180, 240, 280)},
                parameter={UPDATE_NORM: _early_steps()},
            ),
        ),
    ),
)
