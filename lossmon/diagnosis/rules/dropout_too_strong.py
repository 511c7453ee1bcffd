"""Dropout hides the signal.

Sees
    What share of its input each dropout layer drops, and whether the model does far better
    without: the loss of the same batch in train and in eval mode, where the probe ran; the
    validation loss against the training loss, where it is recorded; or a training that has learned
    little with nearly everything dropped, by one layer or by several together.

Why the loss stalls
    In each step the layers behind see a small, ever different part of their input. What one step
    learns the next one cannot use, and the noise is larger than the signal.

Fix
    Lower p to between 0.1 and 0.5.

Not to be confused with
    label-noise: there the loss is as high in eval mode.
    Usual dropout: with p up to 0.6 a validation loss below the training loss is healthy.

Sources
    Srivastava et al. 2014, section 7.3: from a share of 0.4 kept downwards the error rises, in
    training too. PyTorch: p is the share to drop; older TensorFlow had the share to keep.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.level import AT_PRIOR, NEARLY
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold, Undecided
from lossmon.diagnosis.stats import logged_number
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo, Mark
from lossmon.signals import LOSS, TRAIN_MODE, VAL_LOSS

STRONG = Threshold(0.6, "of a layer's input", "Srivastava et al. 2014, section 7.3: 0.4 kept")
MOST = Threshold(0.8, "of what comes in", "half of what section 7.3 keeps at the least")
GAP = Threshold(0.2, "of the training loss", "twenty times the practical floor of the trend")
EXPLAINED = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")
NEEDS = (
    "the loss of the same batch in train and in eval mode: mon.probe(batch), or lossmon run --probe"
)
PROBE = "train-eval"


def check(facts: Facts) -> Outcome:
    """Fire where a layer drops most of its input, and the model is known to suffer from it."""
    if not facts.layers.infos:
        return Skipped("no layers recorded")
    strong = [info for info in facts.layers.infos if _drops(info) > STRONG.value]
    if not strong or facts.level.explained >= NEARLY.value or _in_eval_mode(facts):
        return CLEAR
    worst = max(map(_drops, strong))
    proofs = (*_probed(facts), *_validated(facts), *_little(facts, strong))
    if proofs:
        names = tuple(info.name for info in sorted(strong, key=_drops, reverse=True))
        severity: Severity = "warning" if _is_stuck(facts) else "info"
        return Found(severity, facts.first_step, (_strength(facts, worst), *proofs), names)
    is_known = facts.probe(PROBE) is not None or len(facts.run.scalar(VAL_LOSS) or ()) > 0
    return Undecided(NEEDS) if _is_stuck(facts) and not is_known else CLEAR


def _drops(info: LayerInfo) -> float:
    """Return the share of its input that a layer drops; 0 for one that drops nothing."""
    return info.settings.get("p", 0.0)


def _is_stuck(facts: Facts) -> bool:
    """Return whether the loss does not fall, or only down to what a constant prediction has."""
    is_flat = facts.trend.direction in ("flat", "rising")
    return is_flat or facts.level.explained <= AT_PRIOR.value


def _in_eval_mode(facts: Facts) -> bool:
    modes = facts.batches.newest(TRAIN_MODE)[1]
    return len(modes) > 0 and float(np.median(modes)) < 0.5


def _strength(facts: Facts, worst: float) -> Evidence:
    reads = f"dropout takes away {fmt(100 * worst)} % of a layer's output in every step"
    bound = f"{fmt(100 * STRONG.value)} %"
    first, last = facts.first_step, facts.last_step
    return Evidence("dropout", first, last, worst, STRONG.value, reads, STRONG.source, bound)


def _probed(facts: Facts) -> Iterator[Evidence]:
    found = facts.probe(PROBE)
    if found is None:
        return
    train, without = logged_number(found.get("train_loss")), logged_number(found.get("eval_loss"))
    if without < (1 - GAP.value) * train:
        reads = f"the same batch has a loss of {fmt(without, 3)} without dropout"
        yield _gap(facts, "train_eval_probe", train, without, f"{reads}, {fmt(train, 3)} with it")


def _validated(facts: Facts) -> Iterator[Evidence]:
    series = facts.run.scalar(VAL_LOSS)
    if series is None or not len(series) or facts.probe(PROBE) is not None:
        return
    train, without = facts.recent_loss, float(series.values[-1])
    if 0 <= without < (1 - GAP.value) * train:
        reads = f"the validation loss, without dropout, is {fmt(without, 3)} where the training "
        yield _gap(facts, VAL_LOSS.name, train, without, f"{reads}loss is {fmt(train, 3)}")


def _gap(facts: Facts, signal: str, train: float, without: float, reads: str) -> Evidence:
    (first, last), limit = facts.window, (1 - GAP.value) * train
    return Evidence(signal, first, last, without, limit, reads, GAP.source)


def _little(facts: Facts, strong: list[LayerInfo]) -> Iterator[Evidence]:
    """Hardly anything gets through all layers that drop much, and hardly anything is learned."""
    level, (first, last) = facts.level, facts.window
    lost = 1 - math.prod(1 - _drops(info) for info in strong)
    if lost >= MOST.value and level.explained < EXPLAINED.value:
        reads = f"with so little left the loss is {fmt(level.loss, 3)}, where a constant "
        reads += f"prediction has {fmt(level.prior, 3)}"
        limit = (1 - EXPLAINED.value) * level.prior
        tag, bound = signals.CRITERION_LOSS.name, fmt(limit, 3)
        source = EXPLAINED.source
        yield Evidence(tag, first, last, level.loss, limit, reads, source, bound)


def _with(p: float) -> tuple[LayerInfo, ...]:
    return (*LAYERS[:4], LayerInfo("4", "Dropout", settings={"p": p}), LAYERS[4])


def _probe(train: Any, without: Any) -> Mark:
    detail = {"probe": PROBE, "train_loss": train, "eval_loss": without}
    return Mark(299, 30.0, signals.PROBE, detail)


RULE = Rule(
    id="dropout-too-strong",
    claim="Dropout hides the signal.",
    stage="regulariser",
    needs=(LOSS,),
    min_steps=100,
    check=check,
    thresholds={
        "strong": STRONG,
        "most": MOST,
        "gap": GAP,
        "explained": EXPLAINED,
        "nearly": NEARLY,
        "at_prior": AT_PRIOR,
    },
    while_improving="keep",
    explains=("no-signal", "dead-relu", "label-noise", "model-too-small", "batch-too-small"),
    fixes=(
        "Lower p to between 0.1 and 0.5: it is the share that is dropped, not the one kept.",
        "Leave dropout out until the training loss falls, then add it against overfitting.",
    ),
    confusables={
        "label-noise": "there the loss is as high in eval mode",
        "no-signal": "there nothing is learned without dropout either",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "stuck with nine tenths dropped",
            lambda: synth.run(loss=synth.flat(300, at=2.1), layers=_with(0.9)),
            culprits=("4",),
        ),
        Case(
            "a batch that has half of its loss in eval mode",
            lambda: synth.run(
                loss=synth.flat(300, at=1.2), layers=_with(0.7), marks=(_probe(1.2, 0.6),)
            ),
            culprits=("4",),
        ),
        Case(
            "a validation loss far below the training loss",
            lambda: synth.run(
                loss=synth.flat(300, at=1.2), layers=_with(0.7), scalar={VAL_LOSS: 0.6}
            ),
            culprits=("4",),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "usual dropout, and a validation loss below the training loss",
            lambda: synth.run(
                loss=synth.flat(300, at=1.2), layers=_with(0.5), scalar={VAL_LOSS: 0.6}
            ),
        ),
        Case("much dropout in a run that learns", lambda: synth.run(layers=_with(0.7))),
        Case(
            "a batch that has the same loss in eval mode",
            lambda: synth.run(
                loss=synth.flat(300, at=1.2), layers=_with(0.7), marks=(_probe(1.2, 1.15),)
            ),
        ),
        Case(
            "a probe that says nothing that can be read",
            lambda: synth.run(
                loss=synth.flat(300, at=1.2), layers=_with(0.7), marks=(_probe("high", None),)
            ),
        ),
        Case(
            "a noisy floor without dropout",
            lambda: synth.run(loss=synth.flat(300, at=2.1), layers=_with(0.1)),
        ),
    ),
)
