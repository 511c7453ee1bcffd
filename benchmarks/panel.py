"""What the tab "Stagnation" costs: first paint in Chromium, its routes, bytes on the wire.

    python benchmarks/panel.py [--parameters 100] [--steps 2000] [--repeat 5] [--json FILE]

One run of so many parameters, sampled at every step, under the real TensorBoard on loopback. First
paint counts from the moment the tab's frame begins to load, in a fresh browser profile each time,
to the verdict and to the chart; the first one finds a server that has read nothing yet. Printed are
medians of the others.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lossmon.diagnosis import synth
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Run

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
WATCH = """
const note = (name, selector) => {
  if (!(name in window.painted) && document.querySelector(selector)) {
    requestAnimationFrame(() => setTimeout(() => { window.painted[name] ??= performance.now(); }));
  }
};
window.painted = {};
new MutationObserver(() => {
  note('verdict', '.verdict h1');
  note('chart', '.figure:not(.next)');
}).observe(document, {subtree: true, childList: true, attributes: true});
"""
SENT = """() => performance.getEntriesByType('resource').concat(
  performance.getEntriesByType('navigation')).reduce((sum, one) => sum + one.transferSize, 0)"""


def write(run: Run, logdir: Path) -> None:
    """Write a run as capture would; wait for the writer so that nothing is dropped."""
    assert run.meta is not None
    assert run.parameters is not None
    assert run.totals is not None
    writer = RunWriter(logdir, run.meta)
    empty = run.parameters.values[0, :0]
    for row, step in enumerate(run.parameters.steps):
        wall = float(run.parameters.wall_times[row])
        values = {tag: float(s.values[row]) for tag, s in run.series.items() if row < len(s)}
        writer.scalars(int(step), wall, values)
        writer.wide(int(step), wall, run.parameters.values[row], empty, run.totals.values[row])
        if row % 200 == 199:
            time.sleep(0.3)
    writer.close()
    assert writer.dropped == 0, f"{writer.dropped} records dropped"


@contextmanager
def tensorboard(logdir: Path) -> Iterator[str]:
    """Run the real program; the result is its address."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r" at (http://\S+)", line):
                yield found[1].rstrip("/")
                break
    finally:
        process.terminate()
        process.wait()


def paint(address: str) -> dict[str, float]:
    """Open the tab in a fresh profile; return milliseconds to its parts, and kB on the wire."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        browser.add_init_script(WATCH)
        page = browser.new_page()
        page.goto(f"{address}/#lossmon")
        page.frame_locator("iframe").locator(".figure:not(.next)").wait_for(timeout=60_000)
        frame: Any = next(frame for frame in page.frames if "plugin_entry" in frame.url)
        frame.wait_for_function("() => window.painted.chart")
        painted = dict(frame.evaluate("() => window.painted"))
        painted["kB"] = frame.evaluate(SENT) / 1000
        browser.close()
    return painted


def ask(address: str, repeat: int) -> tuple[float, float]:
    """Return the median time of a route in milliseconds, and its size in kB, compressed."""
    request = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    times, size = [], 0
    for _ in range(repeat):
        began = time.perf_counter()
        with urllib.request.urlopen(request) as response:
            size = len(response.read())
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times), size / 1000


def routes(address: str, repeat: int) -> dict[str, tuple[float, float]]:
    """Measure every route on a server that has read the run."""
    base = f"{address}/data/plugin/lossmon"
    with urllib.request.urlopen(f"{base}/runs") as response:
        listing = json.load(response)
    name = listing["runs"][0]["run"]
    asked = {
        "runs": "runs",
        "runs, unchanged": f"runs?v={listing['v']}",
        "report": f"report?run={name}",
        "figure": f"figure?run={name}",
        "figure, zoomed": f"figure?run={name}&first=100&last=900",
        "rule": "rule?id=no-signal",
    }
    return {label: ask(f"{base}/{path}", repeat) for label, path in asked.items()}


def main() -> None:
    """Print the tables, and write them as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parameters", type=int, default=100)
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    shapes = {f"{i}.weight": (64, 64) for i in range(args.parameters)}
    with tempfile.TemporaryDirectory() as folder:
        write(synth.run(args.steps, shapes=shapes), Path(folder) / "run")
        with tensorboard(Path(folder)) as address:
            first = paint(address)
            later = [paint(address) for _ in range(args.repeat)]
            times = routes(address, 4 * args.repeat)
    warm = {name: statistics.median(one[name] for one in later) for name in first}
    print(f"{args.parameters} parameters, {args.steps} sampled steps\n")
    print(f"{'first paint':18}{'verdict':>10}{'chart':>10}{'on the wire':>14}")
    for name, row in (("cold server", first), ("warm server", warm)):
        print(f"{name:18}{row['verdict']:7.0f} ms{row['chart']:7.0f} ms{row['kB']:11.0f} kB")
    print(f"\n{'warm route':18}{'time':>10}{'size':>14}")
    for name, (milliseconds, size) in times.items():
        print(f"{name:18}{milliseconds:7.1f} ms{size:11.1f} kB")
    if args.json:
        result = {"cold": first, "warm": warm, "routes": times}
        args.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
