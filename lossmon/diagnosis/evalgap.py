"""How much worse a model does by its running statistics than by those of a batch: in eval mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lossmon.batchsignals import BATCH_SIZE, INPUT_MEAN, INPUT_STD
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import NEARLY
from lossmon.diagnosis.progress import EXPLAINED
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.stats import finite_mean, finite_median, logged_number, ratio
from lossmon.diagnosis.validation import FEW, recorded
from lossmon.numfmt import fmt
from lossmon.signals import VAL_LOSS

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

GAP = Threshold(2.0, "times the loss in train mode", "calibration: at most 1.1 in healthy runs")
LOST = Threshold(
    0.25, "of the prior's loss", "calibration: at most 0.04 in healthy runs, 0.28-20 in faulty ones"
)
PART = Threshold(0.1, "of the prior's loss", "less than a tenth of what there is to learn")
KINDS = Threshold(
    0.2, "of the variety", "between batches; of batches drawn at random it is 0 +- 0.05"
)
PROBE = "train-eval"
LEARNT = Threshold(0.5, "of the first validation loss", "by definition: it has come half the way")
SETTLED = 100
"""Before so many steps little is learnt in any case, and running statistics are far behind."""
BATCHES = 16
"""With fewer batches looked at it is not known how they differ."""


def probed(facts: Facts) -> Iterator[Evidence]:
    """The probe has seen one batch in both modes."""
    found = facts.probe(PROBE)
    if found is None:
        return
    train, without = logged_number(found.get("train_loss")), logged_number(found.get("eval_loss"))
    reads = f"the same batch has a loss of {fmt(train, 3)} in train mode and of "
    reads += f"{fmt(without, 3)} in eval"
    lost = train + LOST.value * facts.level.prior
    limit = float(np.fmin(_limit(facts, train), lost))
    source = LOST.source if limit == lost else GAP.source
    if train > 0 and without > limit:
        first, last = facts.window
        yield Evidence("train_eval_probe", first, last, without, limit, reads, source)


def validated(facts: Facts) -> Iterator[Evidence]:
    """The validation loss is high; overfitting and other data bring that too."""
    _, losses = recorded(facts.run)
    if not len(losses) or facts.probe(PROBE) is not None:
        return
    train, without = facts.recent_loss, float(losses[-1])
    reads = f"the validation loss is {fmt(without, 3)} where the training loss is {fmt(train, 3)}"
    limit = _limit(facts, train)
    if train > 0 and without > limit:
        first, last = facts.window
        yield Evidence(VAL_LOSS.name, first, last, without, limit, reads, GAP.source)


def better_without(facts: Facts) -> Iterator[Evidence]:
    """The probe has seen one batch do far better in eval mode: its own statistics spoil it.

    Dropout does so, too; who asks has to know that there is none. A tenth of what is left to learn
    is no matter, nor is what is left where nearly all is learnt.
    """
    found, level = facts.probe(PROBE), facts.level
    if found is None or level.explained >= NEARLY.value:
        return
    train, without = logged_number(found.get("train_loss")), logged_number(found.get("eval_loss"))
    limit = max(GAP.value * without, without + PART.value * facts.recent_loss)
    if without >= 0 and train > limit:
        reads = f"the same batch has a loss of {fmt(train, 3)} by its own statistics, and of "
        reads += f"{fmt(without, 3)} by the running ones, in eval mode"
        first, last = facts.window
        yield Evidence("train_eval_probe", first, last, train, limit, reads, GAP.source)


def never_valid(facts: Facts) -> tuple[Evidence, ...]:
    """The validation loss was above a constant's all along, though training explains the half."""
    (_, losses), level = recorded(facts.run), facts.level
    if len(losses) < FEW or not level.explained >= EXPLAINED.value:
        return ()
    return tuple(validated(facts)) if losses.min() > level.prior else ()


def by_kind(facts: Facts) -> Iterator[Evidence]:
    """Batches differ by what the model is given: running statistics are those of no batch.

    Nothing is said where the validation loss has halved: it may be on another scale, as a sum is.
    """
    _, losses = recorded(facts.run)
    if len(losses) and losses.min() < LEARNT.value * losses[0]:
        return
    steps, means = facts.batches.measured(INPUT_MEAN)
    spreads, sizes = (facts.total(signal, steps) for signal in (INPUT_STD, BATCH_SIZE))
    if len(steps) < BATCHES:
        return
    between, within = means.var(), finite_mean(np.square(spreads))
    # Of n examples drawn at random 1/n lies between batches by definition.
    drawn = ratio(np.array([between, 1.0]), np.array([between + within, finite_median(sizes)]))
    share = float(drawn[0] - drawn[1])
    if share > KINDS.value:
        reads = f"{fmt(100 * share, 2)} % of the inputs' variety lies between batches: running "
        reads += "statistics mix what each batch in training is without"
        first, last, bound = int(steps[0]), int(steps[-1]), f"{fmt(100 * KINDS.value)} %"
        yield Evidence(INPUT_MEAN.name, first, last, share, KINDS.value, reads, KINDS.source, bound)


def _limit(facts: Facts, train: float) -> float:
    """Return which loss is too high to be that of `train` for chance."""
    prior = float(np.nan_to_num(facts.level.prior, nan=0.0))
    return max(GAP.value * train, train + PART.value * prior)
