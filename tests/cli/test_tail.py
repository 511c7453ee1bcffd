from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lossmon.cli import main, tail
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, RunMeta

Capture = pytest.CaptureFixture[str]
Between = Callable[[int], None]


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[[Between], None]:
    """Have a test do something instead of each wait between two polls."""

    def replace(between: Between) -> None:
        polls: Iterator[int] = itertools.count()

        def wait(_: float) -> bool:
            between(next(polls))
            return True

        monkeypatch.setattr(tail, "wait_for_reader", wait)

    return replace


def lines(capsys: Capture) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_once_tells_how_every_run_stands(broken: Path, learning: Path, capsys: Capture) -> None:
    assert main(["tail", str(learning), "--once"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    burst, error, steady = out.splitlines()[0], out.splitlines()[1], out.splitlines()[-1]
    assert burst.startswith("burst  ○ finished")
    assert "step 399  loss nan  ✗ broken" in burst
    assert error.startswith("burst  ✗ error  nan-in-loss  since step 150: ")
    assert steady.startswith("steady  ○ finished")
    assert steady.endswith("✓ learning")


def test_findings_are_those_of_check(broken: Path, learning: Path, capsys: Capture) -> None:
    main(["check", str(broken), "--json"])
    checked = json.loads(capsys.readouterr().out)["runs"]
    assert main(["tail", str(broken), "--once", "--json"]) == 0
    told = [json.loads(line, parse_constant=pytest.fail) for line in lines(capsys)]
    for run in checked:
        mine = [one["finding"] for one in told if one["run"] == run["run"] and one["finding"]]
        assert mine == run["findings"]
        assert {one["status"] for one in told if one["run"] == run["run"]} == {run["status"]}


@pytest.mark.parametrize(("least", "code"), [("error", 3), ("info", 3), ("never", 0)])
def test_fail_on_decides_the_exit_code(broken: Path, least: str, code: int) -> None:
    assert main(["tail", str(broken), "--once", "--fail-on", least]) == code


def test_a_run_that_died_exits_5(write_run: Callable[..., Path], capsys: Capture) -> None:
    root = write_run("a", [1.0] * 50, closed=False)
    assert main(["tail", str(root), "--once"]) == 5
    assert "a  ✕ dead" in capsys.readouterr().out


def test_nothing_there_exits_4_in_one_line(tmp_path: Path, capsys: Capture) -> None:
    assert main(["tail", str(tmp_path / "no"), "--once"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("no: this folder does not exist yet\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize("every", ["-1", "nan", "inf"])
def test_seconds_that_cannot_be_are_refused(every: str, tmp_path: Path, capsys: Capture) -> None:
    assert main(["tail", str(tmp_path), "--every", every]) == 2
    assert "--every takes seconds" in capsys.readouterr().err


def test_a_file_is_refused(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "events").write_text("")
    assert main(["tail", str(tmp_path / "events")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_a_training_is_followed_from_before_its_start_to_its_end(
    tmp_path: Path, capsys: Capture, no_waiting: Callable[[Between], None], until: Any
) -> None:
    root, writers, begun = tmp_path / "runs", [], time.time()

    def size() -> int:
        return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())

    def between(poll: int) -> None:
        if poll == 0:
            meta = RunMeta("r", "r-0", start_wall=begun, model="Net")
            writers.append(RunWriter(root / "net", meta, flush_s=0.01))
        before = size()
        if poll < 4:
            for step in range(poll * 40, poll * 40 + 40):
                writers[0].scalars(step, begun + step / 1000, {"train/loss": 2.0 - step / 200})
            until(lambda: size() > before)
        elif poll == 4:
            writers[0].mark(Mark(159, begun, "closed"))
            writers[0].close()
        else:
            time.sleep(0.01)  # a verdict is renewed once a share of the time has gone by

    no_waiting(between)
    assert main(["tail", str(root), "--until-end", "--every", "0"]) == 0
    out, err = capsys.readouterr()
    assert "this folder does not exist yet" in err
    states = [line for line in out.splitlines() if " loss " in line]
    assert states[0].startswith("net  ● live  step")
    assert states[-1].startswith("net  ○ finished  step 159  loss 1.205")
    steps = [int(line.split("step ")[1].split()[0]) for line in states]
    assert steps == sorted(steps)


def test_times_begin_each_line(learning: Path, capsys: Capture) -> None:
    main(["tail", str(learning), "--once", "--times"])
    for line in lines(capsys):
        time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")


def test_a_terminal_without_unicode_gets_ascii(learning: Path, run_python: Any) -> None:
    env = {"PYTHONIOENCODING": "ascii"}
    done = run_python("-m", "lossmon", "tail", learning, "--once", env=env)
    assert done.stdout.isascii()
    assert "o finished" in done.stdout


def following(*words: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lossmon", "tail", *map(str, words)]
    return subprocess.Popen(command, stdout=-1, stderr=-1, text=True)


def test_ctrl_c_is_quiet(learning: Path) -> None:
    process = following(learning)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("steady")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 130


def test_a_reader_that_goes_away_ends_it_though_nothing_happens(learning: Path) -> None:
    process = following(learning)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("steady")
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == ""


def test_following_loads_neither_textual_nor_torch(learning: Path, run_python: Any) -> None:
    done = run_python(
        "-c",
        "import sys\nfrom lossmon.cli import main\n"
        f"assert main(['tail', {os.fspath(learning)!r}, '--once']) == 0\n"
        "print(sorted({'torch', 'textual', 'tensorboard', 'bokeh'} & set(sys.modules)))",
    )
    assert done.stdout.splitlines()[-1] == "[]"
