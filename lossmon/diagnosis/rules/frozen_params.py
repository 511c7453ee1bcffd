"""Parameters that should learn are frozen.

Sees
    Which weight matrices have `requires_grad=False` although their modules run, and whether their
    norms are still those of an initialisation; how good the loss has become with what is left.

Why the loss stalls
    What is frozen at its random start passes on features that nobody has learned. The part that
    still trains makes the best of them, and that is soon reached.

Fix
    Set requires_grad back to True, or load the weights that the freezing was meant for.

Not to be confused with
    loss-detached: there parameters require a gradient, and none reaches them.
    optimizer-missing-params: there gradients arrive, and no optimizer holds what they arrive at.
    Fine-tuning a trained backbone, and adapters on one: there the frozen weights have learned.

Sources
    Norms of random matrices: Glorot and Bengio 2010, equation 16; He et al. 2015, section 2.2; the
    documentation of torch.nn.init.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis import synth, untrained
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.level import AT_PRIOR
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.progress import EXPLAINED, progress, progress_so_far
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Threshold, Undecided
from lossmon.numfmt import fmt, plural
from lossmon.signals import MODULE_RAN, WEIGHT_NORM

MOST = Threshold(0.5, "of the weights", "by definition of most")
PART = Threshold(0.2, "of the weights", "a fifth is a stage of a model; less is a constant of it")
SURE = Threshold(1000, "elements", "a mean of squares is then known to 13 %, at 3 sigma")
NEARLY = Threshold(0.9, "of the prior's loss", "whoever explains that much misses nothing")
MOVED = Threshold(0.05, "of the weights", "fifty steps at the usual ratio of 1e-3")

Mask = NDArray[np.bool_]


def check(facts: Facts) -> Outcome:
    """Fire where weights are frozen at a random start, and the rest does not explain nearly all.

    For information where it explains half, where less than half of the weights is frozen, or where
    those are so few that their norms hardly tell.
    """
    if facts.trainable.all():
        return CLEAR
    frozen, sizes = _frozen(facts), np.array([p.numel for p in facts.parameters], np.float64)
    wide = np.array([len(p.shape) >= 2 for p in facts.parameters], bool)
    learning = wide & facts.trainable
    matrices = wide & frozen
    share = float(sizes[matrices].sum() / max(1.0, sizes[matrices | learning].sum()))
    if not matrices.any() or share < PART.value or progress(facts) >= NEARLY.value:
        return CLEAR
    if untrained.is_untrained(facts, matrices):
        evidence = (
            _share(facts, matrices, share),
            _random(facts),
            *progress_so_far(facts, NEARLY),
        )
        names = facts.names(frozen)
        return Found(_severity(facts, matrices, share), _since(facts, frozen), evidence, names)
    if share < MOST.value or progress(facts) >= EXPLAINED.value:
        return CLEAR
    if _is_settled_at_prior(facts) and _heads_only(learning, matrices):
        return Undecided(
            f"most weights are frozen ({fmt(100 * share, 3)} %) and nothing is learned: train them "
            "too for a while, to see whether they or the data are at fault"
        )
    return CLEAR


def _severity(facts: Facts, matrices: Mask, share: float) -> Severity:
    explained = progress(facts)
    count = sum(p.sampled for p, hit in zip(facts.parameters, matrices, strict=True) if hit)
    if share < MOST.value or explained >= EXPLAINED.value or count < SURE.value:
        return "info"
    return "error" if explained <= AT_PRIOR.value else "warning"


def _frozen(facts: Facts) -> Mask:
    """Return which parameters are frozen, stand still, and are used by a module that ran."""
    ran = (facts.parameter(MODULE_RAN, facts.run_rows) >= 1).any(axis=0)
    return np.asarray(~facts.trainable & ~facts.moves & ran)


def _heads_only(learning: Mask, frozen: Mask) -> bool:
    """Return whether what learns comes after all that is frozen: no adapters in between."""
    return not learning.any() or int(np.argmax(learning)) > int(np.flatnonzero(frozen)[-1])


def _is_settled_at_prior(facts: Facts) -> bool:
    motion = facts.motion
    travel = motion.total_ratio * (facts.sampled_window[1] - facts.first_step)
    at_prior = facts.level.explained <= AT_PRIOR.value and not facts.is_improving
    return at_prior and travel >= MOVED.value and motion.agreement_z < SIGNIFICANT.value


def _since(facts: Facts, frozen: Mask) -> int:
    """Return the first sampled step from which no frozen parameter has got a gradient."""
    rows = facts.run_rows
    arrived = (facts.parameter(signals.GRAD_ARRIVED, rows)[:, frozen] > 0).any(axis=1)
    last = np.flatnonzero(arrived)
    steps = facts.sampled_steps[rows]
    return int(steps[min(last[-1] + 1, len(steps) - 1)] if len(last) else steps[0])


def _share(facts: Facts, matrices: Mask, share: float) -> Evidence:
    first, last = int(facts.sampled_steps[0]), int(facts.sampled_steps[-1])
    n = int(matrices.sum())
    held = sum(p.group >= 0 for p, hit in zip(facts.parameters, matrices, strict=True) if hit)
    reads = f"requires_grad is False on {plural(n, 'weight matrix', 'weight matrices')} that the "
    reads += f"model uses, {fmt(100 * share, 3)} % of all weights"
    reads += f"; the optimizer holds {held} of them all the same" if held else ""
    limit, bound = PART.value, f"{fmt(100 * PART.value)} %"
    return Evidence("frozen_share", first, last, share, limit, reads, PART.source, bound)


def _random(facts: Facts) -> Evidence:
    first, last = facts.sampled_window
    limit = untrained.ERRORS
    reads = f"their norms are a usual initialisation's, to {fmt(limit.value)} standard errors"
    bound = f"{fmt(limit.value)} standard errors"
    return Evidence(WEIGHT_NORM.name, first, last, 0.0, limit.value, reads, limit.source, bound)


_TRUNK = np.arange(6) < 4


def _frozen_trunk(norms: Any = synth.FIRST_NORMS, **changed: Any) -> Any:
    """Return a synthetic run of which only the last layer trains."""
    parameter = {
        WEIGHT_NORM: norms,
        signals.UPDATE_NORM: np.where(_TRUNK, 0.0, 0.02),
        signals.GRAD_NORM: np.where(_TRUNK, np.nan, 1.0),
        signals.GRAD_ARRIVED: np.where(_TRUNK, 0.0, 1.0),
    }
    given = {
        "loss": synth.flat(300, at=1.9),
        "requires_grad": (False,) * 4 + (True,) * 2,
        "group_of": (-1,) * 4 + (0,) * 2,
        "parameter": parameter | changed.pop("parameter", {}),
    }
    return synth.run(**(given | changed))


RULE = Rule(
    id="frozen-params",
    claim="Parameters that should learn are frozen.",
    stage="wiring",
    needs=(signals.LOSS, MODULE_RAN, WEIGHT_NORM),
    min_steps=50,
    check=check,
    thresholds={
        "most": MOST,
        "part": PART,
        "nearly": NEARLY,
        "sure": SURE,
        "errors": untrained.ERRORS,
        "explained": EXPLAINED,
        "at_prior": AT_PRIOR,
        "moved": MOVED,
        "agreement": SIGNIFICANT,
    },
    explains=(
        "no-signal",
        "vanishing-gradient",
        "model-too-small",
        "label-noise",
        "lr-too-low",
        "batch-too-small",
    ),
    fixes=(
        "Set requires_grad back: for p in model.parameters(): p.requires_grad_(True).",
        "Load the trained weights before you freeze, and look at what load_state_dict returns.",
        "Check the condition by which your loop picks what to freeze: it may be the wrong way "
        "round, or match more names than meant.",
    ),
    confusables={
        "loss-detached": "there parameters require a gradient, and none reaches them",
        "optimizer-missing-params": "there gradients arrive, and no optimizer holds them",
        "no-signal": "there nothing is frozen",
    },
    doc=__doc__ or "",
    fires=(
        Case("a trunk frozen at its random start", _frozen_trunk, tuple(synth.SHAPES)[:4]),
        Case(
            "the same in a run that learns: for information",
            lambda: _frozen_trunk(loss=synth.falling(300, end=1.0)),
            tuple(synth.SHAPES)[:4],
        ),
        Case(
            "the same, held by the optimizer, with a loss of which no level is known",
            lambda: _frozen_trunk(
                loss=synth.flat(300, at=5.0),
                group_of=(0,) * 6,
                total={signals.PRIOR_LOSS: np.nan},
            ),
            tuple(synth.SHAPES)[:4],
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case("a trained trunk that is frozen", lambda: _frozen_trunk(3 * synth.FIRST_NORMS)),
        Case(
            "random features that do",
            lambda: _frozen_trunk(loss=synth.flat(300, at=0.2)),
        ),
        Case(
            "a frozen copy that follows the model",
            lambda: _frozen_trunk(
                synth.FIRST_NORMS * np.linspace(1, 1.02, 300)[:, None],
            ),
        ),
        Case(
            "a frozen teacher that is never run with gradients",
            lambda: _frozen_trunk(parameter={MODULE_RAN: np.where(_TRUNK, 0.0, 1.0)}),
        ),
    ),
)
