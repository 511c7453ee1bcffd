"""What an installed lossmon must do, tried from inside the environment. Standard library only.

    PYTHON -P benchmarks/packagetrial.py FOLDER TRIAL ...

`benchmarks/packages.py` starts it with the environment's Python, and reads one JSON object from the
last line: for each trial "" where it passed, else what went wrong.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

PATIENCE_S = 120
FRAMEWORKS = ("lightning", "transformers", "accelerate", "ignite", "fabric", "skorch")
"""Extras that bring a framework, each tried by a training in it."""
BIN = Path(sys.executable).parent
WRITE = """
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, RunMeta
meta = RunMeta(run_id="learner", start_id="learner-0", start_wall=1.7e9, model="Net")
writer = RunWriter("runs/learner", meta)
for step in range(200):
    writer.scalars(step, 1.7e9 + step, {"train/loss": 2.0 - step / 120})
writer.mark(Mark(199, 1.7e9 + 200, "closed"))
writer.close()
"""
TRAIN = """
import torch
from torch import nn
torch.manual_seed(0)
torch.set_num_threads(1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
WATCH
for _ in range(150):
    x = torch.randn(32, 8)
    loss = criterion(model(x), x[:, :3].argmax(1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    STEP
"""
WATCH = 'import lossmon; mon = lossmon.watch(model, optimizer, logdir="watched/learner")'


def help_() -> None:
    """The program starts, and lists its commands."""
    assert "check" in _lossmon("--help")
    assert _lossmon("--version").split()[1] == importlib.metadata.version("lossmon")


def check() -> None:
    """A log is read and judged."""
    (run,) = json.loads(_lossmon("check", "runs", "--json"))["runs"]
    assert (run["run"], run["status"], run["steps"]) == ("learner", "learning", 200), run
    assert "learner: learning" in _lossmon("check", "runs")


def once() -> None:
    """A screen is drawn without a terminal."""
    assert "learner" in _lossmon("tui", "runs", "--once", "--width", "80", "--height", "24")


def terminal() -> None:
    """The terminal interface opens the logdir in a terminal, and ends at `q` with 0."""
    master, slave = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [BIN / "lossmon", "tui", "runs"], stdin=slave, stdout=slave, stderr=slave, env=env
    )
    try:
        _read_until(master, b"learner")
        os.write(master, b"q")
        deadline = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < deadline:
            if select.select([master], [], [], 0.1)[0]:
                os.read(master, 65536)  # what it sends when it ends has to go somewhere
        assert process.poll() == 0, f"exit code {process.poll()}"
    finally:
        process.kill()
        process.wait()


def tab() -> None:
    """TensorBoard, the real program, lists the tab; the tab answers and draws."""
    with _tensorboard() as address:
        assert _get(f"{address}/data/plugins_listing")["lossmon"]["tab_name"] == "Stagnation"
        panel = f"{address}/data/plugin/lossmon"
        assert [run["run"] for run in _get(f"{panel}/runs")["runs"]] == ["learner"]
        assert _get(f"{panel}/report?run=learner")["report"]["status"] == "learning"
        assert _get(f"{panel}/about")["bokeh"] == importlib.metadata.version("bokeh")
        assert "item" in json.dumps(_get(f"{panel}/figure?run=learner"))
        assert len(_fetch(f"{panel}/static/bokeh.js")) > 500_000


def tab_without_figures() -> None:
    """The same without Bokeh: verdicts, no figures, and TensorBoard unharmed."""
    with _tensorboard() as address:
        assert _get(f"{address}/data/plugins_listing")["lossmon"]["tab_name"] == "Stagnation"
        panel = f"{address}/data/plugin/lossmon"
        assert _get(f"{panel}/report?run=learner")["report"]["status"] == "learning"
        assert _get(f"{panel}/about")["bokeh"] == ""


def page() -> None:
    """`lossmon report --html` writes a page."""
    _lossmon("report", "runs", "--html", "page.html", "--force")
    assert "learner" in Path("page.html").read_text(encoding="utf-8")


def watch() -> None:
    """Two lines in a loop record it, layers and gradients included."""
    script = TRAIN.replace("WATCH", WATCH).replace("STEP", "mon.step(loss)")
    _python("-c", f"{script}\nmon.close()")
    (run,) = json.loads(_lossmon("check", "watched", "--json"))["runs"]
    assert (run["steps"], run["cause"]) == (150, None), run
    assert run["status"] in ("learning", "converged"), run["status"]
    assert "0.weight" in _lossmon("show", "watched")


def run() -> None:
    """`lossmon run` watches a script that knows nothing of lossmon."""
    Path("train.py").write_text(TRAIN.replace("WATCH", "").replace("STEP", ""), encoding="utf-8")
    shutil.rmtree("scripts", ignore_errors=True)
    _lossmon("run", "--logdir", "scripts", "train.py")
    (found,) = json.loads(_lossmon("check", "scripts", "--json"))["runs"]
    assert found["steps"] == 150, found


def in_framework(name: str) -> None:
    """One line watches a training in a framework."""
    script = Path(__file__).with_name("packageframework.py")
    _python("-P", "-W", "ignore", str(script), name, "frameworks/run")
    (found,) = json.loads(_lossmon("check", "frameworks", "--json"))["runs"]
    assert (found["steps"], found["status"], found["cause"]) == (64, "learning", None), found


def remote() -> None:
    """A logdir is read through fsspec."""
    address = (Path.cwd() / "runs").as_uri()
    assert "learner" in _lossmon("check", address)


def gpu() -> None:
    """NVIDIA's binding imports; without a driver it says so in its own words."""
    _python("-c", "import pynvml")


def fast() -> None:
    """Checksums are computed in C."""
    code = "import google_crc32c as c; assert c.implementation == 'c', c.implementation"
    _python("-c", code)


def completion() -> None:
    """A shell's completions are written."""
    assert "check" in _lossmon("completion", "bash")


def no_torch() -> None:
    """PyTorch is not there, and nothing that was tried so far needed it."""
    names = {one.metadata["Name"].lower() for one in importlib.metadata.distributions()}
    assert "torch" not in names


TRIALS = {
    "help": help_,
    "check": check,
    "tui --once": once,
    "tui": terminal,
    "tab": tab,
    "tab, no figures": tab_without_figures,
    "report --html": page,
    "watch": watch,
    "run": run,
    "remote": remote,
    "gpu": gpu,
    "fast": fast,
    "completion": completion,
    "no torch": no_torch,
    **{name: partial(in_framework, name) for name in FRAMEWORKS},
}


def _lossmon(*words: str) -> str:
    return _output(BIN / "lossmon", *words)


def _python(*words: str) -> str:
    return _output(sys.executable, *words)


def _output(*command: str | Path) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, encoding="utf-8", check=False
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}: {done.stderr[-500:]}"
    return done.stdout


def _read_until(descriptor: int, words: bytes) -> None:
    seen, deadline = b"", time.monotonic() + PATIENCE_S
    while words not in seen:
        assert time.monotonic() < deadline, f"never shown; the last it sent: {seen[-200:]!r}"
        if select.select([descriptor], [], [], 0.5)[0]:
            seen += os.read(descriptor, 65536)


@contextmanager
def _tensorboard() -> Iterator[str]:
    command = [BIN / "tensorboard", "--logdir", "runs", "--port", "0", "--host", "127.0.0.1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    seen = []
    try:
        for line in process.stderr:
            seen.append(line)
            if found := re.search(r" at (http://\S+)", line):
                yield found[1].rstrip("/")
                return
        raise AssertionError("".join(seen[-5:]))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def _fetch(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as response:
            content: bytes = response.read()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{address.partition('/data/')[2]}: {error.code}") from error
    return content


def _get(address: str) -> Any:
    return json.loads(_fetch(address))


def main() -> None:
    """Make a log in the folder, and try what was asked for there."""
    folder, *names = sys.argv[1:]
    os.chdir(folder)
    shutil.rmtree("runs", ignore_errors=True)
    _python("-c", WRITE)
    said: dict[str, str] = {}
    for name in names:
        try:
            TRIALS[name]()
        except Exception as error:  # whatever it is, it is told and the next is tried
            said[name] = f"{type(error).__name__}: {error}"
        else:
            said[name] = ""
    print(json.dumps(said))


if __name__ == "__main__":
    main()
