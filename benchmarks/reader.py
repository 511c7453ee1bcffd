"""How fast logs are read, and how soon a step is seen: ours and TensorBoard's readers.

    python benchmarks/reader.py [--case NAME ...] [--rounds 5] [--slow-rounds 1] [--json FILE]

Each reader is a process of its own that reads one log whole, every point kept and every checksum
checked by ours; seconds without the start of the interpreter, peak memory of the process. Readers
take turns within a round, and ratios are formed round by round; medians are printed. TensorBoard's
data server (Rust) keeps 1,000 points a tag and checks no checksums; its time ends when it says that
it has loaded everything. `google-crc32c` is used by ours where it is installed, and named.

Then the delay from a step to a reader that polls twice a second, with a live writer.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lossmon.eventfile import crc32c
from lossmon.eventfile.encoding import text_event, version_event
from lossmon.eventfile.framing import frame_all
from lossmon.eventfile.meta import meta_json
from lossmon.eventfile.widerecord import WideEncoder
from lossmon.eventfile.wire import bytes_field, double_field, float_field, varint_field
from lossmon.records import ParameterInfo, RunMeta
from lossmon.signals import META_TAG

TAGS = ("train/loss", "train/lr", "train/acc", "train/grad_norm", "val/loss")
NAME = "events.out.tfevents.1700000000.host.1.0"
READERS = {
    "lossmon": """
from lossmon.eventfile.logdir import read_runs
begin()
runs = read_runs(sys.argv[1])
end(sum(len(s) for run in runs for s in run.series.values())
    + sum(len(run.parameters) for run in runs if run.parameters is not None))
""",
    "EventAccumulator": """
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
begin()
points, kept = 0, []
for folder in sorted({path.parent for path in Path(sys.argv[1]).rglob('*tfevents*')}):
    read = EventAccumulator(str(folder), size_guidance={'scalars': 0, 'tensors': 0}).Reload()
    points += sum(len(read.Scalars(tag)) for tag in read.Tags()['scalars'])
    points += sum(len(read.Tensors(tag)) for tag in read.Tags()['tensors'])
    kept.append(read)
end(points)
""",
    "tbparse": """
from tbparse import SummaryReader
begin()
end(len(SummaryReader(sys.argv[1], event_types={'scalars', 'tensors'}).scalars))
""",
}
FRAME = """
import gc, json, resource, sys, time
from pathlib import Path
def begin():
    global began
    began = time.perf_counter()
def end(points):
    spent = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({'seconds': spent, 'megabytes': peak, 'points': int(points)}))
"""
WRITER = """
import sys, time
from pathlib import Path
from lossmon.eventfile.writer import RunWriter
from lossmon.records import RunMeta
writer = RunWriter(Path(sys.argv[1]), RunMeta('live', 'live-0', start_wall=time.time()))
for step in range(int(sys.argv[2])):
    writer.scalars(step, time.time(), {'train/loss': 1.0})
    time.sleep(0.05)
writer.close()
"""


def scalars(folder: Path, tags: tuple[str, ...], steps: int) -> None:
    """Write one event a point, as SummaryWriter does."""
    folder.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(0).random(steps)
    heads = [bytes_field(1, tag.encode()) for tag in tags]
    records = [version_event(1.7e9, "benchmark")]
    with (folder / NAME).open("wb") as file:
        for step, value in enumerate(values.tolist()):
            front = double_field(1, 1.7e9 + 0.1 * step) + varint_field(2, step)
            for head in heads:
                body = bytes_field(5, bytes_field(1, head + float_field(2, value)))
                records.append(front + body)
            if len(records) > 50_000 or step == steps - 1:
                file.write(b"".join(block.data for block in frame_all(records)))
                records = []


def wide(folder: Path, steps: int = 10_000) -> None:
    """Write wide records of 300 parameters and 12 signals, under a name TensorBoard opens too."""
    meta = RunMeta(
        "wide",
        "wide-0",
        parameters=tuple(ParameterInfo(f"layers.{i}.weight", (8, 8)) for i in range(300)),
        parameter_signals=tuple(f"signal_{i}" for i in range(12)),
    )
    (folder / "lossmon").mkdir(parents=True)
    encode, rng = WideEncoder(meta), np.random.default_rng(0)
    stats = folder / "lossmon" / "lossmon.1700000000.host.1.0.r0.stats"
    with stats.open("wb") as file:
        records = [text_event(META_TAG, 0, 1.7e9, meta_json(meta))]
        for step in range(steps):
            table = rng.random((300, 12), np.float32).tobytes()
            records.append(encode(step, 1.7e9 + step, (table, b"", b"")))
            if len(records) == 500:
                file.write(b"".join(block.data for block in frame_all(records)))
                records = []
        file.write(b"".join(block.data for block in frame_all(records)))
    (folder / "as_tensorboard").mkdir()
    (folder / "as_tensorboard" / NAME).hardlink_to(stats)


def _scalars(folder: Path) -> None:
    scalars(folder / "one", ("train/loss",), 1_000_000)


def _runs(folder: Path) -> None:
    for number in range(100):
        scalars(folder / f"run{number}", TAGS, 10_000)


def _small(folder: Path) -> None:
    for number in range(1000):
        scalars(folder / f"group{number % 10}" / f"run{number}", TAGS[:3], 200)


CASES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "scalars": ("1 run, 1 tag, 1 M points", _scalars),
    "runs": ("100 runs, 5 tags, 10 k steps: 5 M points", _runs),
    "wide": ("10 k wide records of 300 x 12", wide),
    "small": ("1,000 runs, 3 tags, 200 steps", _small),
}


def read(reader: str, folder: Path) -> dict[str, float] | None:
    """Return seconds, megabytes and points of one reader on one log; None where it is missing."""
    if reader == "data server":
        return data_server(folder)
    script = FRAME + READERS[reader]
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode and "ModuleNotFoundError" in done.stderr:
        return None
    assert not done.returncode, done.stderr
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def data_server(folder: Path) -> dict[str, float] | None:
    """Run TensorBoard's data server until it has loaded `folder` once."""
    try:
        from tensorboard_data_server import server_binary
    except ImportError:
        return None
    binary = server_binary()
    if binary is None:
        return None
    command = [binary, "--logdir", str(folder), "--reload", "once", "--port", "0", "-vv"]
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "Finished load cycle" in line:
            break
    spent = time.perf_counter() - began
    status = Path(f"/proc/{process.pid}/status").read_text()
    (peak,) = re.findall(r"VmHWM:\s+(\d+)", status)
    process.kill()
    process.wait()
    process.stderr.close()
    return {"seconds": spent, "megabytes": int(peak) / 1024, "points": -1}


def compare(folder: Path, rounds: int, slow_rounds: int) -> dict[str, dict[str, float]]:
    """Return medians by reader, with the ratio to ours."""
    found: dict[str, list[dict[str, float]]] = {}
    ratios: dict[str, list[float]] = {}
    for number in range(rounds):
        ours = read("lossmon", folder)
        assert ours is not None
        found.setdefault("lossmon", []).append(ours)
        slow = ("EventAccumulator", "tbparse") if number < slow_rounds else ()
        for reader in ("data server", *slow):
            theirs = read(reader, folder)
            if theirs is not None:
                found.setdefault(reader, []).append(theirs)
                ratios.setdefault(reader, []).append(theirs["seconds"] / ours["seconds"])
    table = {
        reader: {key: statistics.median(one[key] for one in results) for key in results[0]}
        for reader, results in found.items()
    }
    for reader, each in ratios.items():
        table[reader]["times_ours"] = statistics.median(each)
    return table


def delays(folder: Path, steps: int = 200) -> dict[str, float]:
    """Return seconds from a step to a reader that polls twice a second."""
    from lossmon.eventfile.watching import LogdirReader

    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(steps)])
    reader, seen, waits = LogdirReader(folder), 0, []
    while seen < steps and (writer.poll() is None or seen < steps):
        for run in reader.poll():
            series = run.series.get("train/loss")
            if series is not None:
                waits += (time.time() - series.wall_times[seen:]).tolist()
                seen = len(series)
        time.sleep(0.5)
    writer.wait()
    p50, p99 = np.percentile(waits, [50, 99]).tolist()
    return {"p50": p50, "p99": p99, "steps": len(waits)}


def idle(folder: Path, seconds: float = 20.0) -> dict[str, float]:
    """Return what opening a tree takes, and the share of one core that watching it takes then."""
    from lossmon.eventfile.watching import LogdirReader

    reader = LogdirReader(folder)
    began = time.perf_counter()
    runs = len(reader.poll())
    opened = time.perf_counter() - began
    began, busy = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        reader.poll()
        time.sleep(0.5)
    share = (time.process_time() - busy) / (time.perf_counter() - began)
    return {"runs": runs, "open_seconds": opened, "idle_percent": 100 * share}


def show(title: str, table: dict[str, dict[str, float]]) -> None:
    """Print one case."""
    print(f"\n{title}")
    print(f"{'':18}{'seconds':>9}{'MB':>8}{'points':>12}{'times ours':>12}")
    for reader, row in table.items():
        points = f"{row['points']:,.0f}" if row["points"] >= 0 else "1,000/tag"
        ratio = f"{row['times_ours']:.1f}" if "times_ours" in row else ""
        line = f"{row['seconds']:9.3f}{row['megabytes']:8.0f}{points:>12}{ratio:>12}"
        print(f"{reader:18}{line}", flush=True)


def main() -> None:
    """Print the tables, and write them as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", action="append", choices=list(CASES), help="repeatable")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow-rounds", type=int, default=1, help="of EventAccumulator, tbparse")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print(f"checksums by {crc32c.crc32c.__module__}, numpy where records are short")
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for name in args.case or CASES:
            title, write = CASES[name]
            folder = Path(temporary) / name
            write(folder)
            results[name] = table = compare(folder, args.rounds, args.slow_rounds)
            show(title, table)
            if name == "small":
                results["idle"] = resting = idle(folder)
                print(
                    f"opened in {resting['open_seconds']:.2f} s, then watched with "
                    f"{resting['idle_percent']:.2f} % of one core"
                )
        results["delay"] = wait = delays(Path(temporary) / "live")
    print(f"\nstep to reader: {wait['p50']:.2f} s median, {wait['p99']:.2f} s 99th percentile")
    if args.json:
        args.json.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
