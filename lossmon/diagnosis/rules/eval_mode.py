"""The model trains in eval mode.

Sees
    Whether the model, and its layers whose mode matters, are in train mode at the backward pass;
    and whether batch norms normalise by running statistics that no batch has ever changed.

Why the loss stalls
    In eval mode a batch norm uses its running statistics and does not update them. Where they are
    still 0 and 1 it normalises nothing: activations have whatever scale the weights give them.
    Dropout does nothing, and an evaluation in the midst of training keeps the model so for good.

Fix
    Call model.train() at the start of every epoch, after every evaluation.

Not to be confused with
    Batch norms frozen on purpose in fine-tuning: their statistics come from a training, and the
    rest of the model is in train mode.
    A model without dropout and batch norm: there the mode changes nothing.
    unnormalised-input: there nothing was meant to normalise.

Sources
    Ioffe and Szegedy 2015, section 3.1. PyTorch documentation, torch.nn.Module.eval.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.level import NEARLY
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.progress import EXPLAINED, progress, progress_so_far
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt
from lossmon.signals import EVAL_LAYERS, FRESH_NORMS, GRAD_DOT_PREV, TRAIN_MODE, Signal

MODE = Threshold(0.0, "of the layers", "by definition: all are meant to be in train mode")
FRESH = Threshold(0.0, "of the batch norms", "by definition: none is meant to stay without")


def check(facts: Facts) -> Outcome:
    """Fire where layers with a mode are in eval mode; a warning where that cannot be meant."""
    table = facts.run.totals
    if table is None or EVAL_LAYERS.name not in table.signals:
        return Skipped("which layers are in eval mode is not recorded")
    fresh, fresh_since = _newest(facts, FRESH_NORMS)
    if not _newest(facts, EVAL_LAYERS)[0] > MODE.value:
        return CLEAR
    if fresh > FRESH.value:
        evidence = (_fresh(facts, fresh, fresh_since), *progress_so_far(facts, EXPLAINED))
        return Found("warning", fresh_since, evidence, _norms(facts))
    since = _model_rests_since(facts)
    if since is None:
        return CLEAR
    stalls = _stalls(facts, since) if np.isfinite(fresh) else ()
    severity: Severity = "warning" if stalls else "info"
    return Found(severity, since, (_rests(facts, since), *stalls), _norms(facts))


def _newest(facts: Facts, signal: Signal) -> tuple[float, int]:
    """Return the newest measurement, and the first step from which it has been above 0 ever since.

    NaN where it was not measured, or not for as long as the modes were.
    """
    steps, values = facts.batches.measured(signal)
    modes, _ = facts.batches.measured(EVAL_LAYERS)
    if not len(steps) or not len(modes) or steps[-1] < modes[-1]:
        return float("nan"), facts.first_step
    zeros = np.flatnonzero(~(values > 0))
    since = min(int(zeros[-1]) + 1, len(steps) - 1) if len(zeros) else 0
    return float(values[-1]), int(steps[since])


def _model_rests_since(facts: Facts) -> int | None:
    """Return the first sampled step from which the model itself has been in eval mode; or None."""
    steps, modes = facts.batches.measured(TRAIN_MODE)
    if not len(steps) or modes[-1] != 0:
        return None
    trains = np.flatnonzero(modes != 0)
    return int(steps[trains[-1] + 1] if len(trains) else steps[0])


def _stalls(facts: Facts, since: int) -> tuple[Evidence, ...]:
    """Return how it is known that a run got stuck once its batch norms were switched over.

    Nothing for a run that began that way, or that may be at its floor.
    """
    z, (first, last) = facts.motion.agreement_z, facts.sampled_window
    begins = since <= facts.first_step or since > last
    if begins or facts.is_improving or progress(facts) >= NEARLY.value or z < SIGNIFICANT.value:
        return ()
    reads = (
        f"the loss does not fall, though successive gradients agree ({fmt(z, 2)} standard errors)"
    )
    limit, bound = SIGNIFICANT, f"{fmt(SIGNIFICANT.value)} standard errors"
    return (Evidence(GRAD_DOT_PREV.name, first, last, z, limit.value, reads, limit.source, bound),)


def _fresh(facts: Facts, share: float, since: int) -> Evidence:
    reads = f"{fmt(100 * share, 3)} % of the batch norms are in eval mode and normalise by running "
    reads += "statistics that are still 0 and 1"
    limit, bound = FRESH, f"{fmt(100 * FRESH.value)} %"
    tag, last = FRESH_NORMS.name, facts.last_step
    return Evidence(tag, since, last, share, limit.value, reads, limit.source, bound)


def _rests(facts: Facts, since: int) -> Evidence:
    reads = f"the model, with {_kinds(facts)}, is in eval mode at every backward pass"
    if since > facts.first_step:
        reads += f" since step {since}; before it was in train mode"
    tag, last = TRAIN_MODE.name, facts.last_step
    return Evidence(tag, since, last, 0.0, 1.0, reads, "by definition")


def _kinds(facts: Facts) -> str:
    kinds = [info.kind for info in facts.layers.infos] or [p.kind for p in facts.parameters]
    known = (("Dropout", "dropout"), ("BatchNorm", "batch norm"))
    named = [what for kind, what in known if any(kind in k for k in kinds)]
    return " and ".join(named) or "layers whose mode matters"


def _norms(facts: Facts) -> tuple[str, ...]:
    return facts.names(np.array(["BatchNorm" in p.kind for p in facts.parameters], bool))


_LATE = np.where(np.arange(300) < 100, 0.0, 1.0)
_AGREE = np.random.default_rng(5).normal(0.1, 0.1, (300, 6))


def _eval(**changed: Any) -> Any:
    """Return a run at its level in which all layers are in eval mode, and the model is too."""
    total = {EVAL_LAYERS: 1.0, TRAIN_MODE: 0.0} | changed.pop("total", {})
    return synth.run(**({"loss": synth.flat(300, at=1.9)} | changed), total=total)


RULE = Rule(
    id="eval-mode",
    claim="The model trains in eval mode.",
    stage="wiring",
    needs=(TRAIN_MODE,),
    min_steps=10,
    check=check,
    thresholds={
        "mode": MODE,
        "fresh": FRESH,
        "learned": NEARLY,
        "explained": EXPLAINED,
        "agreement": SIGNIFICANT,
    },
    explains=(
        "nan-in-loss",
        "unnormalised-input",
        "init-too-large",
        "init-too-small",
        "exploding-gradient",
        "vanishing-gradient",
        "saturated-activation",
        "dead-relu",
        "lr-too-high",
        "lr-too-low",
        "no-signal",
        "overfitting",
        "batchnorm-misuse",
    ),
    while_improving="keep",
    fixes=(
        "Call model.train() at the start of every epoch, and after every evaluation.",
        "Look for a model.eval() in a function that your loop calls: it stays in force.",
        "To freeze batch norms on purpose, freeze their weights too: requires_grad_(False).",
    ),
    confusables={
        "unnormalised-input": "there no batch norm was meant to normalise",
        "batchnorm-misuse": "there batch statistics are used, and mean little",
        "no-signal": "there the layers are in train mode",
    },
    doc=__doc__ or "",
    fires=(
        Case("batch norms that have never seen a batch", lambda: _eval(total={FRESH_NORMS: 1.0})),
        Case(
            "an evaluation after which nobody went back to train mode",
            lambda: _eval(
                total={EVAL_LAYERS: _LATE, TRAIN_MODE: 1 - _LATE, FRESH_NORMS: 0.0},
                parameter={GRAD_DOT_PREV: _AGREE},
            ),
        ),
        Case("dropout that never drops anything", lambda: _eval(loss=synth.falling(300))),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "no layer whose mode matters",
            lambda: synth.run(total={TRAIN_MODE: 0.0, EVAL_LAYERS: np.nan}),
        ),
        Case(
            "batch norms frozen in fine-tuning, with statistics of a training",
            lambda: _eval(total={EVAL_LAYERS: 0.5, TRAIN_MODE: 1.0, FRESH_NORMS: 0.0}),
        ),
        Case(
            "an evaluation, and back",
            lambda: synth.run(total={TRAIN_MODE: np.where(np.arange(300) == 100, 0.0, 1.0)}),
        ),
    ),
)
