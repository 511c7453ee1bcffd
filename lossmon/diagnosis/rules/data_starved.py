"""Steps spend much of their time waiting for data.

Sees
    The time from the end of a step to the model's next forward, against the time of the whole step;
    on an NVIDIA GPU how much of the time it works.

Why the loss stalls
    It does not: it falls as it would, but later. A step that waits for its batch as long as it
    takes to learn from it lasts twice as long as it has to, and a GPU stands idle meanwhile.

Fix
    Load batches while the model learns: workers, pinned memory, prefetching. What is decoded anew
    in every epoch can be decoded once.

Not to be confused with
    A device that works while the loop waits: what a loop calls waiting may then be hidden behind
    the step before. Its utilisation tells; where it is not recorded, this is for information.
    Logging, checkpoints and evaluation between steps, which count as waiting where they come with
    most steps. Evaluation that runs the model is left out.
    Very short steps of small models, where the loader takes longer than the model and neither takes
    long; on a busy machine both are drawn out, so waits count by what they would be without.

Sources
    What two halves that run side by side would take: the longer of them. Amazon SageMaker Debugger,
    built-in rule LowGPUUtilization, for the limit of utilisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.finding import Evidence
from lossmon.diagnosis.rule import CLEAR, Case, Found, Outcome, Rule, Skipped, Threshold
from lossmon.numfmt import fmt
from lossmon.records import Series
from lossmon.signals import DATA_MS, GPU_UTILISATION, STEP_MS, Signal

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

SHARE = Threshold(
    50.0, "% of the step", "by definition: side by side, loading would then set the pace"
)
SHARE_IDLE = Threshold(
    30.0, "% of the step", "side by side, a step would take at most 70 % of its time"
)
WAIT = Threshold(5.0, "ms", "below it a run of 100,000 steps waits for eight minutes")
FAST = Threshold(0.1, "of the steps", "on a shared core every tenth is undisturbed, as measured")
BUSY = Threshold(
    70.0, "% of the time", "SageMaker Debugger, LowGPUUtilization: threshold_p95 by default"
)
FEW = Threshold(30, "waits", "a median of fewer may be of the beginning alone")
BLOCKS = 20
"""Stretches of a run that are told apart to say since when."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Of steps of which it is known: the wait in ms, and its share of the step in percent."""

    steps: Steps
    ms: Floats
    share: Floats


def check(facts: Facts) -> Outcome:
    """Fire where the newest steps wait for long; above info where a GPU is idle meanwhile."""
    waits = _waits(facts)
    if len(waits.steps) < FEW.value:
        return Skipped(f"of {len(waits.steps)} steps it is known how long they waited, 30 needed")
    recent = slice(-max(int(FEW.value), len(waits.steps) // 4), None)
    share, ms = float(np.median(waits.share[recent])), float(np.median(waits.ms[recent]))
    idle = _idle(facts, int(waits.steps[recent][0]))
    limit = SHARE if idle is None else SHARE_IDLE
    long = ms / _stretch(waits, recent) >= WAIT.value
    if _is_busy(facts) or not (share >= limit.value and long):
        return CLEAR
    since = _since(waits, limit.value)
    waited = Evidence(
        DATA_MS.name,
        since,
        int(waits.steps[-1]),
        share,
        limit.value,
        f"a step waits {fmt(ms, 3)} ms for its batch, {share:.0f} % of the time it takes",
        limit.source,
        bound=f"{limit.value:.0f} %",
    )
    return Found("info" if idle is None else "warning", since, (waited, *filter(None, [idle])))


def _waits(facts: Facts) -> Waits:
    """Return the steps of which both times are known; of long runs single steps only."""
    (at, waited), (also, whole) = (_points(facts.run.scalar(s)) for s in (DATA_MS, STEP_MS))
    steps, here, there = np.intersect1d(at, also, assume_unique=True, return_indices=True)
    ms, took = waited[here], whole[there]
    known = np.isfinite(ms) & (took > 0)
    return Waits(steps[known], ms[known], 100 * np.minimum(ms[known] / took[known], 1))


def _stretch(waits: Waits, recent: slice) -> float:
    """Return by how much others on the machine draw out a step: 1 where it has it to itself.

    Of what a step does itself, not of its wait: a typical one against a fast one. Whoever must
    share a core is held up everywhere, and a slow loader only where the step waits.
    """
    ms, share = waits.ms[recent], waits.share[recent]
    itself = ms[share > 0] * (100 / share[share > 0] - 1)
    fast = float(np.quantile(itself, FAST.value)) if len(itself) else 0.0
    return max(1.0, float(np.median(itself)) / fast) if fast > 0 else 1.0


def _points(series: Series | None) -> tuple[Steps, Floats]:
    if series is None:
        return np.zeros(0, np.int64), np.zeros(0)
    single = series.counts == 1
    return series.steps[single], series.values[single]


def _idle(facts: Facts, first: int) -> Evidence | None:
    """Return that the GPU works little from a step on; None where it is not known, or untrue."""
    steps, used = _points(facts.run.scalar(GPU_UTILISATION))
    used, steps = used[steps >= first], steps[steps >= first]
    if len(used) < 2 or not (median := float(np.median(used))) < BUSY.value:
        return None
    return Evidence(
        GPU_UTILISATION.name,
        int(steps[0]),
        int(steps[-1]),
        median,
        BUSY.value,
        f"the GPU works {median:.0f} % of the time",
        BUSY.source,
        bound=f"{BUSY.value:.0f} %",
    )


def _is_busy(facts: Facts) -> bool:
    """Return whether a GPU works though the loop waits."""
    _, used = _points(facts.run.scalar(GPU_UTILISATION))
    return len(used) >= 2 and float(np.median(used[-BLOCKS:])) >= BUSY.value


def _since(waits: Waits, limit: float) -> int:
    """Return the first step of the stretches at the end whose waits are all long."""
    size = max(int(FEW.value) // 3, -(-len(waits.steps) // BLOCKS))
    first = len(waits.steps) - 1
    for end in range(len(waits.steps), 0, -size):
        begin = max(end - size, 0)
        if float(np.median(waits.share[begin:end])) < limit:
            break
        first = begin
    return int(waits.steps[first])


def _drawn_out(ms: float) -> Floats:
    """Return times of steps of which most are held up, three times as long as they take alone."""
    return ms * np.where(np.random.default_rng(1).random(300) < 0.3, 1.0, 3.0)


def _times(share: float | Floats, *, step_ms: float | Floats = 40.0) -> Mapping[Signal, ArrayLike]:
    """Return the scalars of steps that wait for a share of their time."""
    rng = np.random.default_rng(0)
    took = step_ms * (1 + 0.05 * rng.random(300))
    return {STEP_MS: took, DATA_MS: took * share}


RULE = Rule(
    id="data-starved",
    claim="Steps spend much of their time waiting for data.",
    stage="machine",
    needs=(STEP_MS, DATA_MS),
    min_steps=30,
    check=check,
    thresholds={
        "share": SHARE,
        "share_idle": SHARE_IDLE,
        "wait": WAIT,
        "fast": FAST,
        "busy": BUSY,
        "few": FEW,
    },
    fixes=(
        "Load in the background: DataLoader(num_workers=4, persistent_workers=True, "
        "prefetch_factor=4); on a GPU also pin_memory=True and .to(device, non_blocking=True).",
        "Find out what an example costs: time dataset[i] alone. What is decoded, tokenised or "
        "resized anew in every epoch can be done once and stored.",
        "Keep a set that fits into memory there, as tensors, and index whole batches of it.",
    ),
    doc=__doc__ or "",
    fires=(
        Case("CPU: four fifths of 40 ms are waiting", lambda: synth.run(scalar=_times(0.8))),
        Case(
            "a GPU that works a third of the time waits for half of every step",
            lambda: synth.run(
                scalar={**_times(0.5), GPU_UTILISATION: 33.0}, loss=synth.flat(300, at=0.4)
            ),
        ),
        Case(
            "a loader that gets slow after a third of the run",
            lambda: synth.run(scalar=_times(np.where(np.arange(300) < 100, 0.05, 0.8))),
        ),
    ),
    silent=(
        Case("a healthy run, of which no times are recorded", synth.run),
        Case("a tenth of the time is waiting", lambda: synth.run(scalar=_times(0.1))),
        Case(
            "short steps of a small model",
            lambda: synth.run(scalar=_times(0.8, step_ms=2.0)),
        ),
        Case(
            "short steps of a small model, on a machine that is busy with other things",
            lambda: synth.run(scalar=_times(np.full(300, 0.6), step_ms=_drawn_out(4.0))),
        ),
        Case(
            "every fiftieth step writes a checkpoint",
            lambda: synth.run(scalar=_times(np.where(np.arange(300) % 50 == 0, 0.95, 0.05))),
        ),
        Case(
            "the loop waits, and the GPU works meanwhile",
            lambda: synth.run(scalar={**_times(0.8), GPU_UTILISATION: 96.0}),
        ),
        Case(
            "the first steps wait until the workers have begun",
            lambda: synth.run(scalar=_times(np.where(np.arange(300) < 40, 0.9, 0.05))),
        ),
    ),
)
