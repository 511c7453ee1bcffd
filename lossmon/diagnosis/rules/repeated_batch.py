"""Every step sees the same batch.

Sees
    A fingerprint of inputs and targets, which is the same at every step that was looked at, the
    number of examples in a batch, and the validation loss where there is one.

Why the loss stalls
    One batch is learnt by heart within a few hundred steps, and from then on there is nothing to
    learn: the training loss is near 0, and all other data is as hard as it was.

Fix
    Take the next batch of the loader in every step.

Not to be confused with
    Training on the whole set at every step, which is healthy: the batch is then large and of no
    round size, or is all there is, and validation goes with training.
    Overfitting one batch on purpose, to test a model: then this is no news.
    overfitting: there the examples are few, but not one batch.

Sources
    Equal fingerprints mean equal batches almost surely: a product with a fixed random vector.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import BATCH_SIZE, INPUT_PRINT, TARGET_PRINT
from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.diagnosis.validation import recorded, validation
from lossmon.numfmt import fmt, plural
from lossmon.signals import LOSS, VAL_LOSS

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

SAME = Threshold(1e-6, "of the fingerprint", "float32 keeps seven digits")
BATCHES = Threshold(8, "batches", "the first eight sampled steps of every run are looked at")
EXAMPLES = Threshold(
    64, "examples", "the usual sizes of a batch end here; whole sets of so few are rare"
)
LOADED = Threshold(
    512, "examples", "Keskar et al. 2017: usual batches are of 32 to 512, by habit powers of two"
)
BEHIND = Threshold(
    5.0, "times the training loss", "calibration: 1000 with one batch, at most 2.5 with fresh ones"
)
GAINED = Threshold(0.5, "of the first validation loss", "half of it gone: other data is learnt too")
LEARNT = Threshold(0.5, "of the first loss", "half of it gone: the batch is being learnt")


def check(facts: Facts) -> Outcome:
    """Fire where all batches since some step are one; above info where other data goes unlearnt."""
    same = _same(facts)
    if same is None:
        return CLEAR
    if len(same) < BATCHES.value:
        return Skipped(f"{plural(len(same), 'batch', 'batches')} in a row alike, 8 needed")
    size = _size(facts)
    if not _is_a_batch(size):
        return CLEAR
    first, last = int(same[0]), int(same[-1])
    if first == facts.batches.measured(INPUT_PRINT)[0][0]:
        first = facts.first_step  # the model is known only from its first step on
    reads = f"one batch of {size:.0f} examples came at all {len(same)} steps that were looked at"
    alike = Evidence(INPUT_PRINT.name, first, last, len(same), BATCHES.value, reads, SAME.source)
    others = _others(facts)
    if others is None:
        return Found("info", first, (alike,))
    return Found("warning", first, (alike, others))


def _same(facts: Facts) -> Steps | None:
    """Return the steps from which on all batches are alike, up to the last; None for others."""
    steps, prints = facts.batches.measured(INPUT_PRINT)
    targets = facts.total(TARGET_PRINT, steps)
    if len(prints) < 2:
        return steps
    differs = _differs(prints) | _differs(targets)
    begin = int(np.flatnonzero(differs)[-1]) + 1 if differs.any() else 0
    return None if begin == len(steps) - 1 else steps[begin:]


def _differs(prints: Floats) -> NDArray[np.bool_]:
    """Return which prints are another than the last one; those that are not known are not."""
    last = prints[-1]
    return np.asarray(np.abs(prints - last) > SAME.value * max(abs(last), 1e-30))


def _size(facts: Facts) -> float:
    sizes = facts.batches.newest(BATCH_SIZE)[1]
    return float(np.median(sizes)) if len(sizes) else float("nan")


def _is_a_batch(size: float) -> bool:
    """Return whether so many examples are a batch rather than a whole set."""
    if size <= EXAMPLES.value:
        return True
    return size <= LOADED.value and size.is_integer() and int(size).bit_count() == 1


def _others(facts: Facts) -> Evidence | None:
    """Return that data which is not in the batch stays unlearnt; None where that is not known.

    A set of few examples may be all there is, and trained on as a whole; that is told by
    validation, which goes with it.
    """
    steps, values = recorded(facts.run)
    losses = facts.recent_losses[np.isfinite(facts.recent_losses)]
    if len(values) < 2 or not len(losses):
        return None
    train, now, first = float(np.median(losses)), float(np.median(values[-3:])), float(values[0])
    course = validation(facts.run)
    unlearnt = now > GAINED.value * first or (course is not None and course.has_turned)
    learnt = train < LEARNT.value * facts.first_loss
    if not (learnt and unlearnt and now > BEHIND.value * max(train, 0.0)):
        return None
    reads = f"the training loss is {fmt(train, 3)}, that of other data, in validation, "
    reads += f"{fmt(now, 3)}"
    limit = BEHIND.value * train
    return Evidence(VAL_LOSS.name, int(steps[0]), int(steps[-1]), now, limit, reads, BEHIND.source)


_ONE = {INPUT_PRINT: 0.7, TARGET_PRINT: -1.3, BATCH_SIZE: 32}
_STUCK_VALIDATION = {VAL_LOSS: np.where(np.arange(300) % 50 == 49, synth.PRIOR, np.nan)}

RULE = Rule(
    id="repeated-batch",
    claim="Every step sees the same batch.",
    stage="data",
    needs=(LOSS, INPUT_PRINT, BATCH_SIZE),
    min_steps=20,
    check=check,
    thresholds={
        "same": SAME,
        "batches": BATCHES,
        "examples": EXAMPLES,
        "loaded": LOADED,
        "behind": BEHIND,
        "gained": GAINED,
        "learnt": LEARNT,
    },
    explains=("overfitting",),
    while_improving="keep",
    fixes=(
        "Write `for x, y in loader:` around the step; `next(iter(loader))` begins anew every time.",
        "Check that the index of the batch moves on, and that the data set does not always "
        "return its first item.",
        "If these examples are all there are, get more; if one batch is overfitted on purpose, "
        "that is what happens.",
    ),
    confusables={"overfitting": "there the examples are few, but more than one batch"},
    doc=__doc__ or "",
    fires=(
        Case(
            "one batch of 32, learnt by heart, and validation as at first",
            lambda: synth.run(
                loss=synth.falling(300, end=0.01), total=_ONE, scalar=_STUCK_VALIDATION
            ),
        ),
        Case(
            "one batch of 128, learnt by heart, and validation as at first",
            lambda: synth.run(
                loss=synth.falling(300, end=0.01),
                total={**_ONE, BATCH_SIZE: 128},
                scalar=_STUCK_VALIDATION,
            ),
        ),
        Case("one batch of 32 and no validation: for information", lambda: synth.run(total=_ONE)),
        Case(
            "a loader that gets stuck after a hundred steps",
            lambda: synth.run(
                total={
                    BATCH_SIZE: 32,
                    INPUT_PRINT: np.where(np.arange(300) < 100, np.arange(300), 0.5),
                    TARGET_PRINT: 0.1,
                }
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "the whole set of 300 at every step, and validation that turns",
            lambda: synth.run(
                loss=synth.falling(300, end=0.01),
                total={**_ONE, BATCH_SIZE: 300},
                scalar=_STUCK_VALIDATION,
            ),
        ),
        Case(
            "the same inputs with other targets",
            lambda: synth.run(total={INPUT_PRINT: 0.7, BATCH_SIZE: 32}),
        ),
        Case(
            "a cycle of four batches",
            lambda: synth.run(
                total={
                    INPUT_PRINT: np.arange(300) % 4,
                    TARGET_PRINT: np.arange(300) % 4,
                    BATCH_SIZE: 32,
                }
            ),
        ),
    ),
)
