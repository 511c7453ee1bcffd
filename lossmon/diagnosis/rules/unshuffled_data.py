"""Batches arrive sorted by label.

Sees
    The labels of the batches that were looked at: how many classes a batch holds against how many
    it would hold if drawn at random, and whether batches in a row hold the same ones. Of targets
    that are values, their means.

Why the loss stalls
    Each batch pulls the model towards the class that it consists of, and away from those that it
    learnt before: the loss falls within a class and jumps with the next, epoch after epoch.

Fix
    Shuffle the training set anew in every epoch.

Not to be confused with
    Time series and play, where neighbours are alike by nature, and the loss falls all the same.
    A curriculum, which goes from class to class on purpose, once.
    batch-too-small: there batches hold few classes too, but not the same ones in a row.

Sources
    Expected entropy of a batch drawn at random: the binomial distribution.
    Bengio 2012, Practical recommendations, section 3.1.2: examples in random order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import LABEL_COUNTS, TARGET_MEAN, TARGET_STD
from lossmon.diagnosis import synth
from lossmon.diagnosis.batchorder import Order, order
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence, Severity
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt, plural
from lossmon.signals import LOSS, Signal

Floats = NDArray[np.float64]

SORTED = Threshold(
    0.5, "of the targets' variety", "half between the 0 of random order and the 1 of sorted data"
)
ALIKE = Threshold(
    0.3, "of the targets", "what two batches in a row have in common beyond any two of the run"
)
TEETH = Threshold(0.3, "", "losses of batches drawn at random are independent: 0 +- 0.07 of 200")
PEAKS = Threshold(
    0.5,
    "of the first half's",
    "what is learnt and kept halves the loss; what is forgotten does not",
)
BATCHES = 8


def check(facts: Facts) -> Outcome:
    """Fire where most of the variety lies between batches, and neighbours are alike."""
    found = order(facts)
    if found is None:
        return Skipped("the targets of batches are not recorded, or are all alike")
    if len(found.steps) < BATCHES:
        return Skipped(f"{plural(len(found.steps), 'batch', 'batches')} looked at, 8 needed")
    if not found.sorted_share > SORTED.value:
        return CLEAR
    if np.isnan(found.neighbours):
        return Skipped("no batches in a row were looked at")
    if not found.neighbours > found.others + ALIKE.value:
        return CLEAR
    teeth = _saw_teeth(facts)
    # A model that does not follow its batches is not held up by their order. Values that follow
    # each other may be a series in time.
    held_up = bool(teeth) and (found.classes > 0 or not facts.is_improving)
    severity: Severity = "warning" if held_up else "info"
    return Found(severity, int(found.steps[0]), (*_evidence(found), *teeth))


def _saw_teeth(facts: Facts) -> tuple[Evidence, ...]:
    """Return that neighbouring losses stand high and low together, with peaks that stay; or none.

    Where the peaks get lower, what was learnt is kept.
    """
    losses = facts.window_losses[np.isfinite(facts.window_losses)]
    off = losses - losses.mean() if len(losses) > 2 else np.zeros(0)
    if not len(off) or not np.square(off).sum() > 0:
        return ()
    together = float((off[1:] * off[:-1]).sum() / np.square(off).sum())
    if not (together > TEETH.value and _peaks(facts) > PEAKS.value):
        return ()
    first, last = facts.loss_window
    low, high = float(losses.min()), float(losses.max())
    reads = f"the loss goes up and down in saw-teeth, between {fmt(low, 3)} and {fmt(high, 3)}; "
    reads += f"losses in a row correlate ({fmt(together, 2)})"
    return (Evidence(LOSS.name, first, last, together, TEETH.value, reads, TEETH.source),)


def _peaks(facts: Facts) -> float:
    """Return how high the loss's peaks are in the second half of the run, against the first."""
    finite = facts.losses[np.isfinite(facts.losses)]
    early, late = np.array_split(finite, 2)
    if not len(early) or not len(late):
        return float("nan")
    return float(np.quantile(late, 0.95) / max(float(np.quantile(early, 0.95)), 1e-30))


def _evidence(found: Order) -> tuple[Evidence, ...]:
    first, last = int(found.steps[0]), int(found.steps[-1])
    tag = LABEL_COUNTS[0].name if found.classes else TARGET_MEAN.name
    if found.classes:
        reads = f"a batch holds {plural(round(found.typical), 'class', 'classes')} of "
        reads += f"{found.classes} as a rule"
    else:
        reads = f"{100 * found.sorted_share:.0f} % of the targets' variance lies between batches"
    alike = f"two batches in a row have {100 * found.neighbours:.0f} % in common, "
    alike += f"any two of the run {100 * found.others:.0f} %"
    return (
        Evidence(
            tag,
            first,
            last,
            found.sorted_share,
            SORTED.value,
            reads,
            SORTED.source,
            f"{fmt(SORTED.value)} of the variety between batches" if found.classes else "50 %",
        ),
        Evidence(
            tag,
            first,
            last,
            found.neighbours,
            found.others + ALIKE.value,
            alike,
            ALIKE.source,
            f"{100 * (found.others + ALIKE.value):.0f} %",
        ),
    )


def _labels(classes: list[int]) -> dict[Signal, Floats]:
    """Return the counts of batches of 64, each of one class."""
    one_hot = 64.0 * np.eye(len(LABEL_COUNTS))[classes]
    return {signal: one_hot[:, i] for i, signal in enumerate(LABEL_COUNTS)}


_IN_TURN = [step // 20 % 10 for step in range(300)]
_AT_RANDOM = list(np.random.default_rng(4).integers(10, size=300))
_NO_LABELS = dict.fromkeys(LABEL_COUNTS, np.nan)
_SAWTOOTH = synth.flat(300) + 0.3 * (np.arange(300) % 20 < 4)

RULE = Rule(
    id="unshuffled-data",
    claim="Batches arrive sorted by label.",
    stage="data",
    needs=(LOSS,),
    min_steps=50,
    check=check,
    thresholds={"sorted": SORTED, "alike": ALIKE, "teeth": TEETH, "peaks": PEAKS},
    explains=("lr-too-high", "no-signal", "class-imbalance", "exploding-gradient"),
    while_improving="keep",
    fixes=(
        "Pass shuffle=True to the DataLoader of the training set.",
        "Shuffle the files or rows once before training where the data set is streamed.",
        "Check that a sampler of your own, or groupby, does not hand out class after class.",
    ),
    confusables={
        "batch-too-small": "there batches in a row do not hold the same classes",
        "class-imbalance": "there all batches hold the same few classes",
    },
    doc=__doc__ or "",
    fires=(
        Case(
            "one class after the other, and a loss in saw-teeth",
            lambda: synth.run(loss=_SAWTOOTH, total=_labels(_IN_TURN)),
        ),
        Case(
            "values in ascending order, epoch after epoch",
            lambda: synth.run(
                loss=_SAWTOOTH,
                total={
                    **_NO_LABELS,
                    TARGET_MEAN: np.arange(300) % 100 / 30,
                    TARGET_STD: 0.05,
                },
            ),
        ),
    ),
    silent=(
        Case("a healthy run", synth.run),
        Case(
            "batches of one class each, in random order",
            lambda: synth.run(total=_labels(_AT_RANDOM)),
        ),
        Case(
            "values that are drawn at random",
            lambda: synth.run(
                total={
                    **_NO_LABELS,
                    TARGET_MEAN: np.random.default_rng(6).normal(0, 0.2, 300),
                    TARGET_STD: 1.0,
                }
            ),
        ),
        Case(
            "labels of one class",
            lambda: synth.run(total=_labels([3] * 300)),
        ),
    ),
)
