"""Most units of a layer never fire.

Sees
    Of every layer that is or feeds a ReLU the share of units that were not above 0 for any of at
    least 512 samples, over the window, and since when.

Why the loss stalls
    A unit that never fires passes back no gradient, so nothing moves it and it stays dead. Where
    most of a layer is dead, little of the input gets through.

Fix
    A sound bias to begin with; a lower learning rate where a large step killed the units.

Not to be confused with
    Units that fire for some samples only: that is what a ReLU is for. Counted are units, not
    outputs.
    lr-too-high: there a large step came first and threw the units out of reach.
    zero-init: there nothing fires because all weights are zero.

Sources
    Lu et al. 2019, "Dying ReLU and Initialization", section 2; Sokar et al. 2023, section 3.
    SageMaker Debugger's DeadRelu: more than half of the units of a layer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.deadunits import EXPLAINED, MOST, dead_now
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.layers import Layers
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.layersignals import DEAD_SHARE, OUT_NONFINITE, WINDOW_SAMPLES
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

WHOLE = Threshold(0.98, "of the units", "what is left of a layer of fifty is one unit")


def check(facts: Facts) -> Outcome:
    """Fire where most units of a layer stayed at 0 in nearly every look of the window."""
    layers = facts.layers
    share = layers.typical(DEAD_SHARE, layers.newest)
    if not np.isfinite(share).any():
        return Skipped("fewer than 512 samples of any unit before a ReLU have been seen")
    dead = dead_now(facts, share)
    if not dead.any():
        return CLEAR
    since, born = _onset(facts, dead)
    evidence = (_share(facts, share, dead), _since(facts, dead, since, born=born))
    whole = float(np.nanmax(share[dead])) >= WHOLE.value
    culprits = _culprits(layers.infos, share, dead)
    return Found("error" if whole else "warning", since, evidence, culprits)


def _culprits(infos: tuple[LayerInfo, ...], share: Floats, dead: Mask) -> tuple[str, ...]:
    """Return the layers whose units are dead, worst first: not the function after them too."""
    fed = {at for at, info in enumerate(infos) if dead[at] and not info.is_activation}
    own = [
        at
        for at in np.flatnonzero(dead)
        if not (infos[at].is_activation and fed & {*infos[at].sources})
    ]
    return tuple(infos[at].name for at in sorted(own, key=lambda at: -share[at]))


def _onset(facts: Facts, dead: Mask) -> tuple[int, bool]:
    """Return the first step from which most units of such a layer were dead, and if from birth.

    A first window that is dead holds all samples since the first step.
    """
    layers = facts.layers
    column = layers.column(DEAD_SHARE, layers.spread)[:, dead]
    known = np.isfinite(column)
    beyond = np.nan_to_num(column) > MOST.value
    first = np.where(known.any(axis=0), np.argmax(known, axis=0), len(known))
    onset = np.where(beyond.any(axis=0), np.argmax(beyond, axis=0), len(known) - 1)
    born = (onset == first) & _sees_the_start(facts)
    if born.any():
        return facts.first_step, True
    return int(layers.steps[layers.spread[int(onset.min())]]), False


def _sees_the_start(facts: Facts) -> bool:
    """Return whether the layers were looked at from the first steps on."""
    return int(facts.layers.steps[0]) - facts.first_step <= 1


def _share(facts: Facts, share: Floats, dead: Mask) -> Evidence:
    layers: Layers = facts.layers
    at = int(np.argmax(np.where(dead, share, -1.0)))
    samples = layers.typical(WINDOW_SAMPLES, layers.newest)[at]
    steps = layers.steps[layers.newest]
    reads = f"{fmt(100 * share[at], 3)} % of the units of {layers.infos[at].name} fired for none "
    reads += f"of the last {fmt(samples)} samples"
    bound = f"{fmt(100 * MOST.value)} %"
    first, last = int(steps[0]), int(steps[-1])
    observed, source = float(share[at]), MOST.source
    return Evidence(DEAD_SHARE.name, first, last, observed, MOST.value, reads, source, bound)


def _since(facts: Facts, dead: Mask, since: int, *, born: bool) -> Evidence:
    layers = facts.layers
    before = layers.column(DEAD_SHARE, layers.spread)[:, dead]
    least = float(np.nanmin(before.min(axis=1)))
    reads = f"{fmt(100 * least, 3)} % have been dead from the first step on"
    if not born:
        reads = f"they died: at first {fmt(100 * least, 3)} % were dead, more than half from step "
        reads += str(since)
    bound = f"{fmt(100 * MOST.value)} %"
    first, last = int(layers.steps[0]), int(layers.steps[-1])
    return Evidence(DEAD_SHARE.name, first, last, least, MOST.value, reads, MOST.source, bound)


def _dies(at: int, share: float, steps: int = 300) -> Floats:
    values = np.zeros((steps, len(LAYERS)))
    values[:8] = np.nan
    values[max(at, 8) :, 2:4] = share
    return values


RULE = Rule(
    id="dead-relu",
    claim="Most units of a layer never fire.",
    stage="gradient-flow",
    needs=(DEAD_SHARE,),
    min_steps=50,
    check=check,
    thresholds={"most": MOST, "whole": WHOLE, "explained": EXPLAINED},
    explains=("vanishing-gradient", "lr-too-low", "no-signal"),
    fixes=(
        "Start biases at 0: a large negative one keeps a unit from ever firing.",
        "Lower the learning rate by 10, or warm it up, where a large step killed the units.",
        "Replace nn.ReLU by nn.LeakyReLU or nn.GELU, which pass a gradient below 0 too.",
        "Put a normalisation layer before the ReLU.",
    ),
    confusables={
        "lr-too-high": "there a large step came first and killed the units",
        "zero-init": "there nothing fires because weights are zero",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "nine units in ten that never fired",
            lambda: synth.run(loss=synth.flat(300), layer={DEAD_SHARE: _dies(0, 0.9)}),
            culprits=("2",),
        ),
        Case(
            "a layer that died at step 120",
            lambda: synth.run(loss=synth.flat(300), layer={DEAD_SHARE: _dies(120, 1.0)}),
            culprits=("2",),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a third of the units dead",
            lambda: synth.run(loss=synth.flat(300), layer={DEAD_SHARE: 0.33}),
        ),
        Case(
            "dead units in a model that explains nearly everything",
            lambda: synth.run(loss=synth.flat(300, at=0.1), layer={DEAD_SHARE: 0.7}),
        ),
        Case(
            "a layer whose output is not finite",
            lambda: synth.run(loss=synth.flat(300), layer={DEAD_SHARE: 1.0, OUT_NONFINITE: 4096.0}),
        ),
    ),
)
