"""Logs for the benchmark of the terminal interface: of any length, and one that grows.

What is written is what SummaryWriter writes, but for the name `train/loss`, so that everybody's
viewer reads it; a run for W&B's viewer is written by wandb itself.
"""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reader import scalars

from lossmon.eventfile.writer import RunWriter
from lossmon.records import RunMeta

RATE = 20
"""Steps a second of what grows."""
AHEAD = 3000
"""Steps that are there before it grows."""
LENGTHS = {"10k": 10_000, "1 M": 1_000_000, "10 M": 10_000_000}

_WANDB = """
import math, random, sys, time
import wandb
run = wandb.init(project="p", mode="offline", dir=sys.argv[1],
                 settings=wandb.Settings(silent=True, x_disable_stats=True))
def log(step):
    run.log({"train/loss": 2.3 * math.exp(-step / 4000) + 0.4 + 0.05 * random.gauss(0, 1)})
for step in range(int(sys.argv[2])):
    log(step)
print("ready", flush=True)
while sys.argv[3] == "live":
    step += 1
    log(step)
    time.sleep(1 / float(sys.argv[4]))
"""


def loss_at(step: int, rng: random.Random) -> float:
    """Return a loss that falls and is noisy."""
    return 2.3 * math.exp(-step / 4000) + 0.4 + 0.05 * rng.gauss(0, 1)


def finished(root: Path, names: list[str]) -> None:
    """Write the logs of these names below `root`, those that are not there yet."""
    for name in names:
        folder = root / name
        if folder.exists():
            continue
        if name == "1000 runs":
            for number in range(1000):
                scalars(folder / f"run{number}", ("train/loss",), 200)
        else:
            scalars(folder / "run", ("train/loss",), LENGTHS[name])


@contextmanager
def growing(root: Path) -> Iterator[Path]:
    """Write a training below `root` that goes on while the block runs."""
    rng, now = random.Random(0), time.time()
    writer = RunWriter(root / "run", RunMeta("run", "run-0", start_wall=now, model="Net"))
    ended = threading.Event()

    def go() -> None:
        step = 0
        while not ended.wait(0 if step < AHEAD else 1 / RATE):
            writer.scalars(step, time.time(), {"train/loss": loss_at(step, rng)})
            step += 1

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield root
    finally:
        ended.set()
        thread.join()
        writer.close()


@contextmanager
def growing_for_wandb(root: Path, *, steps: int = AHEAD, live: bool = True) -> Iterator[Path]:
    """The same as a run of wandb's, offline; yields its folder."""
    root.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-c", _WANDB, str(root), str(steps), "live" if live else "", str(RATE)]
    env = {**os.environ, "WANDB_MODE": "offline"}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env
    ) as made:
        try:
            assert made.stdout is not None
            made.stdout.readline()
            if not live:
                made.wait()
            yield next((root / "wandb").glob("offline-run-*"))
        finally:
            made.kill()
