from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lossmon.cli import main

Capture = pytest.CaptureFixture[str]


def test_runs_are_listed_a_line_each(broken: Path, learning: Path, capsys: Capture) -> None:
    assert broken == learning
    assert main(["ls", str(broken)]) == 0
    header, burst, steady = capsys.readouterr().out.splitlines()
    assert header.split() == ["run", "status", "cause", "step", "loss", "last", "written"]
    assert burst.split()[:5] == ["burst", "broken", "nan-in-loss", "399", "nan"]
    assert steady.split()[:2] == ["steady", "learning"]
    assert steady.endswith("ago, finished")


def test_live_run_is_called_live(write_run: Callable[..., Path], capsys: Capture) -> None:
    runs = write_run("now", np.linspace(1, 0.5, 60), start=time.time() - 59, closed=False)
    main(["ls", str(runs)])
    assert capsys.readouterr().out.splitlines()[1].endswith("ago, live")


def test_run_that_stopped_without_a_word_is_called_dead(
    write_run: Callable[..., Path], capsys: Capture
) -> None:
    runs = write_run("then", np.linspace(1, 0.5, 60), closed=False)
    main(["ls", str(runs), "--json"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["liveness"] == "dead"


def test_json_names_every_column(learning: Path, capsys: Capture) -> None:
    assert main(["ls", str(learning), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (run,) = document["runs"]
    assert document["schema"] == 1
    assert run == {
        "run": "steady",
        "status": "learning",
        "cause": run["cause"],
        "step": 399,
        "loss": run["loss"],
        "liveness": "finished",
        "last_wall": run["last_wall"],
    }
    assert 0 < run["loss"] < 1


def test_logdir_that_does_not_exist_exits_4(tmp_path: Path, capsys: Capture) -> None:
    assert main(["ls", str(tmp_path / "nowhere")]) == 4
    assert capsys.readouterr().err.count("\n") == 1


def test_a_run_that_misses_heartbeats_is_called_silent_and_still_counts_as_live(
    write_run: Callable[..., Path], capsys: Capture
) -> None:
    runs = write_run("now", np.linspace(1, 0.5, 60), start=time.time() - 59 - 40, closed=False)
    main(["ls", str(runs)])
    assert capsys.readouterr().out.splitlines()[1].endswith("s ago, silent")
    main(["ls", str(runs), "--json"])
    assert json.loads(capsys.readouterr().out)["runs"][0]["liveness"] == "live"


def test_numbers_in_names_are_in_order(write_run: Callable[..., Path], capsys: Capture) -> None:
    for number in (10, 2, 1):
        runs = write_run(f"Sequential-{number}", [1.0] * 3)
    main(["ls", str(runs)])
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert names == ["Sequential-1", "Sequential-2", "Sequential-10"]
