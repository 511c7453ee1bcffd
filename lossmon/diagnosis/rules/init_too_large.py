"""Initial activations or logits are far too large.

Sees
    The gain of every weight matrix before the first step, ‖W‖/sqrt(rows); and what such gains do:
    a first loss far above that of a constant prediction, outputs far wider than the targets,
    units that are pinned from the start, or a state that is multiplied at every step of a sequence.

Why the loss stalls
    Each layer multiplies the signal. Activations saturate or the outputs are wrong with certainty;
    gradients are huge or gone, and the usual learning rate moves weights of that size too little.

Fix
    An initialisation that keeps the scale: variance 1/fan_in, or 2/fan_in before a ReLU.

Not to be confused with
    unnormalised-input: there the inputs are off their scale and the weights are not.
    lr-too-high: there the first loss is that of any untrained model, and rises after a step.
    exploding-gradient: there what goes forward has a sound scale, or grows by weights of one; so
    too where a matrix from state to state is large alone, and only the gradient shows it.
    A pretrained trunk under a new head, whose gains are what training has made them: it learns.

Sources
    Glorot and Bengio 2010, section 4.2.1; He et al. 2015, "Delving Deep into Rectifiers", section
    2.2. TheDeepChecker (Ben Braiek and Khomh 2022): a first loss of twice ln K is too high.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import INPUT_HIGH, INPUT_LOW, PREDICTION_STD, TARGET_STD
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.gains import Gains
from lossmon.diagnosis.reach import DISTANT
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.steepness import steepness
from lossmon.layersignals import SATURATED_SHARE, STD_OUT
from lossmon.numfmt import fmt
from lossmon.records import LayerInfo
from lossmon.signals import CRITERION_LOSS, WEIGHT_NORM

Floats = NDArray[np.float64]

LARGE = Threshold(3.0, "", "torch.nn.init.calculate_gain gives at most 5/3: nearly twice that")
FIRST_LOSS = Threshold(2.0, "times the prior's loss", "TheDeepChecker: a first loss of 2 ln K")
WIDE = Threshold(5.0, "times the targets'", "an untrained model of sound scale is about as wide")
PINNED = Threshold(0.5, "of the units", "SageMaker Debugger and DeepDiagnosis: more than half")
EXPLAINED = Threshold(0.9, "of the prior's loss", "a model that explains so much has got over it")
PINS = Threshold(7.4, "", "of states of size 1: beyond it half of a normal distribution exceeds 5")
INPUT = Threshold(30.0, "", "normalised inputs do not reach it: 30 standard deviations")

SOUND = 5 / 3
"""Deviation of what a layer puts out: torch.nn.init.calculate_gain gives at most that."""
CLASSIFIERS = ("cross_entropy", "nll_loss", "with_logits")


def check(facts: Facts) -> Outcome:
    """Fire where the weights began with gains far above 1, and the first pass shows it."""
    gains = facts.gains
    if isinstance(gains, str):
        return Skipped(gains)
    large = np.nan_to_num(gains.least) > LARGE.value
    if not large.any() or facts.level.explained >= EXPLAINED.value or _is_input_large(facts):
        return CLEAR
    proofs = (
        *_lossy(facts),
        *_wide(facts),
        *_pinned(facts, large),
        *_repeated(facts, gains),
    )
    if not proofs:
        return CLEAR
    worst = np.argsort(-np.where(large, gains.least, 0.0), kind="stable")[: large.sum()]
    names = tuple(facts.parameters[at].name for at in worst)
    return Found("error", gains.step, (_gain(facts, gains, large), *proofs), names)


def _is_input_large(facts: Facts) -> bool:
    """Return whether the model is given numbers so large that any weights would do.

    Whole numbers are tokens, and are looked up.
    """
    tensors = facts.batches.inputs
    if tensors and "float" not in str(tensors[0].get("dtype", "")):
        return False
    for signal in (INPUT_LOW, INPUT_HIGH):
        _, values = facts.batches.measured(signal)
        if len(values) and abs(values[0]) > INPUT.value:
            return True
    return False


def _gain(facts: Facts, gains: Gains, large: NDArray[np.bool_]) -> Evidence:
    step, worst = gains.step, float(np.nanmax(gains.least))
    matrices = int(np.isfinite(gains.least).sum())
    reads = f"{int(large.sum())} of {matrices} weight matrices began with a gain above "
    reads += f"{fmt(LARGE.value)}, at most {fmt(worst, 3)}"
    return Evidence(WEIGHT_NORM.name, step, step, worst, LARGE.value, reads, LARGE.source)


def _lossy(facts: Facts) -> Iterator[Evidence]:
    """The outputs are wrong with certainty; of classifiers only, for their losses have a scale."""
    steps, losses = facts.batches.measured(CRITERION_LOSS)
    prior, criterion = facts.level.prior, facts.batches.criterion
    classifies = criterion is not None and criterion.name.endswith(CLASSIFIERS)
    if not len(losses) or not prior > 0 or not classifies:
        return
    first, limit = float(losses[0]), FIRST_LOSS.value * prior
    if first > limit:
        step = int(steps[0])
        reads = f"the first loss is {fmt(first, 3)}; predicting a constant costs {fmt(prior, 3)}"
        yield Evidence(CRITERION_LOSS.name, step, step, first, limit, reads, FIRST_LOSS.source)


def _wide(facts: Facts) -> Iterator[Evidence]:
    steps, spread = facts.batches.measured(PREDICTION_STD)
    _, target = facts.batches.measured(TARGET_STD)
    if not len(spread) or not len(target) or not target[0] > 0:
        return
    times, step = float(spread[0] / target[0]), int(steps[0])
    if times > WIDE.value:
        reads = f"the first outputs spread {fmt(times, 3)} times as far as the targets"
        yield Evidence(PREDICTION_STD.name, step, step, times, WIDE.value, reads, WIDE.source)


def _pinned(facts: Facts, large: NDArray[np.bool_]) -> Iterator[Evidence]:
    """Units of the layers with such weights are pinned before anything was learned."""
    layers = facts.layers
    if not len(layers.steps):
        return
    owners = {name.rpartition(".")[0] for name in facts.names(large)}
    share, size = (layers.column(s, layers.early[:1])[0] for s in (SATURATED_SHARE, STD_OUT))
    own = np.array([i.name in owners and not _by_script(i) for i in layers.infos], bool)
    # Numbers of a sound size that a sum of them pins are pinned by the sum.
    summed = np.array([DISTANT in info.settings for info in layers.infos], bool)
    share = np.where(own & ~(summed & (size <= SOUND)), share, np.nan)
    if np.isfinite(share).any() and np.nanmax(share) > PINNED.value:
        at, step = int(np.nanargmax(share)), int(layers.steps[0])
        worst = float(share[at])
        reads = f"{fmt(100 * worst, 3)} % of the units of {layers.infos[at].name} are pinned at "
        reads += f"step {step}"
        bound = f"{fmt(100 * PINNED.value)} %"
        limit, source = PINNED.value, PINNED.source
        yield Evidence(SATURATED_SHARE.name, step, step, worst, limit, reads, source, bound)


def _by_script(info: LayerInfo) -> bool:
    """Return whether the script itself multiplies what a layer puts out by a large number."""
    return info.settings.get("scale", 1.0) > PINS.value


def _repeated(facts: Facts, gains: Gains) -> Iterator[Evidence]:
    """A matrix from state to state acts once a step: its gain is about its spectral radius.

    Where no other is large, and what it does shows in the gradient and not on the way forward, the
    gradient explodes.
    """
    recurrent = np.array(["weight_hh" in p.name for p in facts.parameters], bool)
    values = np.where(recurrent, np.nan_to_num(gains.least), 0.0)
    worst, step = float(values.max(initial=0.0)), gains.step
    alone = not (np.nan_to_num(gains.least)[~recurrent] > LARGE.value).any()
    first = steepness(facts) if alone and worst <= PINS.value else None
    if worst > LARGE.value and not (first is not None and first.is_steep):
        reads = f"the recurrent weights multiply the state by {fmt(worst, 3)} at every step of a "
        reads += "sequence"
        yield Evidence("recurrent_gain", step, step, worst, LARGE.value, reads, LARGE.source)


def _weights(gain: float) -> Floats:
    """Return weight norms of matrices of that gain, biases small."""
    return np.array(
        [gain * np.sqrt(s[0]) if len(s) > 1 else 0.1 for s in synth.SHAPES.values()], float
    )


def _falling_from(loss: float) -> Floats:
    return synth.flat(300, at=2 * synth.PRIOR) + loss * np.exp(-np.arange(300) / 5)


RULE = Rule(
    id="init-too-large",
    claim="Initial activations or logits are far too large.",
    stage="initialisation",
    needs=(WEIGHT_NORM,),
    min_steps=20,
    check=check,
    thresholds={
        "gain": LARGE,
        "first_loss": FIRST_LOSS,
        "wide": WIDE,
        "pinned": PINNED,
        "explained": EXPLAINED,
        "pins": PINS,
        "input": INPUT,
    },
    explains=(
        "saturated-activation",
        "vanishing-gradient",
        "exploding-gradient",
        "dead-relu",
        "grad-clip-too-tight",
        "lr-too-high",
        "lr-too-low",
        "nan-in-loss",
        "no-signal",
    ),
    fixes=(
        "Leave torch's own initialisation, or use nn.init.kaiming_normal_(w) before ReLU and "
        "nn.init.xavier_uniform_(w) before tanh or sigmoid.",
        "Give nn.init.normal_ a std: 1/sqrt(fan_in); its default is 1.",
        "Initialise an embedding that is tied to the output with std 0.02.",
        "Put a normalisation layer after each layer, so that the scale of its weights is undone.",
    ),
    confusables={
        "unnormalised-input": "there the weights have gains near 1, and the inputs are large",
        "lr-too-high": "there the loss rises from that of any untrained model",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "gains of 8 and a first loss of 20 times the prior's",
            lambda: synth.run(
                loss=_falling_from(20 * synth.PRIOR), parameter={WEIGHT_NORM: _weights(8.0)}
            ),
            culprits=("0.weight", "2.weight", "4.weight"),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "a high first loss with sound weights: unnormalised inputs",
            lambda: synth.run(
                loss=_falling_from(20 * synth.PRIOR), parameter={WEIGHT_NORM: _weights(0.6)}
            ),
        ),
        Case(
            "large weights and large inputs",
            lambda: synth.run(
                loss=_falling_from(20 * synth.PRIOR),
                parameter={WEIGHT_NORM: _weights(8.0)},
                total={INPUT_HIGH: 255.0},
            ),
        ),
        Case(
            "a pretrained model whose weights are large and whose loss is not",
            lambda: synth.run(parameter={WEIGHT_NORM: _weights(8.0)}),
        ),
    ),
)
