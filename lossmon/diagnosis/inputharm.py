"""What inputs on an unusual scale do to the layer that takes them in: proofs that they do harm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lossmon.batchsignals import PREDICTION_MEAN, PREDICTION_STD, TARGET_MEAN, TARGET_STD
from lossmon.diagnosis.entry import Entry
from lossmon.diagnosis.facts import EARLY_ROWS, Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.level import AT_PRIOR
from lossmon.diagnosis.pinned import INSIDE
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.scales import pooled
from lossmon.diagnosis.stats import median_of_columns
from lossmon.layersignals import SATURATED_SHARE, STD_IN, STD_OUT, UNIT_STD
from lossmon.numfmt import fmt
from lossmon.signals import CLASS_COUNT, GRAD_NORM, LOSS, TOTAL_UPDATE_RATIO, Signal

FIRST_LOSS = Threshold(2.0, "times the prior's loss", "TheDeepChecker: initial loss beyond 2 ln K")
SPIKE = Threshold(0.3, "of the weights", "toy runs: 0.06 at most in healthy ones, see lr-too-high")
OUTPUTS = Threshold(
    10.0, "times the targets'", "an untrained model is about as wide: init-too-large"
)
MOVES = Threshold(1e-4, "of the weights", "TheDeepChecker: update ratios below 10^-4 are too small")
SHARE = Threshold(10.0, "times the others'", "toy runs: 31 with inputs of 300, 0.6-1.7 in healthy")
PINNED = Threshold(0.5, "of the units", "DeepDiagnosis: more than half beyond 5")
GATES = Threshold(7.4, "", "half of a normal number's values lie beyond 0.67 std: beyond 5 here")
SAME = Threshold(
    0.1, "of the outputs' std", "nine tenths of the output are the same for all inputs"
)

RECURRENT = ("LSTM", "GRU")


def _first_loss(facts: Facts, place: Entry) -> Evidence | None:
    prior, start = facts.level.prior, facts.first_loss
    is_classes = len(facts.batches.measured(CLASS_COUNT)[0]) > 0
    if not is_classes or not prior > 0 or not start > FIRST_LOSS.value * prior:
        return None
    reads = f"the first loss is {fmt(start, 3)}, where knowing nothing costs {fmt(prior, 3)}"
    at, limit = facts.first_step, FIRST_LOSS.value * prior
    return Evidence(LOSS.name, at, at, start, limit, reads, FIRST_LOSS.source)


def _first_outputs(facts: Facts, place: Entry) -> Evidence | None:
    """Of a regression: outputs that are out of all proportion before anything was learned."""
    measured = facts.batches.measured
    means, stds = measured(PREDICTION_MEAN)[1][:1], measured(PREDICTION_STD)[1][:1]
    given, made = (
        pooled(means, stds).size,
        pooled(measured(TARGET_MEAN)[1], measured(TARGET_STD)[1]),
    )
    if not made.size > 0 or not given > OUTPUTS.value * made.size:
        return None
    reads = f"the first outputs measure {fmt(given, 3)}, where targets measure {fmt(made.size, 3)}"
    at, limit = facts.first_step, OUTPUTS.value * made.size
    return Evidence(PREDICTION_STD.name, at, at, given, limit, reads, OUTPUTS.source)


def _spike(facts: Facts, place: Entry) -> Evidence | None:
    early = facts.update_ratios[:EARLY_ROWS]
    early = np.where(np.isnan(early), 0.0, early)
    if not len(early) or not early.max() > SPIKE.value:
        return None
    at = facts.sampled_steps[facts.run_rows[: len(early)]]
    worst, bound = float(early.max()), f"{fmt(100 * SPIKE.value)} %"
    reads = f"one of the first steps changed the weights by {fmt(100 * worst, 3)} % of their norm"
    tag = TOTAL_UPDATE_RATIO.name
    return Evidence(tag, int(at[0]), int(at[-1]), worst, SPIKE.value, reads, SPIKE.source, bound)


def _gradient(facts: Facts, place: Entry) -> Evidence | None:
    rows = facts.run_rows[:EARLY_ROWS]
    norms = median_of_columns(facts.parameter(GRAD_NORM, facts.run_rows)[: len(rows)])
    own = np.array([p.name.rpartition(".")[0] == place.name for p in facts.parameters], bool)
    mine, others = norms[own & facts.matrices], norms[~own & facts.matrices]
    mine, others = mine[np.isfinite(mine)], others[np.isfinite(others) & (others > 0)]
    if not len(mine) or not len(others) or not mine.max() > SHARE.value * others.max():
        return None
    times = float(mine.max() / others.max())
    at = facts.sampled_steps[rows]
    reads = f"its gradient is {fmt(times, 3)} times the largest of any other layer"
    return Evidence(
        GRAD_NORM.name, int(at[0]), int(at[-1]), times, SHARE.value, reads, SHARE.source
    )


def _pinned(facts: Facts, place: Entry) -> Evidence | None:
    share = float(facts.layers.typical(SATURATED_SHARE, facts.layers.early)[place.row])
    if not share > PINNED.value:
        return None
    info = facts.layers.infos[place.row]
    pins = f"its outputs pin the {info.activation} that follows"
    if INSIDE in info.settings:
        pins = "what goes into its gates pins them"
    reads = f"{fmt(100 * share, 2)} % of {pins}"
    return _layer(facts, SATURATED_SHARE, share, PINNED, reads, f"{fmt(100 * PINNED.value)} %")


def _gated(facts: Facts, place: Entry) -> Evidence | None:
    """Of gates that were not looked at: what they get follows from the weights of their layer."""
    gains = facts.gains
    if isinstance(gains, str) or not any(kind in place.kind for kind in RECURRENT):
        return None
    own = np.array([p.name.startswith(f"{place.name}.weight_ih") for p in facts.parameters], bool)
    given = float(facts.layers.typical(STD_IN, facts.layers.early)[place.row])
    wide = float(np.nan_to_num(gains.values[own]).max(initial=0.0)) * given
    if not wide > GATES.value:
        return None
    reads = f"what goes into its gates spreads by {fmt(wide, 2)}, where a sigmoid is flat beyond 5"
    return _layer(facts, STD_IN, wide, GATES, reads, fmt(GATES.value))


def _drowned(facts: Facts, place: Entry) -> Evidence | None:
    early = facts.layers.early
    units, whole = (facts.layers.typical(s, early)[place.row] for s in (UNIT_STD, STD_OUT))
    share = float(units / whole) if whole > 0 else float("nan")
    if not share < SAME.value:
        return None
    reads = f"its outputs are nearly the same for every input: {fmt(100 * share, 2)} % of their "
    reads += "std comes from the inputs"
    return _layer(facts, UNIT_STD, share, SAME, reads, f"{fmt(100 * SAME.value)} %")


def _unread(facts: Facts, place: Entry) -> Evidence | None:
    """Nothing at all was learned of such inputs, though the weights move."""
    level, (first, last) = facts.level, facts.window
    moves = facts.motion.total_ratio >= MOVES.value and not facts.is_improving
    if not moves or not level.explained <= AT_PRIOR.value:
        return None
    reads = f"the loss is {fmt(level.loss, 3)}, where a constant prediction has "
    reads += fmt(level.prior, 3)
    tag, limit = LOSS.name, AT_PRIOR.value
    bound = fmt((1 - limit) * level.prior, 3)
    return Evidence(tag, first, last, level.explained, limit, reads, AT_PRIOR.source, bound)


def _layer(
    facts: Facts, signal: Signal, observed: float, limit: Threshold, reads: str, bound: str
) -> Evidence:
    steps = facts.layers.steps[facts.layers.early]
    first, last = int(steps[0]), int(steps[-1])
    return Evidence(signal.name, first, last, observed, limit.value, reads, limit.source, bound)


HARM: tuple[Callable[[Facts, Entry], Evidence | None], ...] = (
    _first_loss,
    _first_outputs,
    _spike,
    _gradient,
    _pinned,
    _gated,
    _drowned,
    _unread,
)
