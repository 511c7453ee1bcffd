"""What the tab "Stagnation" costs: first paint in Chromium, its routes, bytes on the wire, memory.

    python benchmarks/panel.py [--only layers long many] [--repeat 5] [--markdown] [--json FILE]

Three logdirs under the real TensorBoard on loopback: one run of 100 layers with 2,000 samples of
each, 10 runs of 100,000 steps, and 1,000 runs. First paint counts from the moment the tab's frame
begins to load, in a fresh browser profile each time, to the verdict, the loss and the layers; the
first one finds a server that has read nothing yet. Printed are medians of the others, beside the
budgets of the project, and what TensorBoard's own tab "Time Series" takes for the same log.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import panellogs

PAINT_MS, ROUTE_MS, WIRE_KB = 1000, 100, 1000
"""The budgets: first paint, a warm route, and all that goes over the wire."""
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
  note('loss', '.loss .figure:not(.next)');
  note('layers', '.heat .figure:not(.next)');
  note('series', 'line-chart svg, line-chart canvas');
}).observe(document, {subtree: true, childList: true, attributes: true});
"""
SENT = """() => performance.getEntriesByType('resource').concat(
  performance.getEntriesByType('navigation')).reduce((sum, one) => sum + one.transferSize, 0)"""
HEAP = "() => performance.memory.usedJSHeapSize / 1e6"
LOGS: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    "layers": ("100 layers x 2,000 samples", "layers", lambda d: panellogs.layers(d, 100, 2_000)),
    "long": ("10 runs x 100,000 steps", "loss", lambda d: panellogs.scalars(d, 10, 100_000)),
    "many": ("1,000 runs x 30 steps", "loss", lambda d: panellogs.scalars(d, 1_000, 30)),
}
"""By name: what it is, the part that is painted last, and what writes it."""


@contextmanager
def tensorboard(logdir: Path) -> Iterator[str]:
    """Run the real program; the result is its address."""
    with started(logdir) as (address, _):
        yield address


@contextmanager
def started(logdir: Path) -> Iterator[tuple[str, int]]:
    """Run the real program; the result is its address and its process."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r" at (http://\S+)", line):
                yield found[1].rstrip("/"), process.pid
                break
    finally:
        process.terminate()
        process.wait()


def paint(address: str, last: str) -> dict[str, float]:
    """Open the tab in a fresh profile; return milliseconds to its parts, kB sent, and the heap."""
    with _page() as page:
        page.goto(f"{address}/#lossmon")
        frame = page.frame_locator("iframe")
        frame.locator(".verdict h1").wait_for(timeout=120_000)
        inside: Any = next(one for one in page.frames if "plugin_entry" in one.url)
        inside.wait_for_function(f"() => window.painted.{last}", timeout=120_000)
        painted = dict(inside.evaluate("() => window.painted"))
        return {**painted, "kB": inside.evaluate(SENT) / 1000, "heap": inside.evaluate(HEAP)}


def paint_series(address: str) -> float:
    """Return milliseconds until TensorBoard's own tab has drawn its first chart."""
    with _page() as page:
        page.goto(f"{address}/#timeseries")
        page.wait_for_function("() => window.painted.series", timeout=120_000)
        return float(page.evaluate("() => window.painted.series"))


@contextmanager
def _page() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        browser.add_init_script(WATCH)
        yield browser.new_page()
        browser.close()


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


def routes(address: str, name: str, repeat: int) -> dict[str, tuple[float, float]]:
    """Measure the routes on a server that has read the runs; "new" ones are drawn each time."""
    base = f"{address}/data/plugin/lossmon"
    listing = _all_read(base)
    runs = [line["run"] for line in listing["runs"]]
    one = urlencode({"run": runs[0]})
    asked = {
        "runs": "runs",
        "runs, unchanged": f"runs?v={listing['v']}",
        "report": f"report?{one}",
        "figure": f"figure?{one}",
    }
    fresh = {"figure, new": f"figure?{one}&first=10"}
    if name == "layers":
        asked |= {"heatmap": f"heatmap?{one}"}
        fresh |= {
            "heatmap, new": f"heatmap?{one}&first=10",
            "layer, new": f"layer?{one}&name=blocks.7.weight&first=9",
        }
    if name == "long":
        ten = urlencode({"run": runs[:10]}, doseq=True)
        fresh |= {"figure of 10 runs, new": f"figure?{ten}&first=10"}
        fresh |= {"compare, new": f"compare?{urlencode({'run': runs[:2]}, doseq=True)}&first=10"}
    measured = {label: ask(f"{base}/{path}", 4 * repeat) for label, path in asked.items()}
    for label, path in fresh.items():
        tries = [ask(f"{base}/{path}&last={900 + n}", 1) for n in range(2 * repeat)]
        times, sizes = zip(*tries, strict=True)
        measured[label] = statistics.median(times), statistics.median(sizes)
    return measured


def _all_read(base: str) -> dict[str, Any]:
    """Return the list of runs once none is pending; with a token, of no list, more is read."""
    while True:
        with urllib.request.urlopen(f"{base}/runs?v=none") as response:
            listing: dict[str, Any] = json.load(response)
        if not listing["pending"]:
            return listing


def resident(pid: int) -> float:
    """Return MB of memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def measure(name: str, repeat: int) -> dict[str, Any]:
    """Write a log and measure all there is to know of it."""
    title, last, make = LOGS[name]
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        with started(Path(folder)) as (address, pid):
            first = paint(address, last)
            later = [paint(address, last) for _ in range(repeat)]
            times = routes(address, name, repeat)
            memory = resident(pid)
            series = statistics.median(paint_series(address) for _ in range(min(repeat, 3)))
    warm = {key: statistics.median(one[key] for one in later) for key in first}
    return {
        "title": title, "cold": first, "warm": warm, "routes": times, "server_MB": memory,
        "time_series_ms": series, "last": last,
    }  # fmt: skip


Row = tuple[str, float, str, str, str]
"""What was measured, the figure, its unit, the budget, and what came over the wire."""


def rows(found: dict[str, Any]) -> Iterator[Row]:
    """Yield the figures of one log. A route that is "new" had to be drawn, others were kept."""
    warm, last = found["warm"], found["last"]
    yield "verdict, server that has read nothing", found["cold"]["verdict"], "ms", "", ""
    yield "verdict", warm["verdict"], "ms", str(PAINT_MS), ""
    yield f"first paint, {last}", warm[last], "ms", str(PAINT_MS), ""
    yield "Time Series, first chart", found["time_series_ms"], "ms", "", ""
    yield "on the wire", warm["kB"], "kB", str(WIRE_KB), ""
    yield "browser heap", warm["heap"], "MB", "", ""
    yield "server", found["server_MB"], "MB", "", ""
    for label, (milliseconds, size) in found["routes"].items():
        yield f"/{label}", milliseconds, "ms", str(ROUTE_MS), f"{size:.1f}"


def table(found: dict[str, Any], *, markdown: bool) -> str:
    """Return the figures beside their budgets; a missed one is marked."""
    lines = [[found["title"], "measured", "budget", "kB"]]
    lines += [["---"] * 4] if markdown else []
    for label, value, unit, budget, size in rows(found):
        missed = " (missed)" * bool(budget and value > float(budget))
        shown = f"{value:.1f}" if value < 10 else f"{value:,.0f}"
        limit = f"{int(budget):,} {unit}" if budget else ""
        lines.append([label, f"{shown} {unit}{missed}", limit, size])
    if markdown:
        return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return "\n" + "".join(f"{a:40}{b:>20}{c:>12}{d:>10}\n" for a, b, c, d in lines)


def main() -> None:
    """Print the tables, and write them as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=tuple(LOGS), default=tuple(LOGS))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--markdown", action="store_true", help="print tables for the docs")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print(f"load of this machine before it began: {os.getloadavg()[0]:.1f}")
    results = {}
    for name in args.only:
        results[name] = measure(name, args.repeat)
        print(table(results[name], markdown=args.markdown), end="")
    if args.json:
        args.json.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
