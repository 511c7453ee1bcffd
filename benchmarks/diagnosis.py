"""What a diagnosis costs: a whole report, and one more poll of a live run.

    python benchmarks/diagnosis.py [--steps 10000] [--parameters 300] [--repeat 5] [--json FILE]

The run is synthetic and sampled at every step, the largest that is to be expected of its length.
Printed are medians of wall time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import Fold, diagnose


def median_ms(work: Callable[[], object], repeat: int) -> float:
    """Return the median time of `work` in milliseconds."""
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times)


def main() -> None:
    """Print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--parameters", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    shapes = {f"{i}.weight": (64, 64) for i in range(args.parameters)}
    run = synth.run(args.steps, shapes=shapes)
    fold = Fold()
    fold.advance(run.until(args.steps - 2))
    rows = {
        "whole report": median_ms(lambda: diagnose(run), args.repeat),
        "one more poll": median_ms(lambda: fold.advance(run), args.repeat),
    }
    print(f"{args.steps} steps, {args.parameters} parameters")
    for name, milliseconds in rows.items():
        print(f"{name:16}{milliseconds:8.0f} ms")
    if args.json:
        args.json.write_text(json.dumps({"steps": args.steps, "milliseconds": rows}, indent=2))


if __name__ == "__main__":
    main()
