"""One rank of a training of a few steps, or the same training alone. Run by `conftest.train`,
which hands over `OPTIONS`, `RANK` and `MEETING`.

The rows of a global batch go to the ranks in turn, so that the mean over ranks of the mean over
rows is the mean over the batch.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

import lossmon
from lossmon.capture import agreement
from lossmon.signals import PARAMETERS_TAG


@dataclass(frozen=True)
class Job:
    """What all ranks are told."""

    logdir: Path
    world: int = 1
    kind: str = "alone"
    """alone, ddp, fsdp, hybrid: two shards, each on half of the ranks; flat or named: FSDP1."""
    optimizer: str = "SGD"
    steps: int = 12
    passes: int = 1
    """Backward passes a step; the gradients of all but the last stay on their rank."""
    every: dict[int, int] | None = None
    """Interval between samples, by rank."""
    watched: tuple[int, ...] | None = None
    """Ranks that are watched; None: all."""
    dies: int | None = None
    """Rank that leaves before the last step without a word."""
    fails: int | None = None
    """Rank that raises once the last step is done."""
    first: int = 0
    stop_on: tuple[str, ...] = ()
    """Where there is any, the loss is NaN, and each rank writes down where it stopped."""


class Net(nn.Module):
    """Its last layer has fewer rows than four ranks."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.norm, self.out = nn.Linear(6, 10), nn.LayerNorm(10), nn.Linear(10, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.relu(self.norm(self.fc(x))))


def wrap(model: nn.Module, job: Job) -> nn.Module:
    if job.kind == "ddp":
        return nn.parallel.DistributedDataParallel(model)
    if job.kind in ("flat", "named"):
        from torch.distributed.fsdp import FullyShardedDataParallel

        here = torch.device("cpu")
        named = job.kind == "named"
        return FullyShardedDataParallel(model, device_id=here, use_orig_params=named)
    if job.kind in ("fsdp", "hybrid"):
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        shape = (job.world,) if job.kind == "fsdp" else (job.world // 2, 2)
        names = ("shard",) if job.kind == "fsdp" else ("replicate", "shard")
        mesh = init_device_mesh("cpu", shape, mesh_dim_names=names)
        for part in (model.fc, model.out, model):
            fully_shard(part, mesh=mesh)
    return model


def alone_until(model: Any, job: Job, *, last: bool) -> contextlib.AbstractContextManager[Any]:
    """Keep the gradients of a pass that is not the last on this rank."""
    if job.kind in ("fsdp", "hybrid"):
        model.set_requires_gradient_sync(last)
    if job.kind == "ddp" and not last:
        return model.no_sync()
    return contextlib.nullcontext()


def leave_after_a_flush(job: Job, rank: int) -> None:
    deadline = time.monotonic() + 30
    files = f"lossmon/*.r{rank}.stats"
    while not any(PARAMETERS_TAG.encode() in f.read_bytes() for f in job.logdir.glob(files)):
        assert time.monotonic() < deadline, "nothing was ever written"
    os._exit(0)


def stops(mon: lossmon.Monitor, step: int, job: Job, rank: int) -> bool:
    try:
        mon.step(float("nan"))
    except lossmon.RunStopped as stopped:
        (job.logdir / f"stopped-{rank}").write_text(f"{step} {stopped}")
        return True
    time.sleep(0.02)
    return False


def train(job: Job, rank: int) -> None:
    torch.manual_seed(0)
    model = wrap(Net(), job)
    rate = 0.1 if job.optimizer == "SGD" else 0.01
    optimizer = getattr(torch.optim, job.optimizer)(model.parameters(), lr=rate)
    x, y = torch.randn(job.steps + job.first, 32, 6), torch.randn(job.steps + job.first, 32, 3)
    context: Any = contextlib.nullcontext()
    if job.watched is None or rank in job.watched:
        every = None if job.every is None else job.every[rank]
        context = lossmon.watch(
            model,
            optimizer,
            logdir=job.logdir,
            every=every,
            start_step=job.first,
            stop_on=job.stop_on,
        )
    with context:
        for step in range(job.first, job.first + job.steps):
            if job.dies == rank and step == job.first + job.steps - 1:
                leave_after_a_flush(job, rank)
            optimizer.zero_grad()
            mine = torch.arange(rank, 32, job.world)
            for number, rows in enumerate(mine.chunk(job.passes)):
                with alone_until(model, job, last=number == job.passes - 1):
                    error = (model(x[step, rows]) - y[step, rows]).square().mean()
                    (error / job.passes).backward()
            optimizer.step()
            if job.stop_on and stops(context, step, job, rank):
                break
        if job.fails == rank:
            raise RuntimeError("no more data")


def as_rank(job: Job, rank: int, meeting: str) -> None:
    """Join the others, and train."""
    torch.set_num_threads(1)
    agreement.AHEAD_S = 1.0
    dist.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=job.world
    )
    train(job, rank)
    if job.dies is None:
        dist.barrier()
    dist.destroy_process_group()


if __name__ == "rank":
    as_rank(Job(**globals()["OPTIONS"]), globals()["RANK"], globals()["MEETING"])
