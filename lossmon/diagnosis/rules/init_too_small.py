"""The signal dies on the way through.

Sees
    The gain of every weight matrix before the first step, ‖W‖/sqrt(rows), and how far the output of
    each layer depends on the input, in the first pass and now.

Why the loss stalls
    Every layer passes on a small part of what it is given, of the signal and of the gradient alike.
    What comes out is nearly the same for every input, so the model predicts a constant, and all
    matrices are pushed so weakly that they stay where they are.

Fix
    An initialisation that keeps the scale: variance 1/fan_in, or 2/fan_in before a ReLU.

Not to be confused with
    vanishing-gradient: there the weights have gains near 1, and the activations lose the gradient.
    zero-init: there weights are exactly zero.
    A small last layer alone, which is common and harmless; a transformer, whose norms restore the
    scale in every block.

Sources
    Glorot and Bengio 2010, section 4.2.1; He et al. 2015, "Delving Deep into Rectifiers", section
    2.2: a standard deviation of 0.01 stalls a deep network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.gains import Gains
from lossmon.diagnosis.kept import kept
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.layersignals import STD_IN, UNIT_STD
from lossmon.numfmt import fmt
from lossmon.records import ParameterInfo
from lossmon.signals import WEIGHT_NORM

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

SMALL = Threshold(0.3, "", "half of torch's own, 0.58, the least that is in common use")
DIED = Threshold(0.01, "of the input's", "four layers at the limit of the gain")
EXPLAINED = Threshold(0.5, "of the prior's loss", "a model that explains half of it learns")
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
"""Recurrent layers, and how many rows of a matrix each unit has."""
MATRICES = 2
"""One small matrix is not enough: output layers are made small on purpose."""


def check(facts: Facts) -> Outcome:
    """Fire where small weights let nothing of the input reach the output, from the start to now."""
    gains = facts.gains
    if isinstance(gains, str):
        return Skipped(gains)
    small = (gains.values < SMALL.value * _of_torch(facts.parameters)) & (gains.values > 0)
    if small.sum() < MATRICES or facts.level.explained >= EXPLAINED.value:
        return CLEAR
    layers = facts.layers
    if not len(layers.steps):
        return Skipped("no layers are recorded")
    first = _passed(facts, layers.early[:1])
    now = _passed(facts, layers.newest)
    if first is None or now is None:
        return Skipped("what the first and the last layer put out is not recorded")
    if not max(first, now) < DIED.value:
        return CLEAR
    order = np.argsort(np.where(small, gains.values, np.inf), kind="stable")[: small.sum()]
    names = tuple(facts.parameters[at].name for at in order)
    evidence = (_gain(gains, small), _died(facts, gains, first, now))
    return Found("error", gains.step, evidence, names)


@kept
def _of_torch(parameters: tuple[ParameterInfo, ...]) -> Floats:
    """Return torch's own gain of each parameter over that of a linear layer, at most 1.

    A recurrent layer draws all its weights by the number of its units, however few its inputs are.
    """
    own = [_of_recurrent(p.kind, p.shape) for p in parameters]
    return np.asarray(np.minimum(1.0, np.array(own)))


def _of_recurrent(kind: str, shape: tuple[int, ...]) -> float:
    gates = next((count for name, count in GATES.items() if name in kind), 0)
    return float(np.sqrt(shape[1] * gates / shape[0])) if gates and len(shape) == 2 else 1.0


def _passed(facts: Facts, records: Steps) -> float | None:
    """Return how far the last layer's output depends on the input, over that of the widest."""
    widths = facts.layers.typical(UNIT_STD, records)
    given = facts.layers.typical(STD_IN, records)
    known = np.flatnonzero(np.isfinite(widths))
    if not len(known):
        return None
    before = np.append(widths[known[:-1]], given[known[0]])
    widest = float(np.nanmax(before)) if np.isfinite(before).any() else 0.0
    return float(widths[known[-1]]) / widest if widest > 0 else None


def _gain(gains: Gains, small: NDArray[np.bool_]) -> Evidence:
    step, least = gains.step, float(np.min(gains.values[small]))
    matrices = int(np.isfinite(gains.values).sum())
    reads = f"{int(small.sum())} of {matrices} weight matrices began with a gain below "
    reads += f"{fmt(SMALL.value)}, at least {fmt(least, 2)}"
    return Evidence(WEIGHT_NORM.name, step, step, least, SMALL.value, reads, SMALL.source)


def _died(facts: Facts, gains: Gains, first: float, now: float) -> Evidence:
    reads = f"of what varies between inputs {fmt(100 * first, 2)} % was left at the output at "
    reads += f"first, and {fmt(100 * now, 2)} % by now"
    bound = f"{fmt(100 * DIED.value)} %"
    last = facts.last_step
    return Evidence(UNIT_STD.name, gains.step, last, now, DIED.value, reads, DIED.source, bound)


def _weights(*gains: float) -> Floats:
    rows = [64, 64, 10]
    return np.array([x for g, n in zip(gains, rows, strict=True) for x in (g * np.sqrt(n), 0.1)])


_DYING = [0.1, 0.06, 1e-2, 6e-3, 1e-3]

RULE = Rule(
    id="init-too-small",
    claim="The signal dies on the way through.",
    stage="initialisation",
    needs=(WEIGHT_NORM, UNIT_STD),
    min_steps=50,
    check=check,
    thresholds={"gain": SMALL, "died": DIED, "explained": EXPLAINED},
    explains=("vanishing-gradient", "dead-relu", "lr-too-low", "no-signal"),
    fixes=(
        "Leave torch's own initialisation, or use nn.init.kaiming_normal_(w) before ReLU and "
        "nn.init.xavier_uniform_(w) before tanh or sigmoid.",
        "Give nn.init.normal_ a std of 1/sqrt(fan_in), not one number for all layers.",
        "Put a normalisation layer after each layer, so that the scale of its weights is undone.",
    ),
    confusables={
        "vanishing-gradient": "there the weights have gains near 1, and activations lose the "
        "gradient",
        "zero-init": "there weights are exactly zero",
        "lr-too-low": "there the output depends on the input from the start",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "gains of a tenth, and an output that is the same for every input",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={WEIGHT_NORM: _weights(0.1, 0.1, 0.1)},
                layer={UNIT_STD: _DYING},
            ),
            culprits=("0.weight", "2.weight", "4.weight"),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a signal that dies in layers of sound weights",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={WEIGHT_NORM: _weights(0.58, 0.58, 0.58)},
                layer={UNIT_STD: _DYING},
            ),
        ),
        Case(
            "a last layer that is made small on purpose",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={WEIGHT_NORM: _weights(1.0, 1.0, 1e-3)},
                layer={UNIT_STD: [1.0, 1.0, 1.0, 1.0, 1e-3]},
            ),
        ),
        Case(
            "small weights before norms that restore the scale",
            lambda: synth.run(
                loss=synth.flat(300), parameter={WEIGHT_NORM: _weights(0.16, 0.16, 0.16)}
            ),
        ),
        Case(
            "layers that are zero at first",
            lambda: synth.run(
                loss=synth.flat(300),
                parameter={WEIGHT_NORM: _weights(0.0, 0.0, 0.0)},
                layer={UNIT_STD: [0.0] * 5},
            ),
        ),
    ),
)
