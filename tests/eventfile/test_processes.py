"""Ways a process ends, and how it has children: what is in the log then."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from lossmon.eventfile.reader import RunReader
from lossmon.records import Run

if sys.platform == "win32":
    pytest.skip("there is no fork and no signal to speak of", allow_module_level=True)

RunPython = Callable[..., subprocess.CompletedProcess[str]]

BEGIN = """
import os, signal, sys, threading, time
from pathlib import Path
from lossmon.eventfile.writer import RunWriter
from lossmon.records import RunMeta

writer = RunWriter(Path(sys.argv[1]), RunMeta("run", "start"))
for step in range(200):
    writer.scalars(step, time.time(), {"train/loss": float(step)})
"""
FLUSHED = """
while writer._queue.points:
    time.sleep(0.01)
time.sleep(0.3)
"""

KILLED = """
import json, mmap, os, random, signal, struct, sys, time
from pathlib import Path
from lossmon.eventfile.writer import RunWriter
from lossmon.records import RunMeta

def write_steps(logdir, shared):
    writer = RunWriter(logdir, RunMeta("run", "start"))
    step, began = 0, time.time()
    while True:
        now = time.time()
        writer.scalars(step, now, {"train/loss": float(step), "train/lr": 0.1})
        struct.pack_into("<qdd", shared, 0, step, now, began)
        step += 1
        time.sleep(0.001)

root, seconds = Path(sys.argv[1]), random.Random(0)
told = {}
for turn in range(10):
    born = {}
    for number in range(5 * turn, 5 * turn + 5):
        shared = mmap.mmap(-1, 24)
        child = os.fork()
        if not child:
            write_steps(root / str(number), shared)
        born[child] = (number, shared)
    for child, (number, shared) in born.items():
        time.sleep(seconds.uniform(0.05, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told[number] = struct.unpack("<qdd", shared[:24])
print(json.dumps(told))
"""


def read(logdir: Path) -> Run:
    return RunReader(logdir, "x", patience=0).poll()


def steps_of(logdir: Path) -> list[int]:
    series = read(logdir).series.get("train/loss")
    return [] if series is None else series.steps.tolist()


def test_killed_fifty_times_every_complete_record_is_read_and_one_interval_is_lost(
    tmp_path: Path, run_python: RunPython
) -> None:
    done = run_python("-c", KILLED, tmp_path)
    assert done.returncode == 0, done.stderr
    told: dict[str, tuple[int, float, float]] = json.loads(done.stdout)
    assert len(told) == 50
    lost = []
    for number, (step, at, began) in told.items():
        run = read(tmp_path / number)
        series = run.series.get("train/loss")
        assert not run.damage
        if series is None:  # killed before its first flush
            lost.append(at - began)
            continue
        assert series.steps.tolist() == list(range(len(series)))
        assert series.steps[-1] <= step + 1
        lost.append(at - series.wall_times[-1])
    assert median(lost) < 0.25
    # One interval, and what a busy machine may take to wake a thread.
    assert max(lost) < 0.25 + 2.0


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("raise ZeroDivisionError", 1),
        ("raise KeyboardInterrupt", 130),
        ("os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", 130),
        ("writer.close(); writer.close()", 0),
        ("del writer", 0),
        ("threading.Thread(target=writer.close).start()", 0),
        ("threading.Thread(target=lambda: time.sleep(0.3)).start()", 0),
    ],
)
def test_a_process_that_ends_by_itself_loses_nothing(
    tmp_path: Path, run_python: RunPython, ending: str, code: int
) -> None:
    done = run_python("-c", BEGIN + ending, tmp_path)
    # Python ends itself by the signal where it was interrupted.
    assert done.returncode in (code, -signal.SIGINT if code == 130 else code), done.stderr
    assert steps_of(tmp_path) == list(range(200))


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("os._exit(7)", 7),
        ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("os.abort()", -signal.SIGABRT),
    ],
)
def test_a_process_that_is_ended_loses_what_was_not_flushed_yet_and_no_more(
    tmp_path: Path, run_python: RunPython, ending: str, code: int
) -> None:
    done = run_python("-c", BEGIN + FLUSHED + ending, tmp_path)
    assert done.returncode == code
    assert steps_of(tmp_path) == list(range(200))
    assert not read(tmp_path).damage


def test_no_signal_handler_is_installed(tmp_path: Path, run_python: RunPython) -> None:
    before = "import signal; old = [signal.getsignal(s) for s in signal.valid_signals()]\n"
    after = "\nprint(old == [signal.getsignal(s) for s in signal.valid_signals()])"
    assert run_python("-c", before + BEGIN + after, tmp_path).stdout == "True\n"


FORKED = """
child = os.fork()
for step in range(200, 260):
    writer.scalars(step if child else 1000 + step, time.time(), {"train/loss": 1.0})
%s
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.parametrize("ending", ["", "child or os._exit(0)", "child or sys.exit(0)"])
@pytest.mark.parametrize("closed_by_child", ["", "child or writer.close()\n"])
def test_a_forked_child_adds_nothing_however_it_ends(
    tmp_path: Path, run_python: RunPython, ending: str, closed_by_child: str
) -> None:
    done = run_python("-c", BEGIN + FORKED % (closed_by_child + ending), tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr
    assert steps_of(tmp_path) == list(range(260))
    assert len(list((tmp_path / "lossmon").iterdir())) == 2


def test_a_writer_of_a_disk_that_hangs_lets_the_process_end(
    tmp_path: Path, run_python: RunPython
) -> None:
    hang = """
from lossmon.eventfile import pump
pump._JOIN_S = 0.3
hangs = threading.Event()
def write(fd, data):
    hangs.wait()
os.write = write
"""
    program = BEGIN.replace("\nwriter =", f"{hang}\nwriter =") + (
        "for step in range(400_000): writer.scalars(step, 1e9, {'train/loss': 1.0, 'a': 2.0})\n"
        "status = Path('/proc/self/status')\n"
        "words = status.read_text().split() if status.exists() else ['VmHWM:', '0']\n"
        "print(int(words[words.index('VmHWM:') + 1]) // 1024)"
    )
    done = run_python("-c", program, tmp_path, timeout=60)
    assert done.returncode == 0
    assert "has not answered" in done.stderr
    assert "too slow" in done.stderr
    assert int(done.stdout) < 250, "megabytes, of which the interpreter and numpy take some 40"


def test_descriptors_closed_by_a_daemon_cost_nothing(tmp_path: Path, run_python: RunPython) -> None:
    program = (
        BEGIN
        + FLUSHED
        + (
            "os.closerange(3, 200)\n"
            "mine = [open(os.path.join(sys.argv[1], f'mine{i}'), 'w') for i in range(20)]\n"
            "for step in range(200, 300): writer.scalars(step, time.time(), {'train/loss': 1.0})\n"
        )
    )
    done = run_python("-c", program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert steps_of(tmp_path) == list(range(300))
    assert {path.stat().st_size for path in tmp_path.glob("mine*")} == {0}
