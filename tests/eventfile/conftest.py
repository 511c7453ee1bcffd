"""Metadata and logs that the tests of the event files share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lossmon import signals
from lossmon.eventfile.writer import RunWriter
from lossmon.records import GroupInfo, Mark, ParameterInfo, RunMeta

PARAMETER_SIGNALS = tuple(signal.name for signal in signals.PARAMETER_SIGNALS)
RUN_SIGNALS = tuple(signal.name for signal in signals.RUN_SIGNALS)


@pytest.fixture
def meta() -> RunMeta:
    return RunMeta(
        "run",
        "start-1",
        writer="lossmon test",
        start_wall=1e9,
        parameters=(ParameterInfo("fc.weight", (4, 3), group=0), ParameterInfo("fc.bias", (4,))),
        groups=(GroupInfo("0", "SGD", 0.1, options={"momentum": 0.9}),),
        parameter_signals=PARAMETER_SIGNALS,
        run_signals=RUN_SIGNALS,
    )


WriteRun = Callable[..., RunMeta]


@pytest.fixture
def write_run(meta: RunMeta) -> WriteRun:
    """Write steps with loss, lr and wide records; the values tell step and `offset`."""

    def write(
        logdir: Path,
        steps: range = range(100),
        *,
        start_id: str = "start-1",
        wall: float = 1e9,
        offset: float = 0.0,
        names: tuple[str, ...] = ("fc.weight", "fc.bias"),
        end: str = "closed",
    ) -> RunMeta:
        its_meta = replace(
            meta,
            start_id=start_id,
            start_step=steps[0],
            start_wall=wall,
            parameters=tuple(ParameterInfo(name, (4, 3)) for name in names),
        )
        writer = RunWriter(logdir, its_meta)
        rows = np.arange(len(names), dtype=np.float32)[:, None]
        for step in steps:
            at = wall + step - steps[0]
            writer.scalars(step, at, {"train/loss": step + offset, "train/lr": 0.5})
            table = np.tile(rows + step + offset, (1, len(PARAMETER_SIGNALS)))
            totals = np.full((1, len(RUN_SIGNALS)), step + offset, np.float32)
            writer.wide(step, at, table, np.zeros((0, 0), np.float32), totals)
        writer.mark(Mark(steps[-1], wall + len(steps), end, {"why": "test"}))
        writer.close()
        assert writer.dropped == 0
        return its_meta

    return write
