"""The L2 penalty outweighs the data.

Sees
    The pull of the penalty on the weights against the gradient of the data, for weight decay in the
    optimizer and for an L2 term that the loop adds to the loss; and whether the weights shrink.

Why the loss stalls
    The penalty pulls every weight towards zero harder than the data pulls it away. The weights
    shrink until the model predicts a constant.

Fix
    Lower the weight decay or the factor of the L2 term by 10 to 100.

Not to be confused with
    Layers before BatchNorm, whose scale does not matter: there decay and gradient balance, and the
    model learns.
    A regularised optimum: there the two are equal by definition; here the penalty was larger on
    the way down.
    lr-too-high: there large steps come first.

Sources
    By definition: at weight w the penalty's gradient is 2 lambda w (L2 term) or lambda w (weight
    decay), Goodfellow et al. 2016, section 7.1.1. TheDeepChecker (2022) warns from a ratio of 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import EARLY_ROWS, Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Threshold
from lossmon.diagnosis.schedule import rate_at
from lossmon.diagnosis.stats import root_sum_squares
from lossmon.numfmt import fmt
from lossmon.records import GroupInfo, Steps
from lossmon.signals import GRAD_NORM, LOSS, LR, UPDATE_NORM, WEIGHT_NORM, group_tag

Floats = NDArray[np.float64]

SHARE = Threshold(1.0, "of the data's gradient", "by definition of outweighs")
SHRUNK = Threshold(0.9, "of the first norm", "a tenth lost is no fluctuation of a norm")
EXPLAINED = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")
SPREAD = Threshold(0.1, "of lambda", "an L2 term has one factor, by definition")
HALVED = Threshold(0.25, "of the first norm", "the way down to a quarter: its first half halves")
SAMPLES = 5
ADDED = Threshold(1e-3, "of the criterion loss", "below it nothing noticeable was added")


@dataclass(frozen=True, slots=True)
class Pull:
    """A penalty's gradient against the data's, at the sampled steps."""

    share: Floats
    """Penalty over data, shape (records,); NaN where unknown."""
    what: str


def check(facts: Facts) -> Outcome:
    """Fire where a penalty outweighs the data while the weights shrink by it."""
    if facts.level.explained >= EXPLAINED.value:
        return CLEAR
    norms = facts.weight_norms
    known = norms[np.isfinite(norms)]
    if len(known) < EARLY_ROWS or not known[0] > 0 or known[-1] > SHRUNK.value * known[0]:
        return CLEAR
    for pull in _pulls(facts):
        share = pull.share[: _shrinking_rows(norms, known)]
        share = share[np.isfinite(share)]
        if len(share) >= SAMPLES and float(np.median(share)) > SHARE.value:
            return Found("error", *_since(facts, pull), _evidence(facts, pull, share, known), ())
    return CLEAR


def _shrinking_rows(norms: Floats, known: Floats) -> int:
    """Return how many records lie in the first half of the way down, in logarithms.

    Further down a regularised optimum is near, where penalty and data are equal by definition.
    """
    half = np.sqrt(known[0] * max(known[-1], HALVED.value * known[0]))
    return max(SAMPLES, int(np.argmax(norms <= half)))


def _since(facts: Facts, pull: Pull) -> tuple[int]:
    above = np.nan_to_num(pull.share) > SHARE.value
    return (int(facts.sampled_steps[facts.run_rows[int(np.argmax(above))]]),)


def _pulls(facts: Facts) -> Iterator[Pull]:
    rows = facts.run_rows
    gradient = facts.parameter(GRAD_NORM, rows)
    weight = facts.parameter(WEIGHT_NORM, rows)
    yield _added_to_loss(facts, gradient, weight)
    coupled = np.array([_decay(facts, i, decoupled=False) for i in range(weight.shape[1])])
    if coupled.any():
        measured = np.isfinite(gradient)
        pulled = root_sum_squares(np.where(measured, coupled * weight, np.nan))
        yield Pull(_over(pulled, root_sum_squares(gradient)), f"weight decay {fmt(coupled.max())}")
    apart = np.array([_decay(facts, i, decoupled=True) for i in range(weight.shape[1])])
    if apart.any():
        yield _apart(facts, weight, apart)


def _decay(facts: Facts, parameter: int, *, decoupled: bool) -> float:
    group = facts.parameters[parameter].group
    if not 0 <= group < len(facts.groups) or facts.groups[group].decoupled != decoupled:
        return 0.0
    return facts.groups[group].weight_decay


def _added_to_loss(facts: Facts, gradient: Floats, weight: Floats) -> Pull:
    """Return the pull of lambda ‖w‖² in the loss: what is added over ‖w‖² must be one factor.

    With it ‖g_data‖² = ‖g‖² - 4 lambda <g, w> + 4 lambda² ‖w‖².
    """
    steps = facts.sampled_steps[facts.run_rows]
    criterion = facts.total(signals.CRITERION_LOSS, steps)
    square = np.square(root_sum_squares(weight))
    added = facts.loss_at(steps) - criterion
    unknown = Pull(np.full(len(steps), np.nan), "")
    real = np.isfinite(added) & (added > ADDED.value * np.abs(criterion)) & (square > 0)
    if real.sum() < EARLY_ROWS:
        return unknown
    factor = added[real] / square[real]
    middle = float(np.median(factor))
    if np.median(np.abs(factor - middle)) > SPREAD.value * middle:
        return unknown
    dot = np.nansum(facts.parameter(signals.GRAD_DOT_WEIGHT, facts.run_rows), axis=1)
    total = np.square(root_sum_squares(gradient))
    data = np.sqrt(np.maximum(total - 4 * middle * dot + 4 * middle**2 * square, 0.0))
    share = np.where(real, _over(2 * middle * np.sqrt(square), data), np.nan)
    return Pull(share, f"an L2 term with factor {fmt(middle, 2)} in the loss")


def _apart(facts: Facts, weight: Floats, decay: Floats) -> Pull:
    """Return the share of decoupled decay in the step: lr lambda ‖w‖ against the rest of ‖Δw‖.

    With <Δ, w> = (‖w + Δ‖² - ‖w‖² - ‖Δ‖²) / 2, taken from two steps in a row.
    """
    rows = facts.run_rows
    steps = facts.sampled_steps[rows]
    held = decay > 0
    rates = [
        _rates(facts, p.group, steps) for p, hit in zip(facts.parameters, held, strict=True) if hit
    ]
    pull = np.stack(rates, axis=1) * decay[held]
    norm = weight[:, held]
    moved = np.square(facts.parameter(UPDATE_NORM, rows)[:, held])
    dot = np.full(norm.shape, np.nan)
    dot[:-1] = (np.square(norm[1:]) - np.square(norm[:-1]) - moved[:-1]) / 2
    dot[:-1][np.diff(steps) != 1] = np.nan
    rest = moved + 2 * pull * dot + np.square(pull * norm)
    known = np.isfinite(rest).all(axis=1)
    data = np.sqrt(np.maximum(rest.sum(axis=1), 0.0))
    share = np.where(known, _over(root_sum_squares(pull * norm), data), np.nan)
    return Pull(share, f"decoupled weight decay {fmt(float(decay.max()))}")


def _rates(facts: Facts, group: int, steps: Steps) -> Floats:
    """Return a param group's learning rate at `steps`; the first one where it is not recorded."""
    info = facts.groups[group]
    series = facts.run.series
    rates = series.get(group_tag(LR, info.name)) or series.get(LR.tag)
    if rates is None or not len(rates):
        return np.full(len(steps), info.lr)
    return rate_at(rates, steps)


def _over(pull: Floats, data: Floats) -> Floats:
    # Where the data does not pull at all, any penalty outweighs it.
    return np.divide(pull, data, out=np.where(pull > 0, np.inf, np.nan), where=data > 0)


def _evidence(facts: Facts, pull: Pull, early: Floats, norms: Floats) -> tuple[Evidence, ...]:
    first, last = int(facts.sampled_steps[0]), int(facts.sampled_steps[-1])
    observed = float(np.median(early))
    shrunk = float(norms[-1] / norms[0])
    return (
        Evidence(
            "penalty_share",
            first,
            last,
            observed,
            SHARE.value,
            f"{pull.what} pulls {fmt(observed, 2)} times as hard as the data",
            SHARE.source,
        ),
        Evidence(
            WEIGHT_NORM.name,
            first,
            last,
            shrunk,
            SHRUNK.value,
            f"the weights have shrunk to {fmt(100 * shrunk, 2)} % of their first norm",
            SHRUNK.source,
            f"{fmt(100 * SHRUNK.value)} %",
        ),
    )


def _shrinking() -> Floats:
    return 10 * np.exp(-np.arange(300) / 60)[:, None] * np.ones(len(synth.SHAPES))


def _sgd(weight_decay: float, *, decoupled: bool = False, lr: float = 0.1) -> tuple[GroupInfo, ...]:
    return (GroupInfo("", "SGD", lr, weight_decay=weight_decay, decoupled=decoupled, held=6),)


def _penalised(factor: float) -> dict[str, object]:
    weight = _shrinking()
    square = np.square(weight).sum(axis=1)
    pull = 2 * factor * weight
    data = synth.flat(300)
    return {
        "loss": data + factor * square,
        "total": {signals.CRITERION_LOSS: data},
        "parameter": {
            WEIGHT_NORM: weight,
            GRAD_NORM: np.sqrt(np.square(pull) + 0.01),
            signals.GRAD_DOT_WEIGHT: pull * weight,
        },
    }


RULE = Rule(
    id="weight-decay-too-strong",
    claim="The L2 penalty outweighs the data.",
    stage="regulariser",
    needs=(LOSS, WEIGHT_NORM, GRAD_NORM),
    min_steps=EARLY_ROWS,
    check=check,
    thresholds={
        "share": SHARE,
        "shrunk": SHRUNK,
        "explained": EXPLAINED,
        "halved": HALVED,
        "spread": SPREAD,
        "added": ADDED,
    },
    explains=("vanishing-gradient", "dead-relu", "no-signal", "lr-too-low"),
    yields_to=("l1-too-strong",),
    while_improving="keep",
    fixes=(
        "Lower the weight decay, or the factor of the L2 term, by 100 and raise it from there.",
        "Average the penalty over examples if the data's loss is averaged.",
        "Use AdamW for weight decay with Adam: added to the gradient it acts far more strongly.",
    ),
    confusables={
        "lr-too-high": "there large steps come before the weights shrink",
        "no-signal": "there nothing but the data keeps the loss where it is",
    },
    doc=__doc__ or "",
    fires=(
        Case("an L2 term in the loss", lambda: synth.run(**_penalised(1.0))),  # type: ignore[arg-type]
        Case(
            "weight decay in SGD",
            lambda: synth.run(
                loss=synth.flat(300),
                groups=_sgd(0.5),
                parameter={WEIGHT_NORM: _shrinking(), GRAD_NORM: 0.1},
            ),
        ),
        Case(
            "decoupled weight decay",
            lambda: synth.run(
                loss=synth.flat(300),
                lr=0.1,
                groups=_sgd(0.166, decoupled=True),
                parameter={WEIGHT_NORM: _shrinking(), UPDATE_NORM: _shrinking() / 60},
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "usual weight decay",
            lambda: synth.run(groups=_sgd(5e-4), parameter={WEIGHT_NORM: _shrinking()}),
        ),
        Case(
            "a penalty as strong as the data in a model that learns",
            lambda: synth.run(
                loss=synth.falling(300, end=0.1),
                groups=_sgd(0.5),
                parameter={WEIGHT_NORM: _shrinking(), GRAD_NORM: 0.1},
            ),
        ),
        Case("a weak L2 term in the loss", lambda: synth.run(**_penalised(1e-4))),  # type: ignore[arg-type]
    ),
)
