"""The step overshoots.

Sees
    The update ratio ‖Δw‖/‖w‖ of the early steps, the peak of the loss or the growth of the weights
    after them, and where the loss has got to since; or units before a ReLU that fired until such a
    step, and never again.

Why the loss stalls
    A step that is longer than the valley is wide lands on the opposite slope, higher up. The
    weights are thrown about, units die, and what is left does no better than a constant.

Fix
    Lower the learning rate, by 10 at first; warm it up; clip gradients.

Not to be confused with
    The edge of stability: a large step with a loss that falls all the same is healthy.
    init-too-large: there the loss is high before the first update.
    dead-relu: there no large step came before the units died.
    unnormalised-input: there the inputs are on a scale that makes any step large.

Sources
    Update ratio: early ratios above 0.15 in toy runs that go wrong, 0.06 at most in healthy ones.
    Cohen et al. 2021, "Gradient Descent on Neural Networks Typically Occurs at the Edge of
    Stability", section 3 (why a large step alone proves nothing).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.deadunits import MOST, killed
from lossmon.diagnosis.facts import EARLY_ROWS, Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.stats import ratio
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.layersignals import DEAD_SHARE
from lossmon.numfmt import fmt
from lossmon.records import Steps
from lossmon.signals import LOSS, TOTAL_UPDATE_RATIO, UPDATE_NORM, WEIGHT_NORM

EARLY_RATIO = Threshold(0.15, "of the weights", "toy runs: healthy 0.06, too high 0.18-0.84")
PEAK = Threshold(2.0, "times the untrained loss", "Megatron-LM and llm-foundry spike guards: 2")
RATIO = Threshold(0.1, "of the weights", "TheDeepChecker: update ratios above 10^-1 diverge")
FAST = Threshold(0.01, "of the weights", "ten times the usual update ratio of 1e-3")
GROWN = Threshold(2.0, "times the first norm", "thirty usual steps of 1e-3 make 3 %")
SOUND = Threshold(0.3, "", "half of torch's own gain, 0.58: smaller weights are meant to grow")
LEVEL = Threshold(1.25, "times the untrained loss", "half way to the peak's limit, in logarithms")
LITTLE = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")
EXAMPLES = 16
"""Behind a loss that is held against another one, at least."""
BACK = Threshold(0.95, "of the prior's loss", "less is a loss that has come down: not stuck")


def check(facts: Facts) -> Outcome:
    """Fire where large updates threw loss or weights up, and it has not come down since."""
    if np.isnan(facts.first_loss):
        return Skipped("no finite loss is recorded of the first steps")
    prior = facts.constant_loss if facts.level.is_known else 0.0
    start = max(facts.first_loss, prior)
    now = float(np.nan_to_num(facts.recent_losses, nan=np.inf, posinf=np.inf).mean())
    if not start > 0 or now < (LITTLE.value * prior or BACK.value * start):
        return _killed(facts) or CLEAR
    # No better than a constant, and there to stay: else something has been learned all the same.
    is_back = now < BACK.value * (prior or start)
    for proof in (_thrown_up, _overgrown) if is_back else _PROOFS:
        found = proof(facts, start, now)
        if found is not None:
            softer = is_back and facts.is_improving
            return replace(found, severity="info") if softer else found
    return _killed(facts) or CLEAR


def _killed(facts: Facts) -> Found | None:
    """Return the finding for units that fired until a large step put them out of reach.

    It says no more than dead-relu would, but what killed them.
    """
    large = _beyond(facts, EARLY_RATIO)
    steps = facts.sampled_steps[facts.run_rows[large[large < EARLY_ROWS]]]
    dead = killed(facts, int(steps[-1])) if len(steps) else None
    if dead is None:
        return None
    since = int(steps[0])
    severity: Severity = "info" if facts.is_improving else "warning"
    return Found(severity, since, (_ratio(facts, since), dead))


def _thrown_up(facts: Facts, start: float, now: float) -> Found | None:
    since = _early_onset(facts)
    peak = 0.0 if since is None else _peak(facts, since)
    if since is None or peak <= PEAK.value * start:
        return None
    return Found("error", since, (_ratio(facts, since), _peaked(facts, since, peak, start)))


def _overgrown(facts: Facts, start: float, now: float) -> Found | None:
    """Return the finding for weights that the first steps made several times as long.

    Normalisation behind them keeps the loss from rising far; what they knew is gone all the same.
    """
    gains, since = facts.gains, _early_onset(facts)
    is_unsure = facts.is_improving and not facts.level.is_known
    if isinstance(gains, str) or since is None or is_unsure:
        return None
    early = facts.parameter(WEIGHT_NORM, facts.run_rows)[:EARLY_ROWS]
    growth = ratio(early[-1], early[0])[gains.values >= SOUND.value]
    growth = growth[np.isfinite(growth)]
    if not len(growth) or not np.median(growth) > GROWN.value:
        return None
    last = int(facts.sampled_steps[facts.run_rows[len(early) - 1]])
    times = float(np.median(growth))
    reads = f"by step {last} half of the weight matrices were more than {fmt(times, 2)} times as "
    reads += "long as at first"
    grown = Evidence(WEIGHT_NORM.name, since, last, times, GROWN.value, reads, GROWN.source)
    return Found("error", since, (_ratio(facts, since), grown, _stays(facts, now, start)))


def _early_onset(facts: Facts) -> int | None:
    """Return the first of the early steps that changed the weights by much; None for none."""
    large = _beyond(facts, EARLY_RATIO)
    if not len(large) or large[0] >= EARLY_ROWS:
        return None
    return int(facts.sampled_steps[facts.run_rows[large[0]]])


def _stays(facts: Facts, now: float, start: float) -> Evidence:
    known, (first, last) = facts.level.is_known, facts.window
    limit = LITTLE.value * facts.constant_loss if known else BACK.value * start
    reads = f"the loss is {fmt(now, 3)} by now; at first it was {fmt(facts.first_loss, 3)}"
    source = LITTLE.source if known else BACK.source
    return Evidence(LOSS.name, first, last, now, limit, reads, source)


def _swings(facts: Facts, start: float, now: float) -> Found | None:
    lasting = facts.motion.total_ratio
    if not lasting > RATIO.value or now <= LEVEL.value * start:
        return None
    since = _onset(facts, RATIO)
    evidence = (_lasting(facts, lasting, RATIO), _high(facts, now, start, LEVEL))
    return Found("error", since, evidence)


def _diverges(facts: Facts, start: float, now: float) -> Found | None:
    """Return the finding for a loss that goes up and up; only where its level means something."""
    lasting = facts.motion.total_ratio
    rises = facts.trend.direction == "rising" and facts.level.is_known
    if not rises or not lasting > FAST.value or now <= PEAK.value * start:
        return None
    since = _onset(facts, FAST)
    evidence = (_lasting(facts, lasting, FAST), _high(facts, now, start, PEAK))
    return Found("error", since, evidence)


_PROOFS: tuple[Callable[[Facts, float, float], Found | None], ...] = (
    _thrown_up,
    _overgrown,
    _swings,
    _diverges,
)


def _beyond(facts: Facts, limit: Threshold) -> Steps:
    """Return which of `run_rows` changed the weights by more than a limit."""
    return np.flatnonzero(np.nan_to_num(facts.update_ratios, nan=0.0, posinf=np.inf) > limit.value)


def _onset(facts: Facts, limit: Threshold) -> int:
    """Return the first sampled step beyond a limit that steps of the window are beyond."""
    large = _beyond(facts, limit)
    if not len(large):
        return facts.sampled_window[0]
    return int(facts.sampled_steps[facts.run_rows[large[0]]])


def _peak(facts: Facts, since: int) -> float:
    """Return the highest loss after the first large update; infinite where it overflowed.

    The mean over enough steps in a row: a single example is often twice as hard as the average.
    """
    after = np.nan_to_num(facts.losses[facts.loss_steps > since], nan=np.inf, posinf=np.inf)
    together = math.ceil(EXAMPLES / max(1.0, np.nan_to_num(facts.batches.examples, nan=EXAMPLES)))
    if not len(after) or np.isinf(after).any() or together <= 1:
        return float(after.max(initial=0.0))
    sums = np.cumsum(np.append(0.0, after))
    together = min(together, len(after))
    return float((sums[together:] - sums[:-together]).max() / together)


def _ratio(facts: Facts, since: int) -> Evidence:
    steps = facts.sampled_steps[facts.run_rows]
    early = facts.update_ratios[(steps >= since)][:EARLY_ROWS]
    observed = float(np.nanmax(early))
    last = int(steps[steps >= since][:EARLY_ROWS][-1])
    reads = f"one step changed the weights by {_percent(observed)} of their norm"
    limit, tag = EARLY_RATIO, TOTAL_UPDATE_RATIO.name
    bound = _percent(limit.value)
    return Evidence(tag, since, last, observed, limit.value, reads, limit.source, bound)


def _peaked(facts: Facts, since: int, peak: float, start: float) -> Evidence:
    reads = f"the loss then rose to {fmt(peak, 3)}; at first it was {fmt(facts.first_loss, 3)}"
    limit = PEAK.value * start
    return Evidence(LOSS.name, since, facts.last_step, peak, limit, reads, PEAK.source)


def _lasting(facts: Facts, lasting: float, limit: Threshold) -> Evidence:
    first, last = facts.sampled_window
    reads = f"half of the steps change the weights by more than {_percent(lasting)} of their norm"
    tag = TOTAL_UPDATE_RATIO.name
    bound = _percent(limit.value)
    return Evidence(tag, first, last, lasting, limit.value, reads, limit.source, bound)


def _percent(share: float) -> str:
    return f"{fmt(100 * share, 3)} %"


def _high(facts: Facts, now: float, start: float, limit: Threshold) -> Evidence:
    first, last = facts.window
    reads = f"the loss is {fmt(now, 3)} by now; at first it was {fmt(facts.first_loss, 3)}"
    return Evidence(LOSS.name, first, last, now, limit.value * start, reads, limit.source)


def _thrown(steps: int = 300, *, after: float = synth.PRIOR) -> np.ndarray:
    loss = synth.flat(steps, at=after)
    loss[0] = synth.PRIOR
    loss[3:12] = 30.0
    return loss


def _recovering() -> np.ndarray:
    loss = synth.falling(200)
    loss[2:30] = 60.0
    return loss


def _swinging(steps: int = 300) -> np.ndarray:
    loss = synth.flat(steps, at=5.0, noise=1.0)
    loss[0] = synth.PRIOR
    return loss


def _overgrowing() -> np.ndarray:
    norms = np.full((300, len(synth.SHAPES)), 40.0)
    norms[:10] = np.geomspace(8, 40, 10)[:, None]
    return norms


def _dying(at: int) -> np.ndarray:
    share = np.zeros((300, len(LAYERS)))
    share[at:, :2] = 0.8
    return share


def _updates(early: float, later: float) -> np.ndarray:
    values = np.full((300, len(synth.SHAPES)), later * 10)
    values[1:10] = early * 10
    return values


RULE = Rule(
    id="lr-too-high",
    claim="The step overshoots.",
    stage="early",
    needs=(LOSS, UPDATE_NORM, WEIGHT_NORM),
    min_steps=20,
    check=check,
    thresholds={
        "early_ratio": EARLY_RATIO,
        "peak": PEAK,
        "ratio": RATIO,
        "fast": FAST,
        "grown": GROWN,
        "sound": SOUND,
        "level": LEVEL,
        "little": LITTLE,
        "back": BACK,
        "dead": MOST,
    },
    explains=(
        "nan-in-loss",
        "weight-decay-too-strong",
        "vanishing-gradient",
        "dead-relu",
        "saturated-activation",
        "lr-too-low",
        "no-signal",
    ),
    yields_to=("exploding-gradient",),
    while_improving="keep",
    fixes=(
        "Lower the learning rate by 10.",
        "Warm the learning rate up over the first few hundred steps.",
        "Clip gradients: torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).",
    ),
    confusables={
        "nan-in-loss": "there the loss is not finite without having grown before",
        "exploding-gradient": "there gradients far above their usual size came before large steps",
        "init-too-large": "there the loss is high before the first update",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "higher and higher, by large steps",
            lambda: synth.run(
                loss=synth.PRIOR + np.linspace(0, 9, 300), parameter={UPDATE_NORM: 0.5}
            ),
        ),
        Case(
            "thrown up by the first steps, then no better than a constant",
            lambda: synth.run(loss=_thrown(), parameter={UPDATE_NORM: _updates(0.7, 1e-9)}),
        ),
        Case(
            "weights that the first steps made five times as long, then no better than a constant",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={UPDATE_NORM: _updates(0.7, 2e-3), WEIGHT_NORM: _overgrowing()},
            ),
        ),
        Case(
            "thrown up by the first steps, and a tenth explained since",
            lambda: synth.run(
                loss=_thrown(after=0.9 * synth.PRIOR), parameter={UPDATE_NORM: _updates(0.2, 2e-3)}
            ),
        ),
        Case(
            "units that fired until the first steps were over, and never since",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={UPDATE_NORM: _updates(0.3, 2e-3)},
                layer={DEAD_SHARE: _dying(9)},
            ),
        ),
        Case(
            "swinging above its start to the end",
            lambda: synth.run(loss=_swinging(), parameter={UPDATE_NORM: 2.2}),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a loss that rises by steps of the usual size",
            lambda: synth.run(loss=synth.PRIOR + np.linspace(0, 5, 300)),
        ),
        Case(
            "large early updates with a loss that falls",
            lambda: synth.run(parameter={UPDATE_NORM: _updates(0.7, 2e-3)}),
        ),
        Case(
            "units that died long after the last large step",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={UPDATE_NORM: _updates(0.3, 2e-3)},
                layer={DEAD_SHARE: _dying(150)},
            ),
        ),
        Case(
            "a high peak on the way to a low loss",
            lambda: synth.run(
                200, loss=_recovering(), parameter={UPDATE_NORM: _updates(0.7, 2e-3)[:200]}
            ),
        ),
        Case(
            "one spike from which the run recovers",
            lambda: synth.run(
                loss=_thrown(after=0.5), parameter={UPDATE_NORM: _updates(0.7, 2e-3)}
            ),
        ),
    ),
)
