"""What a step of writing costs: ours beside the writers that TensorBoard users have.

    python benchmarks/writer.py [--rounds 15] [--json FILE]

All write to files of one folder, in turn, block by block; a step comes every 2 ms, as from a small
training, so that no queue fills. `caller` is the wall time of the calls in the training thread,
`cpu` that of the whole process above an idle block's, threads included. Medians over the rounds;
bytes are those on disk after the close.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboardX import SummaryWriter as TensorboardX
from torch.utils.tensorboard import SummaryWriter

from lossmon.eventfile.writer import RunWriter
from lossmon.records import ParameterInfo, RunMeta

STEPS = 100
PAUSE_S = 0.002
ROWS, COLUMNS = 300, 12
TAGS = ("train/loss", "train/lr", "train/grad_norm", "train/update_ratio", "perf/step_ms")
NONE = np.zeros((0, 0), np.float32)
TOTALS = np.zeros((1, 0), np.float32)


class Subject(NamedTuple):
    """A way to write steps."""

    step: Callable[[int], object]
    close: Callable[[], object]


def lossmon(folder: Path, tags: int, *, wide: bool = False) -> Subject:
    """One call a step, and one for the wide record."""
    rows = tuple(ParameterInfo(f"layer.{i}.weight", (1,)) for i in range(ROWS if wide else 0))
    columns = tuple(f"signal{i}" for i in range(COLUMNS))
    writer = RunWriter(folder, RunMeta("run", "start", parameters=rows, parameter_signals=columns))
    values = dict.fromkeys(TAGS[:tags], 0.5)
    table = np.ones((ROWS, COLUMNS), np.float32)

    def step(number: int) -> None:
        writer.scalars(number, time.time(), values)
        if wide:
            writer.wide(number, time.time(), table, NONE, TOTALS)

    return Subject(step, writer.close)


def summary_writer(folder: Path, tags: int, *, made: type = SummaryWriter) -> Subject:
    """One add_scalar a tag, of torch's or of tensorboardX's writer."""
    writer = made(str(folder))

    def step(number: int) -> None:
        for tag in TAGS[:tags]:
            writer.add_scalar(tag, 0.5, number)

    return Subject(step, writer.close)


def add_tensor(folder: Path) -> Subject:
    """A table a step by torch's add_tensor."""
    writer, table = SummaryWriter(str(folder)), torch.ones(ROWS, COLUMNS)
    return Subject(lambda number: writer.add_tensor("table", table, number), writer.close)


def event_file_writer(folder: Path, tags: int) -> Subject:
    """All tags of a step in one message."""
    writer = EventFileWriter(str(folder))

    def step(number: int) -> None:
        values = [Summary.Value(tag=tag, simple_value=0.5) for tag in TAGS[:tags]]
        event = Event(step=number, wall_time=time.time(), summary=Summary(value=values))
        writer.add_event(event)

    return Subject(step, writer.close)


SUBJECTS: dict[str, Callable[[Path], Subject]] = {
    "lossmon, 1 scalar": lambda folder: lossmon(folder, 1),
    "torch SummaryWriter, 1": lambda folder: summary_writer(folder, 1),
    "tensorboardX, 1": lambda folder: summary_writer(folder, 1, made=TensorboardX),
    "EventFileWriter, 1": lambda folder: event_file_writer(folder, 1),
    "lossmon, 5 scalars": lambda folder: lossmon(folder, 5),
    "torch SummaryWriter, 5": lambda folder: summary_writer(folder, 5),
    "tensorboardX, 5": lambda folder: summary_writer(folder, 5, made=TensorboardX),
    "EventFileWriter, 5": lambda folder: event_file_writer(folder, 5),
    "lossmon, wide and 3 scalars": lambda folder: lossmon(folder, 3, wide=True),
    "torch add_tensor": add_tensor,
}


def block(step: Callable[[int], object], first: int) -> tuple[float, float]:
    """Return seconds of the calls, and CPU seconds of the process, over a block of steps."""
    spent, cpu = 0.0, time.process_time()
    for number in range(first, first + STEPS):
        time.sleep(PAUSE_S)
        began = time.perf_counter()
        step(number)
        spent += time.perf_counter() - began
    # Whatever a thread of the writer's still has to do belongs to this block.
    time.sleep(0.3)
    return spent, time.process_time() - cpu


def measure(root: Path, rounds: int) -> list[dict[str, object]]:
    """Return a row for each subject."""
    subjects = {name: make(root / str(i)) for i, (name, make) in enumerate(SUBJECTS.items())}
    calls: dict[str, list[float]] = {name: [] for name in subjects}
    cpus: dict[str, list[float]] = {name: [] for name in subjects}
    for turn in range(rounds + 1):
        _, idle = block(lambda number: None, 0)
        for name, subject in subjects.items():
            spent, cpu = block(subject.step, turn * STEPS)
            if turn:  # the first round warms up
                calls[name].append(1e6 * spent / STEPS)
                cpus[name].append(1e6 * (cpu - idle) / STEPS)
    for subject in subjects.values():
        subject.close()
    steps = STEPS * (rounds + 1)
    return [
        {
            "writer": name,
            "caller_us": statistics.median(calls[name]),
            "cpu_us": statistics.median(cpus[name]),
            "bytes": size(root / str(i)) / steps,
        }
        for i, name in enumerate(subjects)
    ]


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        rows = measure(Path(root), args.rounds)
    print(f"{'a step':30}{'caller us':>10}{'cpu us':>10}{'bytes':>9}")
    for row in rows:
        print("{writer:30}{caller_us:10.1f}{cpu_us:10.1f}{bytes:9.0f}".format_map(row))
    if args.json:
        args.json.write_text(json.dumps({"rounds": args.rounds, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
