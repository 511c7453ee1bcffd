"""How long the command line takes to answer.

    python benchmarks/startup.py [--repeat 20] [--json FILE]

Whole processes, in turn with a bare interpreter; medians of wall time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "lossmon --help": ("-m", "lossmon", "--help"),
    "lossmon explain": ("-m", "lossmon", "explain"),
}


def main() -> None:
    """Print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    spent: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(args.repeat):
        for name, words in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
            spent[name].append(1e3 * (time.perf_counter() - began))
    medians = {name: statistics.median(times) for name, times in spent.items()}
    for name, milliseconds in medians.items():
        print(f"{name:18}{milliseconds:7.0f} ms")
    if args.json:
        args.json.write_text(json.dumps({"repeat": args.repeat, "milliseconds": medians}, indent=2))


if __name__ == "__main__":
    main()
