"""Batch statistics are meaningless.

Sees
    How many values lie behind each statistic of a batch normalisation, of how many examples they
    are, and its momentum; whether each batch holds examples of one kind, so that what they have in
    common is taken away: then mean predictions stay where they are, and mean targets do not; and
    whether the model does far worse in eval mode, where the probe or a validation loss tells.

Why the loss stalls
    Of two values the normalised ones are +1 and -1, whatever they were: nothing but their order
    comes through, and no gradient goes back; of eight the variance is still off by half. Where
    batches differ by kind, their mean is the signal, and it is subtracted. With a momentum near 1
    or of 0 the running statistics are those of the last batch, or of none: then the loss stalls in
    evaluation.

Fix
    Larger, mixed batches, or a normalisation that does not look at the batch: GroupNorm, LayerNorm.

Not to be confused with
    batch-too-small: there the gradient is noisy; here there is none before the normalisation.
    overfitting: there the validation loss is high and that of a training batch in eval mode is not.
    Frozen statistics in fine-tuning: a layer in eval mode takes none of its batch.
    unshuffled-data: there batches in a row are of the same kind, and the loss moves with them.
    label-noise, model-too-small: there predictions follow what a batch has in common, unless
    inputs do not tell of it. Where it is not known whether they do it is a note.

Sources
    By definition: two values less their mean, over their deviation, are +1 and -1. PyTorch
    documentation, "BatchNorm1d": momentum is the weight of the new value, elsewhere of the old one.
    Wu and He 2018, "Group Normalization", section 1: the error rises from batches of 8 downwards,
    by ten points at two images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lossmon import signals
from lossmon.batchsignals import (
    BATCH_SIZE,
    INPUT_MEAN,
    LABEL_COUNTS,
    PREDICTED_COUNTS,
    TARGET_COUNT,
)
from lossmon.diagnosis import synth
from lossmon.diagnosis.batchmeans import ALONG, FOLLOWS, TOLD, VARIES
from lossmon.diagnosis.batchorder import order
from lossmon.diagnosis.batchstatistics import (
    EXAMPLES,
    FEW,
    VALUES,
    behind,
    learns_little,
    learnt_little,
    of_one_or_two,
    values_evidence,
)
from lossmon.diagnosis.evalgap import (
    GAP,
    KINDS,
    LEARNT,
    PART,
    PROBE,
    SETTLED,
    by_kind,
    never_valid,
    probed,
    validated,
)
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.floor import PROBE_CALL
from lossmon.diagnosis.level import AT_PRIOR, BY_CHANCE
from lossmon.diagnosis.levelledout import COMMON, LEFT, is_told, levelled, shared_error
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.onekind import HALF, HIDDEN, STRAYS, neighbours_are_alike, of_one_kind
from lossmon.diagnosis.progress import EXPLAINED
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold, Undecided
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.numfmt import fmt, plural
from lossmon.records import LayerInfo, Mark
from lossmon.signals import LOSS, VAL_LOSS

LAST_ONLY = Threshold(0.9, "", "by definition: nine tenths of the statistics are the last batch's")
NEVER = Threshold(1e-4, "", "by definition: ten thousand steps until the statistics are the data's")
NEEDS = (
    "the validation loss was above a constant's all along: running statistics, overfitting, other "
    "data, or a loss on another scale; whether a training batch is known again in eval mode "
    f"decides: {PROBE_CALL}, or lossmon run --probe"
)


def check(facts: Facts) -> Outcome:
    """Fire where statistics are taken over two values, or those of evaluation are far off."""
    if not facts.layers.infos:
        return Skipped("no layers recorded")
    infos = facts.layers.infos
    norms = [info for info in infos if "BatchNorm" in info.kind or "values" in info.settings]
    taking = [info for info in norms if info.settings.get("values", 0) > 0]
    few = [i for i in taking if behind(facts, i) <= VALUES.value]
    if few:
        return Found("error", facts.first_step, (values_evidence(facts, few),), _names(few))
    if facts.n_steps < SETTLED:
        return Skipped(f"{plural(facts.n_steps, 'step')} seen, {SETTLED} needed")
    grouped = tuple(of_one_kind(facts)) if taking else ()
    if grouped:
        return Found("warning", facts.first_step, grouped, _names(taking))
    scarce = _scarce(facts, taking) if taking else None
    return scarce if scarce is not None else _in_eval_mode(facts, norms, taking)


def _scarce(facts: Facts, taking: Sequence[LayerInfo]) -> Found | None:
    """Too few values, or examples: what they have in common is lost."""
    noisy = [i for i in taking if behind(facts, i) <= FEW.value]
    taken, values = noisy or taking, [values_evidence(facts, noisy)] if noisy else []
    if learns_little(facts):
        proofs = values or [*of_one_or_two(facts, taken)]
        shared = [] if proofs else [*shared_error(facts)]
        if proofs or shared:
            seen = (*proofs, *shared, learnt_little(facts))
            severity: Severity = "warning" if proofs or is_told(facts) else "info"
            return Found(severity, facts.first_step, seen, _names(taken))
    common = [] if neighbours_are_alike(order(facts)) else [*levelled(facts, few=bool(noisy))]
    if not common:
        return None
    sure = common[0].observed >= COMMON.value and is_told(facts)
    seen = (*values, *common)
    return Found("warning" if sure else "info", facts.first_step, seen, _names(taken))


def _in_eval_mode(facts: Facts, norms: Sequence[LayerInfo], taking: Sequence[LayerInfo]) -> Outcome:
    """Eval mode is off by far: by a momentum, or where each batch is of its own kind."""
    odd = [info for info in norms if _is_odd(info)]
    gap = tuple(probed(facts))
    if odd:
        gap = gap or tuple(validated(facts))
        seen = (_momentum(facts, odd), *gap)
        return Found("warning" if gap else "info", facts.first_step, seen, _names(odd))
    if not taking or any(info.settings.get("p", 0) for info in facts.layers.infos):
        return CLEAR
    gap = gap or never_valid(facts)
    if not gap:
        return CLEAR
    mixed = tuple(by_kind(facts))
    if mixed or facts.probe(PROBE) is not None:
        return Found("warning", facts.window[0], (*gap, *mixed), _names(taking))
    return Undecided(NEEDS)


def _is_odd(info: LayerInfo) -> bool:
    momentum = info.settings.get("momentum")
    return momentum is not None and not NEVER.value < momentum < LAST_ONLY.value


def _names(infos: Sequence[LayerInfo]) -> tuple[str, ...]:
    return tuple(info.name for info in infos)


def _momentum(facts: Facts, odd: Sequence[LayerInfo]) -> Evidence:
    momentum = odd[0].settings["momentum"]
    is_last = momentum >= LAST_ONLY.value
    limit = LAST_ONLY if is_last else NEVER
    whose = "those of the last batch" if is_last else "never those of the data"
    reads = f"with momentum {fmt(momentum)} the statistics for evaluation are {whose}"
    first, last = facts.first_step, facts.last_step
    return Evidence("momentum", first, last, momentum, limit.value, reads, limit.source)


def _with(**settings: float) -> tuple[LayerInfo, ...]:
    norm = LayerInfo(
        "1", "BatchNorm1d", "relu", settings={"momentum": 0.1, "eps": 1e-5, **settings}
    )
    return (LAYERS[0], norm, *LAYERS[1:])


def _batches_of_one_kind(
    most: float = 60.0,
    least: float = 4.0,
    *,
    loss: Any = None,
    follows: bool = False,
    told: bool = False,
    values: float = 64.0,
) -> Any:
    ones = np.where(np.random.default_rng(4).random(300) < 0.5, most, least)
    counts = dict.fromkeys(LABEL_COUNTS, 0.0 * ones)
    counts |= {LABEL_COUNTS[0]: ones, LABEL_COUNTS[1]: 64 - ones}
    guesses = ones if follows else np.full(300, ones.mean())
    counts |= {**dict.fromkeys(PREDICTED_COUNTS, 0.0 * ones), PREDICTED_COUNTS[0]: guesses}
    counts |= {PREDICTED_COUNTS[1]: 64 - guesses}
    sizes = {BATCH_SIZE: 64.0, TARGET_COUNT: 64.0, INPUT_MEAN: ones if told else 0.0}
    losses = synth.flat(300) if loss is None else loss
    return synth.run(loss=losses, layers=_with(values=values), total={**counts, **sizes})


def _never_valid() -> Any:
    return synth.run(
        loss=synth.falling(300, end=0.1),
        layers=_with(values=64.0),
        scalar={VAL_LOSS: np.where(np.arange(300) % 20 == 19, 4.0, np.nan)},
        total={INPUT_MEAN: np.where(np.arange(300) % 2, 3.0, -3.0)},
    )


def _probe(train: Any, without: Any) -> Mark:
    detail = {"probe": PROBE, "train_loss": train, "eval_loss": without}
    return Mark(299, 30.0, signals.PROBE, detail)


RULE = Rule(
    id="batchnorm-misuse",
    claim="Batch statistics are meaningless.",
    stage="regulariser",
    needs=(LOSS,),
    min_steps=20,
    check=check,
    thresholds={
        "values": VALUES,
        "few": FEW,
        "examples": EXAMPLES,
        "explained": EXPLAINED,
        "kinds": KINDS,
        "hidden": HIDDEN,
        "strays": STRAYS,
        "half": HALF,
        "sure": SIGNIFICANT,
        "at_prior": AT_PRIOR,
        "last_only": LAST_ONLY,
        "never": NEVER,
        "gap": GAP,
        "learnt": LEARNT,
        "part": PART,
        "common": COMMON,
        "left": LEFT,
        "follows": FOLLOWS,
        "along": ALONG,
        "varies": VARIES,
        "told": TOLD,
        "by_chance": BY_CHANCE,
    },
    explains=(
        "vanishing-gradient",
        "exploding-gradient",
        "no-signal",
        "lr-too-low",
        "batch-too-small",
        "dead-relu",
    ),
    while_improving="keep",
    fixes=(
        "Give each batch 16 examples or more, with drop_last=True for the rest of an epoch.",
        "Mix users, classes or campaigns in each batch: DataLoader(shuffle=True).",
        "Replace BatchNorm by nn.GroupNorm or nn.LayerNorm, which do not look at the batch.",
        "Leave momentum at 0.1: in PyTorch it is the weight of the new batch, not of the old ones.",
    ),
    confusables={
        "batch-too-small": "there the gradient is noisy, and reaches every layer",
        "overfitting": "there a batch of the training data has a low loss in eval mode",
        "label-noise": "there mean predictions follow mean targets, as far as inputs tell of them",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "two values behind each statistic",
            lambda: synth.run(loss=synth.flat(300, at=2.1), layers=_with(values=2.0)),
            culprits=("1",),
        ),
        Case(
            "four values behind each statistic, and little learnt",
            lambda: synth.run(loss=synth.flat(300, at=2.1), layers=_with(values=4.0)),
            culprits=("1",),
        ),
        Case(
            "functional batch norm behind a layer, over two values",
            lambda: synth.run(
                loss=synth.flat(300, at=2.1),
                layers=(LayerInfo("0", "Linear", settings={"values": 2.0}), *LAYERS[1:]),
            ),
            culprits=("0",),
        ),
        Case(
            "a graph of twenty nodes a step, and nothing learnt of graphs",
            lambda: synth.run(
                loss=synth.flat(300, at=2.1), layers=_with(values=20.0), total={TARGET_COUNT: 1.0}
            ),
            culprits=("1",),
        ),
        Case("batches of one kind each, at the prior", _batches_of_one_kind, culprits=("1",)),
        Case(
            "batches of a kind that is clicked often or seldom, at the prior",
            lambda: _batches_of_one_kind(24.0, 6.0),
            culprits=("1",),
        ),
        Case(
            "batches of one kind each, told from each other within, and no more than that",
            lambda: _batches_of_one_kind(loss=synth.flat(300, at=1.4), told=True),
            culprits=("1",),
        ),
        Case(
            "the same, of inputs that do not tell of it: for information",
            lambda: _batches_of_one_kind(loss=synth.flat(300, at=1.4)),
            culprits=("1",),
        ),
        Case(
            "batches of two kinds of inputs in turns, and a validation that never fits",
            _never_valid,
            culprits=("1",),
        ),
        Case(
            "running statistics of the last batch, and a high validation loss",
            lambda: synth.run(layers=_with(momentum=0.99), scalar={VAL_LOSS: 2.0}),
            culprits=("1",),
        ),
        Case(
            "running statistics that are never updated",
            lambda: synth.run(layers=_with(momentum=0.0)),
            culprits=("1",),
        ),
        Case(
            "a training batch that is not known again in eval mode",
            lambda: synth.run(layers=_with(values=64.0), marks=(_probe(0.4, 2.2),)),
            culprits=("1",),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "four values behind each statistic, and most of the loss explained",
            lambda: synth.run(loss=synth.flat(300, at=0.4), layers=_with(values=4.0)),
        ),
        Case(
            "a graph of twenty nodes a step, and most of the loss explained",
            lambda: synth.run(
                loss=synth.flat(300, at=0.4), layers=_with(values=20.0), total={TARGET_COUNT: 1.0}
            ),
        ),
        Case("usual batch normalisation", lambda: synth.run(layers=_with(values=64.0))),
        Case(
            "a first batch of two, and larger ones after it",
            lambda: synth.run(
                layers=_with(values=2.0), total={BATCH_SIZE: np.array([2.0] + [64.0] * 299)}
            ),
        ),
        Case(
            "batches that differ by chance, at the prior",
            lambda: _batches_of_one_kind(19.0, 13.0),
        ),
        Case(
            "batches of one kind each that predictions follow",
            lambda: _batches_of_one_kind(loss=synth.flat(300, at=1.4), follows=True),
        ),
        Case(
            "batches of one kind each, at the prior, and statistics that are frozen",
            lambda: _batches_of_one_kind(values=0.0),
        ),
        Case(
            "batches of one kind each, at the prior, and predictions that stray",
            lambda: _batches_of_one_kind(follows=True),
        ),
        Case(
            "batches of one kind each, and a loss that falls",
            lambda: _batches_of_one_kind(loss=synth.falling(300, end=1.0)),
        ),
        Case(
            "a first graph of two nodes, and others of twenty",
            lambda: synth.run(
                layers=_with(values=2.0),
                total={BATCH_SIZE: np.random.default_rng(6).integers(2, 40, 300).astype(float)},
            ),
        ),
        Case("statistics that are frozen", lambda: synth.run(loss=synth.flat(300), layers=_with())),
        Case(
            "a validation loss above the training loss, with usual statistics",
            lambda: synth.run(layers=_with(values=64.0), scalar={VAL_LOSS: 2.0}),
        ),
        Case(
            "a probe that says nothing that can be read",
            lambda: synth.run(layers=_with(values=64.0), marks=(_probe(None, "high"),)),
        ),
    ),
)
