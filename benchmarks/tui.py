"""What the terminal interface sends and takes, through a real pseudo-terminal.

    python benchmarks/tui.py [--seconds 20] [--json FILE]

A training writes 20 steps a second while the interface is open at its normal 2 updates a second.
Bytes are all that leaves the program in those seconds; a start is the CPU of the whole process
until its first frame, imports included; a key's way is timed on a line of 16 KB/s.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from terminal import Terminal

from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, RunMeta

RATE = 20
LINE = 16_000
SIZES = ((80, 24), (200, 50))
CURVE = "[⠁-⣿]{3}"
"""Three cells of a curve beside each other."""


def loss_at(step: int, rng: random.Random) -> float:
    """Return a loss that falls and is noisy."""
    return 2.3 * math.exp(-step / 4000) + 0.4 + 0.05 * rng.gauss(0, 1)


def write(folder: Path, steps: int, *, closed: bool) -> RunWriter:
    """Write a run of so many steps; a closed one is finished."""
    rng, now = random.Random(0), time.time()
    writer = RunWriter(folder, RunMeta("run", "run-0", start_wall=now, model="Net"))
    for step in range(steps):
        if step % 20_000 == 19_999:
            time.sleep(0.3)  # the writer drops what comes faster than it can write
        writer.scalars(step, now - (steps - step) / RATE, {"train/loss": loss_at(step, rng)})
    if closed:
        writer.mark(Mark(steps - 1, now, "closed"))
        writer.close()
    return writer


class Training:
    """Goes on writing steps from a thread, until it is stopped."""

    def __init__(self, writer: RunWriter, first: int) -> None:
        self._writer, self._step = writer, first
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go)
        self._thread.start()

    def _go(self) -> None:
        rng = random.Random(1)
        while not self._ended.wait(1 / RATE):
            self._writer.scalars(
                self._step,
                time.time(),
                {"train/loss": loss_at(self._step, rng), "train/grad_norm": rng.uniform(1, 2)},
            )
            self._step += 1

    def stop(self) -> None:
        """End the thread and the run."""
        self._ended.set()
        self._thread.join()
        self._writer.close()


def command(folder: Path) -> list[str]:
    """Return the words that open the interface."""
    return [sys.executable, "-m", "lossmon", "tui", str(folder.parent)]


def bytes_per_second(folder: Path, columns: int, rows: int, keys: str, seconds: float) -> float:
    """Return bytes a second once the first screens are painted."""
    terminal = Terminal(command(folder), columns=columns, rows=rows)
    terminal.read(4)
    terminal.press(keys)
    terminal.read(2)
    before = len(terminal.sent)
    terminal.read(seconds)
    rate = (len(terminal.sent) - before) / seconds
    terminal.close()
    return rate


def start(folder: Path, until: str) -> tuple[float, float]:
    """Return CPU seconds and wall seconds until `until` is on the screen."""
    terminal = Terminal(command(folder), columns=80, rows=24)
    terminal.read(20, until=until)
    spent = terminal.cpu(), time.perf_counter() - terminal.began
    terminal.close()
    return spent


def key_latency(folder: Path, columns: int, rows: int, key: str, shown: str) -> float:
    """Return the median seconds from a key to what it shows, on a slow line, while it trains."""
    terminal = Terminal(command(folder), columns=columns, rows=rows)
    terminal.read(6, bytes_per_s=LINE)
    spent = []
    for _ in range(7):
        terminal.read(1, bytes_per_s=LINE)
        terminal.press(key)
        spent.append(terminal.read(5, until=shown, bytes_per_s=LINE))
        terminal.read(1, bytes_per_s=LINE)
        terminal.press(key)  # it undoes what it did
    terminal.close()
    return statistics.median(spent)


def measure(seconds: float) -> dict[str, float]:
    """Return everything measured, by name."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        small, large, live = (Path(folder) / name / "run" for name in ("small", "large", "live"))
        write(small, 500, closed=True)
        write(large, 1_000_000, closed=True)
        starts = [start(small, "lossmon") for _ in range(5)]
        found["start: CPU s to the first frame"] = statistics.median(cpu for cpu, _ in starts)
        found["start: s to the first frame"] = statistics.median(wall for _, wall in starts)
        found["start: s to the curve of 1 M steps"] = statistics.median(
            start(large, CURVE)[1] for _ in range(3)
        )
        found["idle: bytes/s"] = bytes_per_second(small, 80, 24, "", seconds)
        training = Training(write(live, 3000, closed=False), 3000)
        for columns, rows in SIZES:
            size = f"{columns}x{rows}"
            for screen, keys in (("overview", ""), ("run", "\r")):
                found[f"live {size} {screen}: bytes/s"] = bytes_per_second(
                    live, columns, rows, keys, seconds
                )
            for key, shown in (("f", "frozen"), ("?", "freeze the screen")):
                found[f"live {size}: ms from {key} to the screen at 16 KB/s"] = 1000 * key_latency(
                    live, columns, rows, key, shown
                )
        training.stop()
    return found


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each recording")
    parser.add_argument("--json", type=Path, help="write the numbers there as well")
    args = parser.parse_args()
    found = measure(args.seconds)
    for name, value in found.items():
        print(f"{name:48} {value:10.3g}")
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
