"""What a run is before its first step: parameters, optimizers, place, first step number."""

from __future__ import annotations

import platform
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from lossmon.capture.foreign import training_clock
from lossmon.capture.groups import describe_groups, group_of_parameter
from lossmon.capture.job import job_of
from lossmon.capture.layers import Layer
from lossmon.capture.layout import Row, describe
from lossmon.capture.ranks import process_rank
from lossmon.layersignals import LAYER_SIGNALS
from lossmon.records import RunMeta
from lossmon.signals import PARAMETER_SIGNALS, RUN_SIGNALS, SCHEMA
from lossmon.version import __version__


@dataclass(frozen=True, slots=True)
class Start:
    """One start of one run."""

    rows: tuple[Row, ...]
    logdir: Path
    layers: tuple[Layer, ...] = ()
    """Those whose activations are recorded."""
    model: str = ""
    criterion: str = ""
    step: int = 0
    """Number of the first step; above 0 this start resumes the run in `logdir`."""
    floor: float | None = None
    ignore: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    job: Mapping[str, str] = field(default_factory=job_of)
    wall: float = field(default_factory=time.time)
    clock: float = field(default_factory=training_clock)
    scan: Callable[[], tuple[Row, ...]] | None = None
    """Returns the rows as they would be if the run began now; None: those of `rows`, renewed."""
    start_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    run_id: str = ""
    """What all ranks of one start have in common; empty for a process alone."""

    @property
    def record_bytes(self) -> int:
        """Bytes on the disk of one step's wide records, those of all ranks."""
        numbers = len(self.rows) * len(PARAMETER_SIGNALS) + len(self.layers) * len(LAYER_SIGNALS)
        return 4 * (numbers + len(RUN_SIGNALS)) * process_rank()[1]

    def meta(self, optimizers: Sequence[Optimizer]) -> RunMeta:
        """Return the metadata record, with the optimizers as they stand now."""
        own = {id(row.tensor()) for row in self.rows}
        rank, world_size = process_rank()
        return RunMeta(
            run_id=self.run_id or self.start_id,
            start_id=self.start_id,
            schema=SCHEMA,
            writer=f"lossmon {__version__}",
            rank=rank,
            world_size=world_size,
            start_step=self.step,
            start_wall=self.wall,
            model=self.model,
            criterion=self.criterion,
            parameters=describe(self.rows, group_of_parameter(optimizers)),
            groups=describe_groups(optimizers, own),
            parameter_signals=tuple(s.name for s in PARAMETER_SIGNALS),
            layer_signals=tuple(s.name for s in LAYER_SIGNALS),
            run_signals=tuple(s.name for s in RUN_SIGNALS),
            floor=self.floor,
            ignore=self.ignore,
            versions={"torch": torch.__version__, "python": platform.python_version()},
            settings=self.settings,
            job=self.job,
        )


def steps_behind(optimizers: Sequence[Optimizer]) -> int:
    """Return how many steps the optimizers' own state remembers: above 0 after a checkpoint."""
    counts = [0]
    for optimizer in optimizers:
        for state in optimizer.state.values():
            step = state.get("step") if isinstance(state, dict) else None
            if isinstance(step, Tensor) and step.numel() == 1:
                # Once, before training: a wait for the device costs nobody anything here.
                counts.append(int(step.item()))
            elif isinstance(step, int):
                counts.append(step)
    return max(counts)
