"""The graph is cut: no gradient reaches part of the model.

Sees
    Parameters that an optimizer holds and whose module runs, at which no gradient ever arrives
    while others get theirs; or all parameters, where the loss reaches another model's. Exact.

Why the loss stalls
    Between those parameters and the loss a tensor lost its graph: .detach(), .item(), .data,
    no_grad, argmax, a round trip through numpy, or a tensor wrapped anew. What lies before the cut
    cannot learn.

Fix
    Keep every tensor between the parameters and the loss in the graph.

Not to be confused with
    vanishing-gradient: there gradients arrive, and are tiny.
    An unused branch: there the module's forward never runs.
    A pretrained trunk under no_grad that the optimizer holds for nothing: worth a note where the
    head has learned on it.

Sources
    PyTorch documentation, "Autograd mechanics": operations outside the graph record no history.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import plural
from lossmon.signals import GRAD_ARRIVED, MODULE_RAN

ARRIVED = Threshold(0, "of the backward passes", "by definition")
LEARNT = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")
SAMPLES = 3


def check(facts: Facts) -> Outcome:
    """Fire where a module ran and its parameters, held by an optimizer, never got a gradient."""
    if len(facts.sampled_steps) < SAMPLES:
        return Skipped(f"{plural(len(facts.sampled_steps), 'sampled step')}, {SAMPLES} needed")
    reached = facts.arrived > 0
    looks = np.isfinite(facts.parameter(GRAD_ARRIVED, facts.run_rows)).sum(axis=0)
    ran = _ran(facts)
    # What is moved by other means is a copy, such as a moving average of the weights.
    on = (ran >= 1) | ((ran > 0) & ~facts.moves)
    cut = facts.held & (facts.arrived == 0) & (looks >= SAMPLES) & on
    if not reached.any():
        # All of it is cut. What moves all the same gets its gradients by other means.
        cut &= ~facts.moves
    if not cut.any():
        return CLEAR
    first, last = int(facts.sampled_steps[0]), int(facts.sampled_steps[-1])
    reads = (
        f"{int(cut.sum())} of {plural(int(facts.held.sum()), 'parameter')} got a gradient "
        "from 0 backward passes, though their modules ran"
    )
    evidence = Evidence(GRAD_ARRIVED.name, first, last, 0.0, ARRIVED.value, reads, ARRIVED.source)
    # A trunk that is run under no_grad on purpose serves the head that learns on it.
    serves = reached.any() and (ran[cut] < 1).all() and facts.level.explained >= LEARNT.value
    return Found("info" if serves else "warning", first, (evidence,), facts.names(cut))


def _ran(facts: Facts) -> NDArray[np.float64]:
    """Return 1 for parameters whose modules ran, 0.5 without gradients, 0 where none was seen."""
    seen = facts.parameter(MODULE_RAN, facts.run_rows)
    return np.asarray(np.fmax.reduce(seen, axis=0, initial=0.0))


def _cut(names: int) -> np.ndarray:
    return np.array([0.0] * names + [1.0] * (len(synth.SHAPES) - names))


RULE = Rule(
    id="loss-detached",
    claim="The graph is cut: no gradient reaches part of the model.",
    stage="wiring",
    needs=(GRAD_ARRIVED, MODULE_RAN),
    min_steps=SAMPLES,
    check=check,
    thresholds={"arrived": ARRIVED, "learnt": LEARNT},
    explains=("no-signal", "vanishing-gradient", "zero-init", "constant-init"),
    while_improving="keep",
    fixes=(
        "Remove .detach(), .data, .item() and torch.no_grad() between these layers and the loss.",
        "Replace numpy calls and torch.tensor(...) of a tensor by torch operations.",
        "Replace argmax and rounding by something with a gradient, such as softmax.",
    ),
    confusables={
        "vanishing-gradient": "there gradients arrive and are tiny",
        "frozen-params": "there requires_grad is False",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "the trunk is detached",
            lambda: synth.run(
                parameter={
                    GRAD_ARRIVED: _cut(4),
                    signals.GRAD_NORM: np.where(_cut(4) > 0, 1.0, np.nan),
                    signals.UPDATE_NORM: 0.02 * _cut(4),
                }
            ),
            culprits=tuple(synth.SHAPES)[:4],
        ),
        Case(
            "the trunk runs under no_grad, in training mode",
            lambda: synth.run(
                parameter={
                    GRAD_ARRIVED: _cut(4),
                    MODULE_RAN: np.where(_cut(4) > 0, 1.0, 0.5),
                    signals.GRAD_NORM: np.where(_cut(4) > 0, 1.0, np.nan),
                    signals.UPDATE_NORM: 0.02 * _cut(4),
                    signals.WEIGHT_NORM: 10.0,
                }
            ),
            culprits=tuple(synth.SHAPES)[:4],
        ),
        Case(
            "all of a generator is cut off its discriminator's loss",
            lambda: synth.run(
                parameter={
                    GRAD_ARRIVED: 0.0,
                    signals.GRAD_NORM: np.nan,
                    signals.UPDATE_NORM: 0.0,
                    signals.WEIGHT_NORM: 10.0,
                }
            ),
            culprits=tuple(synth.SHAPES),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "gradients that are assigned by hand",
            lambda: synth.run(parameter={GRAD_ARRIVED: 0.0}),
        ),
        Case(
            "a copy that is run under no_grad and moved by hand",
            lambda: synth.run(
                parameter={
                    GRAD_ARRIVED: _cut(4),
                    MODULE_RAN: np.where(_cut(4) > 0, 1.0, 0.5),
                    signals.WEIGHT_NORM: np.linspace(9, 10, 300)[:, None] * np.ones(6),
                }
            ),
        ),
        Case(
            "a branch that is never run",
            lambda: synth.run(parameter={GRAD_ARRIVED: _cut(2), MODULE_RAN: _cut(2)}),
        ),
        Case(
            "a frozen trunk",
            lambda: synth.run(
                requires_grad=(False, False, True, True, True, True),
                parameter={GRAD_ARRIVED: _cut(2)},
            ),
        ),
    ),
)
