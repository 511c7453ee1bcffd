"""The logs that `panel.py` opens: one of many layers, a few long ones, and very many."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from lossmon.diagnosis import synth
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Run, RunMeta

AT_ONCE = 200
"""Records after which the writer gets time, so that it drops none."""


def write(run: Run, logdir: Path) -> None:
    """Write a run as capture would; wait for the writer so that nothing is dropped."""
    assert run.meta is not None
    assert run.parameters is not None
    assert run.layers is not None
    assert run.totals is not None
    writer = RunWriter(logdir, run.meta)
    for row, step in enumerate(run.parameters.steps.tolist()):
        wall = float(run.parameters.wall_times[row])
        values = {tag: float(s.values[row]) for tag, s in run.series.items() if row < len(s)}
        writer.scalars(step, wall, values)
        tables = (run.parameters, run.layers, run.totals)
        writer.wide(step, wall, *(np.asarray(table.values)[row] for table in tables))
        _wait(row)
    _end(writer)


def layers(folder: Path, count: int, steps: int) -> None:
    """Write one run of so many weights, sampled at every step."""
    shapes = {f"blocks.{i}.weight": (64, 64) for i in range(count)}
    write(synth.run(steps, shapes=shapes), folder / "run")


def scalars(folder: Path, runs: int, steps: int) -> None:
    """Write runs that hold a loss and nothing else."""
    for number in range(runs):
        name = f"{number:04d}"
        writer = RunWriter(folder / name, RunMeta(name, f"{name}-0", model="Net"))
        losses = synth.falling(steps, seed=number) + np.random.default_rng(number).normal()
        for step, loss in enumerate(losses.tolist()):
            writer.scalars(step, 1_700_000_000.0 + step, {"train/loss": loss})
            _wait(step, AT_ONCE * 20)
        _end(writer)


def _wait(row: int, often: int = AT_ONCE) -> None:
    if row % often == often - 1:
        time.sleep(0.3)


def _end(writer: RunWriter) -> None:
    writer.close()
    assert writer.dropped == 0, f"{writer.dropped} records dropped"
