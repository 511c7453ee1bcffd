"""Sigmoid or tanh units are pinned.

Sees
    Of every layer that is or feeds a sigmoid, a tanh or a function with ends of its own the share
    of pre-activations beyond its reach, over the window, and since when; of an LSTM, a GRU or an
    RNN that of all its gates. Not of a softmax. What was pinned before anything was learned is
    named however much was learned since, and of a loss that falls, too: hidden layers, cells whose
    gates and contents both were, products of which all factors were; gates, and towers whose units
    are added up behind them, where units were at both ends: no bias puts them there. Of the output
    where a constant does better, or where little was learned and outputs lay far apart at first. Of
    a gate also where next to nothing comes through it, from the start, and little was learned.

Why the loss stalls
    Where a pre-activation is beyond 5 the slope is below 1/150 for a sigmoid and 1/5,000 for a
    tanh. The layers before hardly get a gradient, and what they know comes through as one bit.

Fix
    Keep what goes in near 1: normalise it, average instead of adding up, smaller weights.

Not to be confused with
    A sigmoid at the output that is sure of its answers: that is what training is for.
    A gate (squeeze-and-excitation) that learned to be open for some and closed for others: so it is
    meant.
    vanishing-gradient: there the units are within reach, and steps or layers take the gradient.
    init-too-large, unnormalised-input, lr-too-high: there it is their consequence.

Sources
    Glorot and Bengio 2010, section 3. DeepDiagnosis (Wardat et al. 2022): beyond 5 for more than
    half of the units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.bothends import APART
from lossmon.diagnosis.facts import EARLY_ROWS, Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.level import CONVERGED, NEARLY
from lossmon.diagnosis.pinned import (
    INSIDE,
    MOST,
    OWN,
    WRONG,
    pinned_from_start,
    pinned_now,
    worse_since,
)
from lossmon.diagnosis.progress import EXPLAINED as LEARNED
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.shutgates import THROUGH, Shut, least, shut_gates
from lossmon.diagnosis.synthpinned import (
    CELL,
    GATE,
    GRU,
    LSTM,
    OUTPUT,
    OWN_CELL,
    PINNED_THEN_MULTIPLIED,
    PRODUCT,
    STEEP,
    TANH,
    TOWERS,
    at_rest,
    half_free,
    pinned_from,
)
from lossmon.layersignals import MEAN_OUT, SATURATED_SHARE, STD_IN, UNIT_STD
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo
from lossmon.signals import WEIGHT_NORM

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EXPLAINED = Threshold(0.5, "of the prior's loss", "units are pinned as a model learns, too")


def check(facts: Facts) -> Outcome:
    """Fire where most units of a hidden layer are pinned, as a rule, in a model that learns not."""
    layers, explained = facts.layers, facts.level.explained
    if explained >= CONVERGED.value:
        return CLEAR
    share = layers.typical(SATURATED_SHARE, layers.newest)
    shut = shut_gates(facts)
    held = pinned_from_start(facts)
    pinned = pinned_now(facts) if not explained >= NEARLY.value else held.copy()
    pinned[[gate.gate for gate in shut]] = True
    if not pinned.any():
        return CLEAR
    since = _onset(facts, pinned)
    if since is None:
        return Skipped("pinned units were seen in the newest records only")
    if since > facts.first_step + EARLY_ROWS and explained >= EXPLAINED.value:
        return CLEAR
    worst = _worst(layers.infos, share, pinned)
    evidence = (_share(facts, share, worst), _since(facts, worst, since), *_through(facts, shut))
    severity: Severity = "warning" if explained >= NEARLY.value else "error"
    culprits = _culprits(layers.infos, share, pinned)
    stands = bool((pinned & (held | worse_since(facts))).any())
    return Found(severity, since, evidence, culprits, stands)


def _culprits(infos: tuple[LayerInfo, ...], share: Floats, pinned: Mask) -> tuple[str, ...]:
    """Return the layers whose units are pinned, worst first: not the function after them too."""
    fed = {at for at, info in enumerate(infos) if pinned[at] and not info.is_activation}
    own = [
        at
        for at in np.flatnonzero(pinned)
        if not (infos[at].is_activation and fed & {*infos[at].sources})
    ]
    return tuple(infos[at].name for at in sorted(own, key=lambda at: -share[at]))


def _onset(facts: Facts, pinned: Mask) -> int | None:
    """Return the first step at which most units of such a layer were pinned."""
    layers = facts.layers
    column = np.nan_to_num(layers.column(SATURATED_SHARE, layers.spread)[:, pinned])
    limits = [least(info) for info, hit in zip(layers.infos, pinned, strict=True) if hit]
    rows = np.flatnonzero((column > limits).any(axis=1))
    return int(layers.steps[layers.spread[rows[0]]]) if len(rows) else None


def _worst(infos: tuple[LayerInfo, ...], share: Floats, pinned: Mask) -> int:
    """Return the layer that is furthest above its limit."""
    limits = np.array([least(info) for info in infos])
    return int(np.argmax(np.where(pinned, np.nan_to_num(share) / limits, -1.0)))


def _share(facts: Facts, share: Floats, at: int) -> Evidence:
    layers = facts.layers
    steps, info = layers.steps[layers.newest], layers.infos[at]
    reads = f"{fmt(100 * share[at], 3)} % of "
    if info.settings.keys() & {INSIDE, OWN}:
        what = "gates" if INSIDE in info.settings else "functions"
        reads += f"what goes into the {what} inside {info.name} is where they are flat"
    else:
        reads += f"what {info.name} puts out is where the {info.activation} is flat"
    limit = _limit(info, float(share[at]))
    bound = f"{fmt(100 * limit, 3)} %"
    first, last, observed = int(steps[0]), int(steps[-1]), float(share[at])
    tag = SATURATED_SHARE.name
    return Evidence(tag, first, last, observed, limit, reads, MOST.source, bound)


def _limit(info: LayerInfo, share: float) -> float:
    """Return the limit that was passed: of all that is pinned, else of one gate of several."""
    return MOST.value if share > MOST.value else least(info)


def _since(facts: Facts, at: int, since: int) -> Evidence:
    layers = facts.layers
    first = float(np.nan_to_num(layers.column(SATURATED_SHARE, layers.early[:1])[0, at]))
    now = float(layers.typical(SATURATED_SHARE, layers.newest)[at])
    limit, step = _limit(layers.infos[at], now), int(layers.steps[0])
    bound = f"{fmt(100 * limit, 3)} %"
    above = "half" if limit == MOST.value else bound
    reads = f"{fmt(100 * first, 3)} % were at step {step}, more than {above} from step {since} on"
    tag = SATURATED_SHARE.name
    return Evidence(tag, step, since, first, limit, reads, MOST.source, bound)


def _through(facts: Facts, shut: Sequence[Shut]) -> Iterator[Evidence]:
    """Yield how little comes through the gate that is shut tightest."""
    if not shut:
        return
    layers, least_open = facts.layers, min(shut, key=lambda gate: gate.through)
    info, behind = layers.infos[least_open.gate], layers.infos[least_open.behind]
    through, steps = least_open.through, layers.steps[layers.newest]
    reads = f"what comes through it to {behind.name} is {fmt(100 * through, 2)} % of what there is"
    if least_open.is_inside:
        reads = f"what {info.name} puts out differs by {fmt(through, 2)} between examples, of 1"
    tag = (UNIT_STD if least_open.is_inside else STD_IN).name
    first, last = int(steps[0]), int(steps[-1])
    bound = fmt(THROUGH.value, 2) if least_open.is_inside else f"{fmt(100 * THROUGH.value, 2)} %"
    yield Evidence(tag, first, last, through, THROUGH.value, reads, THROUGH.source, bound)


RULE = Rule(
    id="saturated-activation",
    claim="Sigmoid or tanh units are pinned.",
    stage="gradient-flow",
    needs=(SATURATED_SHARE,),
    min_steps=50,
    check=check,
    thresholds={
        "most": MOST,
        "apart": APART,
        "explained": EXPLAINED,
        "learned": LEARNED,
        "nearly": NEARLY,
        "converged": CONVERGED,
        "wrong": WRONG,
        "through": THROUGH,
    },
    explains=("vanishing-gradient", "lr-too-low", "no-signal"),
    fixes=(
        "Normalise what goes into the layer: nn.LayerNorm or nn.BatchNorm1d before the activation.",
        "Average over items instead of adding them up: the sum grows with their number.",
        "Initialise with nn.init.xavier_uniform_(w), and scale inputs to mean 0 and std 1.",
        "Use ReLU or GELU, which have no upper end.",
        "Start the biases of an LSTM at 0, and those of its forget gates at 1.",
        "Start the biases of other gates at 0, or within 2 of it: what is shut gets no gradient.",
    ),
    confusables={
        "init-too-large": "there the weights were too large from the start",
        "lr-too-high": "there a large step came first, and pinned the units",
        "vanishing-gradient": "there the units are within reach, and depth takes the gradient",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "tanh units pinned from the start",
            lambda: at_rest(TANH, pinned_from(0, 0.9)),
            culprits=("0",),
        ),
        Case(
            "pinned since step 150",
            lambda: at_rest(TANH, pinned_from(150, 0.9)),
            culprits=("0",),
        ),
        Case(
            "most tanh units pinned from the start, and a loss that is low",
            lambda: at_rest(TANH, pinned_from(0, 0.6), at=0.15),
            culprits=("0",),
        ),
        Case(
            "an output that is half free by now, and a constant does better",
            lambda: synth.run(
                loss=np.linspace(3.4, 3.0, 300),
                parameter={WEIGHT_NORM: 5.0},
                layers=OUTPUT,
                layer={SATURATED_SHARE: half_free()},
            ),
            culprits=("4",),
        ),
        Case(
            "a tanh of two hundred times the output",
            lambda: at_rest(STEEP, [0.95, np.nan]),
            culprits=("0",),
        ),
        Case(
            "an LSTM with gates that are all pinned",
            lambda: at_rest(LSTM, [0.9, np.nan]),
            culprits=("rnn",),
        ),
        Case(
            "a GRU whose update gates keep the first state",
            lambda: synth.run(
                loss=synth.flat(300),
                layers=GRU,
                layer={SATURATED_SHARE: [0.34, np.nan], UNIT_STD: [1e-5, 1.0]},
            ),
            culprits=("rnn",),
        ),
        Case(
            "a gate that is shut for everything",
            lambda: synth.run(
                loss=synth.flat(300),
                layers=GATE,
                layer={SATURATED_SHARE: [1.0, np.nan], STD_IN: [1.0, 1e-4]},
            ),
            culprits=("0",),
        ),
        Case(
            "a cell that keeps its first state and has contents within reach",
            lambda: synth.run(
                loss=synth.flat(300),
                layers=CELL,
                layer={SATURATED_SHARE: [0.95, 0.1, np.nan], STD_IN: [1.0, 1.0, 1e-4]},
            ),
            culprits=("gates",),
        ),
        Case(
            "products of two layers that a tanh is given",
            lambda: at_rest(PRODUCT, [0.8, 0.8, np.nan]),
            culprits=("user", "item"),
        ),
        Case(
            "two functions that are multiplied, and both pinned from the start",
            lambda: at_rest(PINNED_THEN_MULTIPLIED, [0.8, 0.8, np.nan]),
            culprits=("user", "item"),
        ),
        Case(
            "a cell of bare parameters that is pinned from the start",
            lambda: at_rest(OWN_CELL, [0.9, np.nan]),
            culprits=("cell",),
        ),
        Case(
            "a cell with gates and contents that are pinned from the start",
            lambda: at_rest(CELL, [0.95, 0.9, np.nan]),
            culprits=("gates", "content"),
        ),
        Case(
            "such a cell, and a model that has learned most of the loss",
            lambda: at_rest(CELL, [0.95, 0.9, np.nan], at=0.15),
            culprits=("gates", "content"),
        ),
        Case(
            "gates that were open or closed from the start",
            lambda: at_rest(GATE, [0.9, np.nan], at=0.9),
            culprits=("0",),
        ),
        Case(
            "a tower of bits from the start, multiplied by another, beside what is learned",
            lambda: at_rest(TOWERS, [0.9, np.nan], at=0.9, prediction_shape=[64]),
            culprits=("user",),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "most units pinned since step 5, and a loss that is low",
            lambda: at_rest(TANH, pinned_from(5, 0.95), at=0.15),
        ),
        Case(
            "a cell whose contents are within reach",
            lambda: at_rest(CELL, [0.95, 0.1, np.nan], mean=[8.0, 0.0, 0.0]),
        ),
        Case(
            "towers that a bias has put at one end",
            lambda: at_rest(TOWERS, [0.9, np.nan], at=0.5, mean=6.0, prediction_shape=[64]),
        ),
        Case(
            "a GRU that keeps its state long, and is heard",
            lambda: synth.run(
                loss=synth.flat(300), layers=GRU, layer={SATURATED_SHARE: [0.34, np.nan]}
            ),
        ),
        Case(
            "a GRU that says next to nothing, and is within reach",
            lambda: synth.run(
                loss=synth.flat(300),
                layers=GRU,
                layer={SATURATED_SHARE: [0.01, np.nan], UNIT_STD: [1e-5, 1.0]},
            ),
        ),
        Case(
            "a gate that is shut in a model that has learned",
            lambda: synth.run(
                loss=synth.flat(300, at=0.5),
                layers=GATE,
                layer={SATURATED_SHARE: [1.0, np.nan], STD_IN: [1.0, 1e-4], MEAN_OUT: -6.0},
            ),
        ),
        Case(
            "a third of the units pinned",
            lambda: at_rest(TANH, pinned_from(0, 0.33)),
        ),
        Case(
            "a sigmoid at the output that is sure",
            lambda: synth.run(
                loss=synth.flat(300), layers=OUTPUT, layer={SATURATED_SHARE: [0, 0, 0, 0, 1.0]}
            ),
        ),
        Case(
            "two functions that are multiplied, one of which is within reach",
            lambda: synth.run(
                loss=synth.flat(300),
                layers=PINNED_THEN_MULTIPLIED,
                layer={SATURATED_SHARE: [0.8, 0.1, np.nan]},
            ),
        ),
        Case(
            "gates that a bias has opened",
            lambda: at_rest(GATE, [1.0, np.nan], mean=6.0),
        ),
        Case(
            "gates that are open or closed as a model has learned",
            lambda: at_rest(GATE, pinned_from(100, 1.0)[:, :2], at=0.5),
        ),
        Case(
            "units that were pinned as a model learned most of the loss",
            lambda: synth.run(
                loss=synth.flat(300, at=0.5),
                layers=TANH,
                layer={SATURATED_SHARE: pinned_from(100, 0.9)},
            ),
        ),
    ),
)
