"""What a training takes of the machine: times, memory, GPU. What was not recorded is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossmon import signals
from lossmon.numfmt import fmt
from lossmon.records import Run, Series
from lossmon.signals import Signal

RECENT = 50
"""Steps whose median time is told."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Signals of one unit, which are drawn over one axis."""

    name: str
    title: str
    shown: tuple[tuple[Signal, Series], ...]
    """Those that were recorded."""
    is_noisy: bool = False
    """Whether single values scatter, so that their trend is drawn."""


_DIALS: Sequence[tuple[str, str, tuple[Signal, ...], bool]] = (
    ("time", "time of a step, ms", (signals.STEP_MS, signals.DATA_MS), True),
    ("use", "GPU utilisation, %", (signals.GPU_UTILISATION,), False),
    (
        "memory",
        "memory, MB",
        (signals.MEMORY_MB, signals.GPU_MEMORY_MB, signals.HOST_MEMORY_MB),
        False,
    ),
    ("power", "GPU power, W", (signals.GPU_POWER_W,), False),
    ("heat", "GPU temperature, °C", (signals.GPU_TEMPERATURE_C,), False),
)
_NEWEST = (
    signals.GPU_UTILISATION,
    signals.MEMORY_MB,
    signals.MEMORY_PEAK_MB,
    signals.GPU_MEMORY_MB,
    signals.HOST_MEMORY_MB,
    signals.GPU_POWER_W,
    signals.GPU_TEMPERATURE_C,
    signals.OVERHEAD,
)


def dials(run: Run) -> tuple[Dial, ...]:
    """Return what can be drawn."""
    found = [
        Dial(name, title, tuple((s, series) for s in among if (series := _recorded(run, s))), noisy)
        for name, title, among, noisy in _DIALS
    ]
    return tuple(dial for dial in found if dial.shown)


def machine_facts(run: Run) -> list[tuple[str, str]]:
    """Return pairs of a word and a value: the times of the newest steps, and the last readings."""
    step, wait = _median(run, signals.STEP_MS), _median(run, signals.DATA_MS)
    facts = [] if step is None else [(signals.STEP_MS.label, f"{fmt(step, 3)} ms")]
    if step and wait is not None:
        facts.append((signals.DATA_MS.label, f"{100 * min(wait / step, 1):.0f} % of it"))
    for signal in _NEWEST:
        series = _recorded(run, signal)
        if series is not None:
            facts.append((signal.label, f"{fmt(float(series.values[-1]), 3)} {signal.unit}"))
    return facts


def _median(run: Run, signal: Signal) -> float | None:
    series = _recorded(run, signal)
    return None if series is None else float(np.nanmedian(series.values[-RECENT:]))


def _recorded(run: Run, signal: Signal) -> Series | None:
    """Return a series with a finite point among the newest; None where there is none."""
    series = run.scalar(signal)
    if series is None or not np.isfinite(series.values[-RECENT:]).any():
        return None
    return series
