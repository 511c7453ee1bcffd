"""Memory grows with every step: something of each is kept.

Sees
    The memory that torch's tensors take of the device; where the model is on the CPU, that of the
    process. Both every few seconds.

Why the loss stalls
    It does not, until there is no memory left: then the training ends where it is. What is kept is
    mostly outputs or activations in a list, or a loss that is added up with the graph behind it:
    without a backward pass, as in validation, that holds all activations of a step.

Fix
    Keep numbers, not tensors: `total += loss.item()`. Validate under `torch.no_grad()`.

Not to be confused with
    A cache that fills in the first epoch: it ends with it. As long as it lasts nobody can tell.
    The first steps, in which optimizers make their state and libraries are loaded.
    Memory that an allocator holds back: torch's count for a device leaves that out. That of a
    process does not: small tensors that are kept between large ones that are freed hold these back.

Sources
    PyTorch, Frequently Asked Questions, on running out of memory: history that is accumulated over
    the loop, and tensors that are held on to.
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
from lossmon.signals import HOST_MEMORY_MB, MEMORY_MB, Signal

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

GROWN = Threshold(
    50.0, "% of the memory at first", "benchmarks/healthy: 29 programs grow by at most 2 %"
)
LEAST = Threshold(64.0, "MB", "what libraries and allocators take in their first minutes")
EVEN = Threshold(
    0.5, "of the mean growth a step", "a leak keeps as much of the last steps as of the first"
)
READINGS = Threshold(20, "readings", "two in each of ten stretches")
STRETCHES = 10


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory that has risen in every stretch to the end, from the step where that began."""

    first: int
    last: int
    begin: float
    """In MB, as all memory here."""
    end: float

    @property
    def a_step(self) -> float:
        """MB kept of each step."""
        return (self.end - self.begin) / max(1, self.last - self.first)


def check(facts: Facts) -> Outcome:
    """Fire where memory rises evenly to the end, of the device or of the process."""
    known = [s for s in (MEMORY_MB, HOST_MEMORY_MB) if facts.run.scalar(s) is not None]
    most = 0
    for signal in known:
        steps, memory = _readings(facts, signal)
        most = max(most, len(steps))
        found = _growth(steps, memory) if len(steps) >= READINGS.value else None
        if found is not None:
            return Found("warning", found.first, (_evidence(found, signal),))
    if most < READINGS.value:
        return Skipped(f"memory was read {most} times, 20 needed")
    return CLEAR


def _readings(facts: Facts, signal: Signal) -> tuple[Steps, Floats]:
    series = facts.run.scalar(signal)
    if series is None:
        return np.zeros(0, np.int64), np.zeros(0)
    known = np.isfinite(series.values)
    return series.steps[known], series.values[known]


def _growth(steps: Steps, memory: Floats) -> Growth | None:
    """Return how memory has grown from some stretch to the end, as evenly as a leak does.

    A stretch's memory is its lowest: what a step takes while it lasts is not kept.
    """
    edges = np.linspace(0, len(steps), STRETCHES + 1).astype(int)
    at = steps[edges[:-1]].astype(float)
    low = np.minimum.reduceat(memory, edges[:-1])
    pace = np.diff(low) / np.maximum(np.diff(at), 1.0)
    for first in range(STRETCHES // 2 + 1):
        rest = pace[first:]
        begin, end = float(low[first]), float(low[-1])
        if end - begin >= _enough(begin) and rest.min() >= EVEN.value * rest.mean() > 0:
            return Growth(int(at[first]), int(at[-1]), begin, end)
    return None


def _evidence(found: Growth, signal: Signal) -> Evidence:
    reads = f"{signal.label} rose from {fmt(found.begin, 3)} to {fmt(found.end, 3)} MB, by "
    reads += f"{fmt(found.a_step, 2)} MB a step, as fast at the end as at first"
    limit = found.begin + _enough(found.begin)
    return Evidence(signal.name, found.first, found.last, found.end, limit, reads, GROWN.source)


def _enough(begin: float) -> float:
    """Return the growth, in MB, that is more than what libraries and allocators take."""
    return max(LEAST.value, GROWN.value / 100 * begin)


def _memory(
    values: ArrayLike, signal: Signal = HOST_MEMORY_MB, every: int = 5
) -> Mapping[Signal, ArrayLike]:
    """Return memory as it is read, every few steps."""
    whole = np.broadcast_to(np.asarray(values, float), 300)
    return {signal: np.where(np.arange(300) % every == 0, whole, np.nan)}


_AT = np.arange(300)
_NOISE = np.random.default_rng(0).uniform(0, 2, 300)

RULE = Rule(
    id="device-memory-leak",
    claim="Memory grows with every step: something of each is kept.",
    stage="machine",
    needs=(),
    min_steps=40,
    check=check,
    thresholds={"grown": GROWN, "least": LEAST, "even": EVEN, "readings": READINGS},
    while_improving="keep",
    fixes=(
        "Look for lists, closures, hooks and callbacks that keep tensors of a step, and have them "
        "keep numbers: x.std().item().",
        "Add up losses as numbers: total += loss.item().",
        "Validate under torch.no_grad().",
    ),
    doc=__doc__ or "",
    fires=(
        Case(
            "a megabyte of each step stays in the process",
            lambda: synth.run(scalar=_memory(250 + _AT + _NOISE)),
        ),
        Case(
            "5 MB of each step stay on the device, beside what a step takes while it lasts",
            lambda: synth.run(scalar=_memory(800 + 5 * _AT + 300 * (_AT % 2), MEMORY_MB)),
        ),
        Case(
            "nothing is kept before a third of the run",
            lambda: synth.run(scalar=_memory(250 + 2 * np.maximum(_AT - 100, 0), MEMORY_MB)),
        ),
    ),
    silent=(
        Case("memory that stays", lambda: synth.run(scalar=_memory(250 + _NOISE))),
        Case(
            "memory that is taken in the first steps",
            lambda: synth.run(scalar=_memory(250 + 400 * np.minimum(_AT / 40, 1) + _NOISE)),
        ),
        Case(
            "a cache that has filled",
            lambda: synth.run(scalar=_memory(250 + np.minimum(2 * _AT, 300) + _NOISE)),
        ),
        Case(
            "memory that rises and is given back",
            lambda: synth.run(scalar=_memory(250 + 5 * (_AT % 60), MEMORY_MB)),
        ),
        Case(
            "a little more at each step: numbers in a list",
            lambda: synth.run(scalar=_memory(250 + 0.1 * _AT)),
        ),
    ),
)
