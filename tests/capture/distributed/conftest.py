"""Trainings on several gloo processes, on this machine."""

from __future__ import annotations

import multiprocessing
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lossmon
from lossmon.records import Run

RANK = str(Path(__file__).with_name("rank.py"))
# Clean processes, of a server that has imported torch once.
CONTEXT = multiprocessing.get_context("forkserver")
# What a first optimizer and a first shard import late is imported there too.
CONTEXT.set_forkserver_preload(
    [
        "lossmon.capture.monitor",
        "torch._dynamo",
        "torch.distributed.fsdp",
        "torch.distributed.tensor",
    ]
)


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Run]:
    """Train on `world` processes, or here on one; return what the log says.

    `train(4, kind="fsdp", name="a")` writes to `tmp_path / "a"`. `codes`: how ranks end.
    """
    meetings = iter(range(1000))

    def train(world: int = 1, *, name: str = "run", codes: tuple[int, ...] = (0,), **options: Any):  # type: ignore[no-untyped-def]
        options |= {"world": world, "logdir": tmp_path / name}
        if world == 1:
            module = runpy.run_path(RANK)
            module["train"](module["Job"](**options), 0)
            return lossmon.read_run(tmp_path / name)
        told = {"OPTIONS": options, "MEETING": str(tmp_path / f"meeting-{next(meetings)}")}
        ranks = [
            CONTEXT.Process(target=runpy.run_path, args=(RANK, {**told, "RANK": rank}, "rank"))
            for rank in range(world)
        ]
        for rank in ranks:
            rank.start()
        for rank in ranks:
            rank.join(60)
            assert rank.exitcode is not None, "a rank hangs"
        assert {rank.exitcode for rank in ranks} == set(codes)
        return lossmon.read_run(tmp_path / name)

    return train
