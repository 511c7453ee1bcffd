"""What watching costs: the same training with and without a watcher, in turns, as paired ratios.

    python benchmarks/capture.py [--rounds 7] [--model mlp] [--watcher lossmon] [--json FILE]

A process per model and watcher, one thread, two copies of the model. A round trains a block of
steps of either copy, in alternating order; its ratio is watched / unwatched. Printed are medians
over the rounds with their quartiles: `cpu` is the time of the training thread, `wall` includes
threads that write; what a process of its own spends (wandb has one) is in neither. `MB` is the peak
memory beyond that of the control, `kB/step` what lies on the disk at the end.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from watchers import WATCHERS, unheard
from workloads import WORKLOADS, Step

STEPS = {"mlp": 300, "resnet": 12, "gpt": 3}
"""Of a block."""
WARM_UP = {"mlp": 4000, "resnet": 500, "gpt": 60}
"""Steps before the first block of lossmon's default: enough to use up its one-time allowance."""
CONTROL = next(iter(WATCHERS))


def block(step: Step, steps: int, after: Callable[[torch.Tensor], Any]) -> tuple[float, float]:
    """Return CPU seconds of this thread and wall seconds of `steps` steps."""
    cpu, wall = time.thread_time(), time.perf_counter()
    for _ in range(steps):
        after(step())
    return time.thread_time() - cpu, time.perf_counter() - wall


def measure(model_name: str, watcher: str, rounds: int) -> dict[str, Any]:
    """Return the ratios of every round, peak memory, and bytes on the disk for each step."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    _, _, plain = WORKLOADS[model_name]()
    model, optimizer, watched = WORKLOADS[model_name]()
    steps = STEPS[model_name]
    warm_up = WARM_UP[model_name] if watcher == "lossmon" else steps
    found: dict[str, Any] = {"cpu": [], "wall": []}
    with tempfile.TemporaryDirectory() as folder:
        with WATCHERS[watcher](model, optimizer, Path(folder)) as after:
            block(watched, warm_up, after)
            with unheard():
                block(plain, steps, _ignore)
            for index in range(rounds):
                spent = {}
                for side in ("plain", "watched") if index % 2 else ("watched", "plain"):
                    if side == "watched":
                        spent[side] = block(watched, steps, after)
                        continue
                    with unheard():
                        spent[side] = block(plain, steps, _ignore)
                found["cpu"].append(spent["watched"][0] / spent["plain"][0])
                found["wall"].append(spent["watched"][1] / spent["plain"][1])
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    found["bytes_per_step"] = size / (warm_up + rounds * steps)
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def _ignore(loss: torch.Tensor) -> None:
    """Nobody is told."""


def measured_apart(model: str, watcher: str, rounds: int) -> dict[str, Any]:
    """Return what `measure` returns, from a process of its own."""
    words = [sys.executable, __file__, "--one", model, watcher, "--rounds", str(rounds)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def row(name: str, found: dict[str, Any], control: dict[str, Any] | None) -> str:
    """Return a line of the table."""
    line = f"  {name:28}"
    for key in ("cpu", "wall"):
        low, middle, high = statistics.quantiles(found[key], n=4)
        line += f"{middle:8.3f}{f'{low:.3f}-{high:.3f}':>16}"
    more = found["peak_mb"] - control["peak_mb"] if control else 0.0
    return f"{line}{more:8.0f}{found['bytes_per_step'] / 1e3:10.2f}"


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return medians as the table of the README: a row per watcher, a pair of columns per model."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    lines = [
        f"| ratio of CPU / wall time | {' | '.join(models)} |",
        f"|---|{'---|' * len(models)}",
    ]
    for watcher in dict.fromkeys(row["watcher"] for row in rows):
        found = {row["model"]: row for row in rows if row["watcher"] == watcher}
        cells = [
            " / ".join(f"{statistics.median(found[m][key]):.2f}" for key in ("cpu", "wall"))
            if m in found
            else ""
            for m in models
        ]
        lines.append(f"| {watcher} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--model", choices=tuple(WORKLOADS), action="append")
    parser.add_argument("--watcher", choices=tuple(WATCHERS), action="append")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", action="store_true", help="print the README's table too")
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "WATCHER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(*args.one, args.rounds)))
        return
    rows = []
    print(f"torch {torch.__version__}, one thread, {args.rounds} rounds; ratios to the unwatched\n")
    for model in args.model or WORKLOADS:
        print(
            f"{model:30}{'cpu':>8}{'quartiles':>16}{'wall':>8}{'quartiles':>16}{'MB':>8}{'kB/step':>10}"
        )
        control = None
        for watcher in [CONTROL, *(w for w in args.watcher or WATCHERS if w != CONTROL)]:
            found = measured_apart(model, watcher, args.rounds)
            control = control or found
            print(row(watcher, found, control), flush=True)
            rows.append({"model": model, "watcher": watcher, **found})
        print()
    if args.markdown:
        print(markdown(rows))
    if args.json:
        args.json.write_text(json.dumps({"torch": torch.__version__, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
