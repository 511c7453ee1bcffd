"""How soon a run that goes NaN is stopped, and how soon somebody hears of it.

    python benchmarks/lostruns.py [--repeat 3] [--markdown] [--json FILE]

A small training whose loss is NaN from one step on, at several paces: with `stop_on`, and followed
by `lossmon alert`, which posts to a server here. What counts is the time from the first NaN, and
the steps made in it, and how many findings were told of; for the judge beside the training, the
share of a core that it took once it had begun. Worst of all rounds.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACES_MS = (0.0, 10.0, 100.0)
WARM_S = 8.0
"""Before the NaN: the judge is as it is in a long training."""

TRAINING = """
import json, os, sys, time, torch, lossmon
pace, warm, logdir, stop_on = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:]
torch.manual_seed(0)
x, w = torch.randn(512, 16), torch.randn(16, 1)
model = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), 0.01)
mon = lossmon.watch(model, optimizer, logdir=logdir, stop_on=stop_on)
began, born, step, half = time.time(), 0.0, 0, None


def judged():
    with open(f"/proc/{mon._lookout._process.pid}/stat") as file:
        ticks = sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK"), time.time()


try:
    while not born or time.time() < born + 60:
        i = torch.randint(0, 512, (32,))
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x[i]), x[i] @ w)
        if stop_on and half is None and time.time() > began + warm / 2:
            half = judged()
        if time.time() > began + warm:
            loss = loss * float("nan")
            if not born:
                born, first = time.time(), step
                print(json.dumps({"born": born}), flush=True)
        loss.backward()
        optimizer.step()
        mon.step(loss)
        step += 1
        time.sleep(pace)
except lossmon.RunStopped:
    cpu, now = judged()
    cpu = (cpu - half[0]) / (now - half[1])
    print(json.dumps({"s": time.time() - born, "steps": step - first, "cpu": cpu}))
"""


def trained(pace_ms: float, logdir: Path, *stop_on: str) -> subprocess.Popen[str]:
    """Begin the training."""
    words = [sys.executable, "-c", TRAINING, str(pace_ms / 1e3), str(WARM_S), str(logdir), *stop_on]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def stopped(pace_ms: float, folder: Path) -> dict[str, float]:
    """Return how long a training lived on, with what its judge took."""
    out, _ = trained(pace_ms, folder / "run", "nan-in-loss").communicate(timeout=300)
    found: dict[str, float] = json.loads(out.splitlines()[-1])
    return found


@contextmanager
def listening() -> Iterator[tuple[str, list[tuple[float, Any]]]]:
    """Give the address of a server, and what it got, when."""
    got: list[tuple[float, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((time.time(), json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", got
    server.shutdown()


def told(pace_ms: float, folder: Path) -> dict[str, float]:
    """Return after how long the webhook had it, and how many alerts came in 15 s."""
    with listening() as (url, got):
        env = {**os.environ, "LOSSMON_WEBHOOK": url, "XDG_STATE_HOME": str(folder / "state")}
        words = [sys.executable, "-m", "lossmon", "alert", str(folder / "runs")]
        follower = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL)
        training = trained(pace_ms, folder / "runs" / "a")
        assert training.stdout is not None
        born = json.loads(training.stdout.readline())["born"]
        time.sleep(15)
        for process in (training, follower):
            process.kill()
            process.communicate()
    about = [at for at, body in got if body["kind"] == "finding" and at >= born]
    return {"s": about[0] - born if about else float("inf"), "alerts": len(about)}


def main() -> None:
    """Print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    for pace in PACES_MS:
        with tempfile.TemporaryDirectory() as name:
            places = [Path(name) / str(number) for number in range(2 * args.repeat)]
            ends = [stopped(pace, place) for place in places[::2]]
            posts = [told(pace, place) for place in places[1::2]]
        rows.append(
            {
                "pace_ms": pace,
                "stop_s": max(end["s"] for end in ends),
                "stop_steps": max(end["steps"] for end in ends),
                "cpu": max(end["cpu"] for end in ends),
                "alert_s": max(post["s"] for post in posts),
                "alerts": max(post["alerts"] for post in posts),
            }
        )
    load = os.getloadavg()[0]
    print(_table(rows, markdown=args.markdown))
    print(f"load average at the end: {load:.1f}, cores: {os.cpu_count()}", file=sys.stderr)
    if args.json:
        found = {"repeat": args.repeat, "load": load, "rows": rows}
        args.json.write_text(json.dumps(found, indent=2))


def _table(rows: list[dict[str, float]], *, markdown: bool) -> str:
    head = ("pause a step", "stopped after", "steps made", "judge's CPU", "alert after", "alerts")
    lines = [
        (
            f"{row['pace_ms']:.0f} ms", f"{row['stop_s']:.1f} s", f"{row['stop_steps']:.0f}",
            f"{100 * row['cpu']:.0f} %", f"{row['alert_s']:.1f} s", f"{row['alerts']:.0f}",
        )
        for row in rows
    ]  # fmt: skip
    if markdown:
        rule = ("---",) * len(head)
        return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))
    return "\n".join("".join(f"{cell:20}" for cell in line).rstrip() for line in (head, *lines))


if __name__ == "__main__":
    main()
