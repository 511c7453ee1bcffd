"""Batch statistics are meaningless.

Sees
    How many values lie behind each statistic of a batch normalisation, of how many examples they
    are, and its momentum; whether each batch holds examples of one kind, so that what they have in
    common is taken away: then mean predictions stay where they are, and mean targets do not;
    whether a layer says one thing of a whole batch, as an embedding of its one user does, and a
    norm takes all of it away; whether the score itself is normalised, or all outputs, without
    weights; whether a frozen norm has statistics of another scale. Whether a batch is far worse in
    eval mode, or far better, where the probe tells, or the validation loss; and whether it can be
    learnt by heart, where nothing else is learnt. Where there is reason to fear so, or nothing is
    known of a loss that is stuck, a probe is asked for.

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
    Frozen statistics in fine-tuning: they are of similar data, and none is of a batch.
    unshuffled-data: there batches in a row are of the same kind, and the loss moves with them.
    label-noise, model-too-small: there predictions follow what a batch has in common, unless
    inputs do not tell of it. Where it is not known whether they do a probe is asked; where that
    sees no difference it is a note.

Sources
    By definition: two values less their mean, over their deviation, are +1 and -1. PyTorch
    documentation, "BatchNorm1d": momentum is the weight of the new value, elsewhere of the old one.
    Wu and He 2018, "Group Normalization", section 1: the error rises from batches of 8 downwards,
    by ten points at two images.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossmon.batchsignals import BATCH_SIZE, TARGET_COUNT
from lossmon.diagnosis import synth
from lossmon.diagnosis.apart import APART
from lossmon.diagnosis.batchstatistics import (
    EXAMPLES,
    FEW,
    VALUES,
    behind,
    learns_little,
    learnt_little,
    normed_by_batch,
    values_evidence,
)
from lossmon.diagnosis.evaldoubt import ALONE, doubted
from lossmon.diagnosis.evalgap import GAP, KINDS, LEARNT, LOST, PART, SETTLED, probed, validated
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.frozenstats import OFF, frozen_off
from lossmon.diagnosis.level import AT_PRIOR, BY_CHANCE
from lossmon.diagnosis.levelledout import OF_BATCHES
from lossmon.diagnosis.momenta import LAGS, LAST_ONLY, NEVER, is_odd, momentum_of
from lossmon.diagnosis.motion import SIGNIFICANT
from lossmon.diagnosis.normedoutput import SCORE, WEIGHTLESS, normed_output
from lossmon.diagnosis.onekind import HALF, HIDDEN, STRAYS, of_one_kind
from lossmon.diagnosis.onerow import ROW, VISITS
from lossmon.diagnosis.progress import EXPLAINED
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped
from lossmon.diagnosis.scarce import scarce
from lossmon.diagnosis.synthnorms import (
    batches_of_one_kind,
    never_validated,
    normed,
    of_four,
    of_one_user,
    of_pairs_by_user,
    of_two_forwards,
    ported,
    probed_in_both,
    scored,
    weightless,
)
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.diagnosis.unheard import unheard
from lossmon.numfmt import plural
from lossmon.records import LayerInfo
from lossmon.signals import LOSS, VAL_LOSS


def check(facts: Facts) -> Outcome:
    """Fire where statistics are taken over two values, or those of evaluation are far off."""
    if not facts.layers.infos:
        return Skipped("no layers recorded")
    infos = facts.layers.infos
    norms = [info for info in infos if "BatchNorm" in info.kind or "values" in info.settings]
    taking = normed_by_batch(facts)
    few = [i for i in taking if behind(facts, i) <= VALUES.value]
    if few:
        return Found("error", facts.first_step, (values_evidence(facts, few),), _names(few))
    if facts.n_steps < SETTLED:
        return Skipped(f"{plural(facts.n_steps, 'step')} seen, {SETTLED} needed")
    frozen = tuple(frozen_off(facts, norms))
    if frozen:
        return Found("warning", facts.first_step, frozen, _names(norms))
    grouped = tuple(of_one_kind(facts)) if taking else ()
    if grouped:
        return Found("warning", facts.first_step, grouped, _names(taking))
    lost = tuple(unheard(facts, taking)) if learns_little(facts, falls=True) else ()
    if lost:
        return Found("warning", facts.first_step, (*lost, learnt_little(facts)), _names(taking))
    output = tuple(normed_output(facts, taking))
    if output:
        return Found("warning", facts.first_step, output, _names(taking[-1:]))
    lacking = scarce(facts, taking) if taking else None
    if lacking is not None and lacking.severity != "info":
        return lacking
    running = _in_eval_mode(facts, norms, taking, lacking.evidence if lacking is not None else ())
    # A note gives way to what a probe has seen, or can see.
    return lacking if lacking is not None and running is CLEAR else running


def _in_eval_mode(
    facts: Facts,
    norms: Sequence[LayerInfo],
    taking: Sequence[LayerInfo],
    missing: tuple[Evidence, ...],
) -> Outcome:
    """Eval mode is off by far, or may be: by a momentum, or by what else `doubted` knows of."""
    odd = [info for info in norms if is_odd(info)]
    gap = tuple(probed(facts))
    if odd:
        gap = gap or tuple(validated(facts))
        seen = (momentum_of(facts, odd), *gap)
        return Found("warning" if gap else "info", facts.first_step, seen, _names(odd))
    return doubted(facts, taking, missing) if taking else CLEAR


def _names(infos: Sequence[LayerInfo]) -> tuple[str, ...]:
    return tuple(info.name for info in infos)


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
        "lags": LAGS,
        "gap": GAP,
        "learnt": LEARNT,
        "lost": LOST,
        "part": PART,
        **OF_BATCHES,
        "by_chance": BY_CHANCE,
        "score": SCORE,
        "weightless": WEIGHTLESS,
        "off": OFF,
        "apart": APART,
        "alone": ALONE,
        "row": ROW,
        "visits": VISITS,
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
        "Replace BatchNorm by nn.GroupNorm or nn.LayerNorm, which do not look at the batch; "
        "leave it out before the output.",
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
            lambda: synth.run(loss=synth.flat(300, at=2.1), layers=normed(values=2.0)),
            culprits=("1",),
        ),
        Case(
            "four values behind each statistic, and little learnt",
            lambda: synth.run(loss=synth.flat(300, at=2.1), layers=normed(values=4.0)),
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
                loss=synth.flat(300, at=2.1), layers=normed(values=20.0), total={TARGET_COUNT: 1.0}
            ),
            culprits=("1",),
        ),
        Case(
            "one picture a step, whose pixels are classified, and little learnt",
            lambda: synth.run(
                loss=synth.flat(300, at=2.1),
                layers=normed(values=400.0),
                total={TARGET_COUNT: 400.0, BATCH_SIZE: 1.0},
            ),
            culprits=("1",),
        ),
        Case(
            "a score that is normalised itself, and nothing learnt",
            lambda: synth.run(loss=synth.flat(300), layers=scored()),
            culprits=("5",),
        ),
        Case(
            "outputs that are normalised without weights, and worse than a constant",
            lambda: weightless(synth.flat(300, at=3.0)),
            culprits=("5",),
        ),
        Case(
            "scores of two forwards with one mean, of which no batch is learnt by heart",
            lambda: of_two_forwards(least=0.693),
            culprits=("5",),
        ),
        Case(
            "frozen statistics of another scale, behind which nothing is left",
            lambda: ported(synth.flat(300)),
            culprits=("1",),
        ),
        Case(
            "one user a batch, of whom features tell, and nothing is learnt but by heart",
            lambda: of_pairs_by_user(64.0),
            culprits=("1",),
        ),
        Case("one user a batch, whose row is normalised away", of_one_user, culprits=("1",)),
        Case("batches of one kind each, at the prior", batches_of_one_kind, culprits=("1",)),
        Case(
            "batches of a kind that is clicked often or seldom, at the prior",
            lambda: batches_of_one_kind(24.0, 6.0),
            culprits=("1",),
        ),
        Case(
            "batches of one kind each, told from each other within, and no more than that",
            lambda: batches_of_one_kind(loss=synth.flat(300, at=1.4), told=True),
            culprits=("1",),
        ),
        Case(
            "the same, of inputs that do not tell of it, alike in eval mode: for information",
            lambda: batches_of_one_kind(
                loss=synth.flat(300, at=1.4), marks=(probed_in_both(1.4, 1.4),)
            ),
            culprits=("1",),
        ),
        Case(
            "the same, and by running statistics one batch comes out otherwise",
            lambda: batches_of_one_kind(
                loss=synth.flat(300, at=1.4), marks=(probed_in_both(1.4, 0.3),)
            ),
            culprits=("1",),
        ),
        Case(
            "batches of two kinds of inputs in turns, and a validation that never fits",
            never_validated,
            culprits=("1",),
        ),
        Case(
            "running statistics that are mostly what they began with, and a validation never good",
            lambda: never_validated(kinds=False, momentum=0.002),
            culprits=("1",),
        ),
        Case(
            "four values behind each statistic, and a batch that is known better without them",
            lambda: of_four(probed_in_both(0.9, 0.1)),
            culprits=("1",),
        ),
        Case(
            "running statistics of the last batch, and a high validation loss",
            lambda: synth.run(layers=normed(momentum=0.99), scalar={VAL_LOSS: 2.0}),
            culprits=("1",),
        ),
        Case(
            "running statistics that are never updated",
            lambda: synth.run(layers=normed(momentum=0.0)),
            culprits=("1",),
        ),
        Case(
            "a training batch that is not known again in eval mode",
            lambda: synth.run(layers=normed(values=64.0), marks=(probed_in_both(0.4, 2.2),)),
            culprits=("1",),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "four values behind each statistic, most of the loss explained, and in eval mode too",
            lambda: of_four(probed_in_both(0.4, 0.45)),
        ),
        Case(
            "a graph of twenty nodes a step, most of the loss explained, and in eval mode too",
            lambda: of_four(probed_in_both(0.4, 0.45), values=20.0, total={TARGET_COUNT: 1.0}),
        ),
        Case(
            "one picture a step, and a loss that falls, in eval mode too",
            lambda: synth.run(
                loss=synth.falling(300, end=1.4),
                layers=normed(values=400.0),
                total={TARGET_COUNT: 400.0, BATCH_SIZE: 1.0},
                marks=(probed_in_both(1.5, 1.5),),
            ),
        ),
        Case(
            "a score that is normalised itself, and most of the loss explained",
            lambda: synth.run(layers=scored()),
        ),
        Case(
            "outputs that are normalised without weights, and most of the loss explained",
            lambda: weightless(synth.falling(300)),
        ),
        Case(
            "scores of two forwards, and a batch that is learnt by heart",
            lambda: of_two_forwards(least=0.02, fitted=True),
        ),
        Case("the same of users who are mixed", lambda: of_pairs_by_user(1.0)),
        Case("one user a batch, who is heard beside", lambda: of_one_user(heard=True)),
        Case("usual batch normalisation", lambda: synth.run(layers=normed(values=64.0))),
        Case(
            "a first batch of two, and larger ones after it",
            lambda: synth.run(
                layers=normed(values=2.0), total={BATCH_SIZE: np.array([2.0] + [64.0] * 299)}
            ),
        ),
        Case(
            "batches that differ by chance, at the prior",
            lambda: batches_of_one_kind(19.0, 13.0, marks=(probed_in_both(2.3, 2.3),)),
        ),
        Case(
            "batches of one kind each that predictions follow",
            lambda: batches_of_one_kind(loss=synth.flat(300, at=1.4), follows=True),
        ),
        Case(
            "batches of one kind each, at the prior, and statistics that are frozen",
            lambda: batches_of_one_kind(values=0.0),
        ),
        Case(
            "batches of one kind each, at the prior, and predictions that stray",
            lambda: batches_of_one_kind(follows=True, marks=(probed_in_both(2.3, 2.3),)),
        ),
        Case(
            "batches of one kind each, and a loss that falls",
            lambda: batches_of_one_kind(loss=synth.falling(300, end=1.0)),
        ),
        Case(
            "a first graph of two nodes, and others of twenty",
            lambda: synth.run(
                layers=normed(values=2.0),
                total={BATCH_SIZE: np.random.default_rng(6).integers(2, 40, 300).astype(float)},
            ),
        ),
        Case(
            "statistics that are frozen", lambda: synth.run(loss=synth.flat(300), layers=normed())
        ),
        Case("statistics of another scale, and most explained", lambda: ported(synth.falling(300))),
        Case(
            "a validation loss above the training loss, with usual statistics",
            lambda: synth.run(layers=normed(values=64.0), scalar={VAL_LOSS: 2.0}),
        ),
        Case(
            "a probe that says nothing that can be read",
            lambda: synth.run(layers=normed(values=64.0), marks=(probed_in_both(None, "high"),)),
        ),
    ),
)
