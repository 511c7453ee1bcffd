"""Following a logdir over ssh: is each byte sent once, how late does it come, how fast is a copy?

    python benchmarks/remote.py [--seconds 60] [--json FILE]

A real sshd on the loopback interface, started and ended here (`sshd.py`), with either agent. While
a training writes 20 steps a second, scalars and wide records, the connection is cut twice. Late is
a step from the call that records it until a reader of the copy has it, outside the cuts; the
writer's own flush interval of 0.25 s is part of that. No delay of a real network is in any of it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from sshd import Sshd

from lossmon.eventfile.sources import opened
from lossmon.eventfile.watching import LogdirReader
from lossmon.eventfile.writer import RunWriter
from lossmon.records import ParameterInfo, RunMeta
from lossmon.signals import PARAMETER_SIGNALS, RUN_SIGNALS

RATE = 20
PARAMETERS = 300
COPIED = 100_000_000
AGENTS = ("python", "shell")


class Training:
    """Writes steps from a thread, and remembers when."""

    def __init__(self, folder: Path) -> None:
        names = tuple(ParameterInfo(f"layer{n}.weight", (4, 3)) for n in range(PARAMETERS))
        meta = RunMeta(
            "run",
            "run-0",
            start_wall=time.time(),
            parameters=names,
            parameter_signals=tuple(signal.name for signal in PARAMETER_SIGNALS),
            run_signals=tuple(signal.name for signal in RUN_SIGNALS),
        )
        self.written: list[float] = []
        """When each step was recorded."""
        self._writer = RunWriter(folder, meta)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go)
        self._thread.start()

    def _go(self) -> None:
        table = np.ones((PARAMETERS, len(PARAMETER_SIGNALS)), np.float32)
        layers, totals = np.zeros((0, 0), np.float32), np.ones((1, len(RUN_SIGNALS)), np.float32)
        while not self._ended.wait(1 / RATE):
            step, now = len(self.written), time.time()
            self._writer.scalars(step, now, {"train/loss": 2.0, "train/lr": 0.1})
            self._writer.wide(step, now, table, layers, totals)
            self.written.append(time.monotonic())

    def stop(self) -> None:
        """End the thread and the run."""
        self._ended.set()
        self._thread.join()
        self._writer.close()


def contents(root: Path) -> dict[str, bytes]:
    """Return every event file below a folder."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def soak(server: Sshd, root: Path, seconds: float) -> dict[str, float]:
    """Follow a training for so long, cutting the line twice; return what was seen."""
    late: list[float] = []
    gaps: list[float] = []
    training = Training(root / "net")
    with opened(server.address(root)) as source:
        source.follow()
        reader, begun, seen, cut_at = LogdirReader(source.root), time.monotonic(), -1, math.nan
        cuts = [begun + seconds / 3, begun + 2 * seconds / 3]
        while time.monotonic() < begun + seconds:
            time.sleep(0.02)
            last = max((run.last_step for run in reader.poll()), default=-1)
            now = time.monotonic()
            fresh = [now - at for at in training.written[seen + 1 : last + 1]]
            if fresh and not math.isnan(cut_at):
                gaps.append(now - cut_at)
                cut_at = math.nan
            elif seen >= 0:
                late += fresh
            seen = max(seen, last)
            if cuts and now > cuts[0]:
                cuts.pop(0)
                server.cut()
                cut_at = now
        training.stop()
        deadline = time.monotonic() + 30
        while contents(source.root) != contents(root) and time.monotonic() < deadline:
            time.sleep(0.1)
        written = sum(map(len, contents(root).values()))
        is_same = contents(source.root) == contents(root)
        received = source.received_bytes
    return {
        "bytes written": written,
        "bytes received": received,
        "copy is the same": float(is_same),
        "cuts": len(gaps),
        "s from a cut to the next step, longest": max(gaps, default=math.nan),
        "s late, median": float(np.median(late)),
        "s late, 99th percentile": float(np.percentile(late, 99)),
    }


def copy(server: Sshd, root: Path) -> dict[str, float]:
    """Return how long a whole copy takes, connection and agent included."""
    path = root / "old" / "lossmon.1.host.1.ab.r0.stats"
    path.parent.mkdir(parents=True)
    path.write_bytes(np.random.default_rng(0).bytes(COPIED))
    begun = time.perf_counter()
    with opened(server.address(root)) as source:
        source.fetch()
        spent = time.perf_counter() - begun
    return {f"s to copy {COPIED / 1e6:.0f} MB": spent}


def many(server: Sshd, root: Path) -> dict[str, float]:
    """Return how long a thousand small files take."""
    for number in range(1000):
        path = root / f"run-{number}" / "events.out.tfevents.1.host.1.0"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(5000))
    begun = time.perf_counter()
    with opened(server.address(root)) as source:
        source.fetch()
        spent = time.perf_counter() - begun
    return {"s to copy 1000 files of 5 kB": spent}


def measure(seconds: float) -> dict[str, dict[str, float]]:
    """Return everything measured, by agent and name."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sshd").mkdir()
        server = Sshd(folder / "sshd")
        server.start()
        os.environ["PATH"] = f"{server.clients}{os.pathsep}{os.environ['PATH']}"
        try:
            for agent in AGENTS:
                server.use_python(agent == "python")
                found[agent] = soak(server, folder / f"soak-{agent}", seconds)
                found[agent] |= copy(server, folder / f"copy-{agent}")
                found[agent] |= many(server, folder / f"many-{agent}")
        finally:
            server.stop()
    return found


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each soak")
    parser.add_argument("--json", type=Path, help="write the numbers there as well")
    args = parser.parse_args()
    found = measure(args.seconds)
    print(f"{'':40}" + "".join(f"{agent:>12}" for agent in AGENTS))
    for name in found[AGENTS[0]]:
        print(f"{name:40}" + "".join(f"{found[agent][name]:12.9g}" for agent in AGENTS))
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
