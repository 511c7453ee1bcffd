"""What watching costs: the same training with and without lossmon, in turns, as paired ratios.

    python benchmarks/capture.py [--rounds 9] [--json FILE]

One process, one thread, two copies of each model. A round trains a block of steps of either copy,
in alternating order; its ratio is watched / unwatched. Printed are medians over the rounds with
their quartiles; `cpu` is the time of the training thread, `wall` includes the writer's thread.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from workloads import WORKLOADS, Step

import lossmon
from lossmon.capture.hooks import TAPS
from lossmon.capture.routes import ROUTES

STEPS = {"mlp": 400, "gpt": 6}
WARM_UP = {"mlp": 3000, "gpt": 60}
"""Steps before the first block at the default cadence: enough to use up the one-time allowance."""


def block(step: Step, steps: int, after: Callable[[torch.Tensor], None]) -> tuple[float, float]:
    """Return CPU seconds of this thread and wall seconds of `steps` steps."""
    cpu, wall = time.thread_time(), time.perf_counter()
    for _ in range(steps):
        after(step())
    return time.thread_time() - cpu, time.perf_counter() - wall


def ratios(name: str, rounds: int, *, every: int | None) -> dict[str, list[float]]:
    """Return the ratio of every round, for CPU and wall."""
    _, _, plain = WORKLOADS[name]()
    model, optimizer, watched = WORKLOADS[name]()
    found: dict[str, list[float]] = {"cpu": [], "wall": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        lossmon.watch(model, optimizer, logdir=Path(folder) / "run", every=every) as monitor,
    ):
        block(watched, STEPS[name] if every else WARM_UP[name], monitor.step)
        TAPS.discard(ROUTES)
        block(plain, STEPS[name], lambda loss: None)
        TAPS.add(ROUTES)
        for index in range(rounds):
            spent = {}
            for side in ("plain", "watched") if index % 2 else ("watched", "plain"):
                if side == "plain":
                    TAPS.discard(ROUTES)
                    spent[side] = block(plain, STEPS[name], lambda loss: None)
                    TAPS.add(ROUTES)
                else:
                    spent[side] = block(watched, STEPS[name], monitor.step)
            found["cpu"].append(spent["watched"][0] / spent["plain"][0])
            found["wall"].append(spent["watched"][1] / spent["plain"][1])
    return found


def main() -> None:
    """Print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--workload", choices=tuple(WORKLOADS), action="append")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = []
    print(f"torch {torch.__version__}, one thread, {args.rounds} rounds\n")
    print(f"{'model':6}{'cadence':12}{'cpu':>8}{'quartiles':>16}{'wall':>8}{'quartiles':>16}")
    for name in args.workload or WORKLOADS:
        for label, every in (("default", None), ("every step", 1)):
            found = ratios(name, args.rounds, every=every)
            line = f"{name:6}{label:12}"
            row: dict[str, object] = {"model": name, "cadence": label}
            for key, values in found.items():
                low, middle, high = statistics.quantiles(values, n=4)
                line += f"{middle:8.3f}{f'{low:.3f}-{high:.3f}':>16}"
                row[key] = {"median": middle, "quartiles": [low, high]}
            print(line)
            sys.stdout.flush()
            rows.append(row)
    if args.json:
        args.json.write_text(json.dumps({"torch": torch.__version__, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
