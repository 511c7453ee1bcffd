"""One word for the run: the first of six that holds, and the sentence with its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lossmon.diagnosis.decay import ended_unseen
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Finding, Status
from lossmon.diagnosis.floor import STATIONARY
from lossmon.diagnosis.level import AT_PRIOR, CONVERGED, NEARLY
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import block_means, finite_mean
from lossmon.diagnosis.trend import BLOCKS, FLOOR, MIN_POINTS, trend
from lossmon.numfmt import fmt, plural

LOST_POINTS = 3
"""So many non-finite losses in a row, up to the last one, and they are there for good."""
LEVELS = 4
"""Quarters of which the first and the last are compared in words."""
UNMOVED_SAMPLES = 3
ALL_EXPLAINED = 1 + 1e-6
"""More is a loss below 0 where none can be: it is not the criterion that it is taken for."""
AT_FLOOR = Threshold(0.02, "of the floor", "twice the practical floor of the trend")
USUAL = Threshold(
    1e-3, "of the weights", "the usual ratio: Karpathy 2019, A Recipe for Training Neural Networks"
)
FAR = Threshold(0.3, "", "toy runs: c 0.01-0.15 at floors, 0.3 with a way to go")
HALVED = Threshold(0.5, "of the first loss", "a model that got rid of half of it has learned")
WORSE_THAN_BEST = Threshold(1.5, "times the best", "Megatron-LM and llm-foundry spike guards: 2")

Verdict = tuple[Status, str]


def settled(facts: Facts) -> Verdict | None:
    """Return the status that holds whatever the rules find; None where they decide."""
    for test in (_broken, _not_enough, _contested, _diverging, _converged):
        verdict = test(facts)
        if verdict is not None:
            return verdict
    if facts.is_improving:
        return "learning", _moved(facts, "fell")
    return None


def flat_status(facts: Facts, findings: Sequence[Finding]) -> Verdict:
    """Return whether a flat run has converged or is stuck."""
    reads = _flat(facts)
    serious = any(finding.severity != "info" for finding in findings)
    if serious:
        return "stuck", reads
    (first, last), (begin, end) = facts.loss_window, facts.window
    if 2 * (last - first) < end - begin:
        why = f"the loss is recorded in steps {first}-{last} only, where {begin}-{end} would tell"
        return "not-enough-evidence", why
    if _is_stationary(facts):
        ended = ended_unseen(facts) if not facts.level.explained >= NEARLY.value else None
        if ended is not None:
            why = f"{reads}, but no step of any size was made since step {ended.spent}"
            return "not-enough-evidence", f"{why}: the learning rate was spent before it rested"
        agreed = facts.motion.agreement_z >= SIGNIFICANT.value
        push = "what gradients agree on brings no more" if agreed else "nothing pushes it on"
        return "converged", f"{reads}, and {push}: this is the floor of this set-up"
    if facts.trend.is_noisy:
        return _over_longer(facts) or ("not-enough-evidence", _too_noisy(facts))
    return "stuck", reads


def _over_longer(facts: Facts) -> Verdict | None:
    """Return that the loss falls over twice the window, where the window is too noisy to tell."""
    first, last = facts.window
    since = max(facts.first_step, first - (last - first + 1))
    inside = facts.losses[np.searchsorted(facts.loss_steps, since) :]
    longer = trend(inside, scale=facts.trend.scale)
    if since == first or longer.direction != "falling" or longer.is_within_noise:
        return None
    then, now = block_means(inside, LEVELS)[[0, -1]]
    fell = f"the loss fell from {fmt(then, 3)} to {fmt(now, 3)} over steps {since}-{last}"
    return "learning", f"{fell}{_level(facts)}"


def _broken(facts: Facts) -> Verdict | None:
    tail = facts.losses[-LOST_POINTS:]
    lost = len(tail) == LOST_POINTS and not np.isfinite(tail).any()
    if lost and facts.is_loss_current:
        finite = np.flatnonzero(np.isfinite(facts.losses))
        first = facts.loss_steps[finite[-1] + 1 if len(finite) else 0]
        return "broken", f"the loss has been {fmt(float(tail[-1]))} since step {first}"
    since = int(facts.since.max(initial=0))
    samples = facts.sampled_steps[facts.sampled_steps >= since]
    if len(samples) >= UNMOVED_SAMPLES and len(facts.parameters) and not facts.moves.any():
        return "broken", f"no parameter has changed in steps {samples[0]}-{samples[-1]}"
    return None


def _not_enough(facts: Facts) -> Verdict | None:
    n = len(facts.losses)
    if n >= MIN_POINTS and not facts.is_loss_current:
        why = f"no loss is recorded after step {facts.loss_steps[-1]}, up to step {facts.last_step}"
        return "not-enough-evidence", why
    if facts.trend.direction != "unknown":
        return None
    if n < MIN_POINTS:
        return "not-enough-evidence", f"{plural(n, 'loss', 'losses')} recorded, {MIN_POINTS} needed"
    finite = int(np.isfinite(facts.window_losses).sum())
    if finite < MIN_POINTS:
        found = plural(finite, "finite loss", "finite losses")
        first, last = facts.window
        return "not-enough-evidence", f"{found} in steps {first}-{last}, {MIN_POINTS} needed"
    return "not-enough-evidence", _too_noisy(facts)


def _contested(facts: Facts) -> Verdict | None:
    """A generator's loss rises while its discriminator learns, and both may stay where they are."""
    if not facts.is_contested or facts.is_improving:
        return None
    return "not-enough-evidence", (
        f"{_flat(facts) if facts.trend.direction == 'flat' else _moved(facts, 'rose')}; it depends "
        "on parameters that another training moves, so its course says little"
    )


def _diverging(facts: Facts) -> Verdict | None:
    if facts.trend.direction != "rising":
        return None
    if facts.trend.change < SIGNIFICANT.value * facts.trend.error:
        return None
    blocks = block_means(facts.losses, min(BLOCKS, len(facts.losses) // 5))
    blocks = blocks[np.isfinite(blocks)]
    end, best = float(blocks[-1]), float(blocks.min())
    beyond = end > max(float(blocks[0]), facts.first_loss)
    if beyond or (best > 0 and end > WORSE_THAN_BEST.value * best):
        return "diverging", f"{_moved(facts, 'rose')}; its best was {fmt(best)}"
    return None


def _converged(facts: Facts) -> Verdict | None:
    floor = facts.run.meta.floor if facts.run.meta is not None else None
    if not len(facts.window_losses):
        return None
    mean = finite_mean(facts.window_losses)
    if floor is not None and mean - floor <= AT_FLOOR.value * max(abs(floor), _unit(facts)):
        return "converged", f"the loss is at its known floor, {fmt(floor)}"
    explained = facts.level.explained
    if CONVERGED.value <= explained <= ALL_EXPLAINED:
        return "converged", (
            f"{100 * explained:.1f} % of what a constant prediction would lose is explained"
        )
    return None


def _unit(facts: Facts) -> float:
    prior = facts.level.prior
    return prior if math.isfinite(prior) else abs(facts.first_loss)


def _is_stationary(facts: Facts) -> bool:
    """Return whether the data, as far as it was measured, says that this is an optimum."""
    level, motion = facts.level, facts.motion
    # Who takes steps of the usual length along what gradients agree on, and gets nowhere, is there.
    short = facts.trend.is_noisy or not motion.total_ratio > USUAL.value
    calibrated = math.isfinite(level.tau) and abs(level.tau) < STATIONARY.value * level.prior
    far = motion.agreement >= FAR.value and not calibrated
    way = motion.agreement_z >= SIGNIFICANT.value and (short or far)
    if not level.is_known:
        # Without a prior the loss of the untrained model is the only level there is.
        start = facts.first_loss
        losses = facts.window_losses[np.isfinite(facts.window_losses)]
        unclear = max(abs(facts.trend.change), facts.trend.error) > AT_FLOOR.value * start
        most = 1 - CONVERGED.value if way or unclear else HALVED.value
        return bool(len(losses) and start > 0 and 0 <= losses.mean() < most * start)
    if level.explained >= NEARLY.value:
        return True
    if level.explained <= AT_PRIOR.value or way:
        return False
    if math.isfinite(level.tau):
        return abs(level.tau) < STATIONARY.value * level.prior
    return math.isfinite(motion.agreement)


def _moved(facts: Facts, verb: str) -> str:
    trend, (first, last) = facts.trend, facts.loss_window
    share = abs(trend.relative) * 100
    return f"the loss {verb} by {share:.1f} % over steps {first}-{last}{_level(facts)}"


def _flat(facts: Facts) -> str:
    trend, (first, last) = facts.trend, facts.loss_window
    moved, over = f"{abs(trend.relative) * 100:.1f} %", f"over steps {first}-{last}"
    if abs(trend.relative) <= FLOOR.value:
        return f"the loss is flat {over} (moved {moved}){_level(facts)}"
    if trend.is_within_noise:
        reads = f"no clear trend {over}: what it moved, {moved}, is within its noise"
    elif trend.change > 0:
        reads = f"the loss does not fall {over}: it rose by {moved}"
    else:
        reads = f"no clear trend {over}: it fell by {moved}, more than its updates can bring about"
    return f"{reads}{_level(facts)}"


def _too_noisy(facts: Facts) -> str:
    first, last = facts.loss_window
    return (
        f"the loss is too noisy to tell its trend over steps {first}-{last}"
        f"{_level(facts)}: more steps are needed"
    )


def _level(facts: Facts) -> str:
    level = facts.level
    if not level.is_known:
        return f"; {level.why_unknown}" if level.alike else ""
    return f", at {fmt(level.loss, 3)} where a constant prediction has {fmt(level.prior, 3)}"
