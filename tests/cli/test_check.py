from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lossmon.cli import main
from lossmon.diagnosis.engine import diagnose
from lossmon.eventfile.logdir import read_runs
from lossmon.report.json import render_json

Capture = pytest.CaptureFixture[str]


def test_run_that_learns_exits_0(learning: Path, capsys: Capture) -> None:
    assert main(["check", str(learning)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("steady: learning, 400 steps\n")
    assert out.endswith(f"\nNext: lossmon tui {learning}\n")
    assert err == ""


def test_run_that_is_broken_exits_3_and_says_what_to_type_next(
    broken: Path, capsys: Capture
) -> None:
    assert main(["check", str(broken)]) == 3
    out = capsys.readouterr().out
    assert out.startswith("burst: broken, 400 steps\n")
    assert f"\nNext: lossmon explain nan-in-loss, or lossmon tui {broken}\n" in out


def test_piped_text_holds_no_escape_sequence(broken: Path, capsys: Capture) -> None:
    main(["check", str(broken)])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(("threshold", "code"), [("info", 3), ("error", 3), ("never", 0)])
def test_fail_on_decides_the_exit_code(broken: Path, threshold: str, code: int) -> None:
    assert main(["check", str(broken), "--fail-on", threshold]) == code


def test_json_is_the_report_that_the_engine_gives(broken: Path, capsys: Capture) -> None:
    assert main(["check", str(broken), "--json"]) == 3
    out = capsys.readouterr().out
    assert out == render_json([diagnose(run) for run in read_runs(broken)])


def test_all_runs_of_a_folder_are_judged(broken: Path, learning: Path, capsys: Capture) -> None:
    assert broken == learning
    assert main(["check", str(broken), "--json"]) == 3
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert {run["run"]: run["status"] for run in runs} == {"burst": "broken", "steady": "learning"}


def test_ignored_rule_is_named_as_skipped(broken: Path, capsys: Capture) -> None:
    main(["check", str(broken), "--json", "--ignore", "nan-in-loss"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert "nan-in-loss" not in [finding["rule"] for finding in run["findings"]]
    assert "nan-in-loss" in run["skipped"]


def test_ignoring_an_unknown_rule_is_a_usage_error(broken: Path, capsys: Capture) -> None:
    assert main(["check", str(broken), "--ignore", "nan_in_los"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("lossmon: no rule is called 'nan_in_los'; the nearest: nan-in-loss")


def test_logdir_that_does_not_exist_is_one_line(tmp_path: Path, capsys: Capture) -> None:
    assert main(["check", str(tmp_path / "nowhere")]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("lossmon: ")
    assert "nowhere" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("files", [[], ["notes.txt"]])
def test_logdir_without_runs_is_one_line(tmp_path: Path, capsys: Capture, files: list[str]) -> None:
    for name in files:
        (tmp_path / name).write_text("no event file")
    assert main(["check", str(tmp_path)]) == 4
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_damaged_log_is_judged_and_the_damage_noted(broken: Path, capsys: Capture) -> None:
    file = next(broken.rglob("events.out.tfevents.*"))
    content = bytearray(file.read_bytes())
    content[len(content) // 4] ^= 0xFF
    file.write_bytes(content)
    assert main(["check", str(broken)]) == 3
    out, err = capsys.readouterr()
    assert out.startswith("burst: broken, 39")
    assert err.startswith("lossmon: burst: passed over 1 damaged record")


def test_hostile_names_cannot_speak_to_the_terminal(
    write_run: Callable[..., Path], capsys: Capture
) -> None:
    runs = write_run("a\x1b]0;owned\x07b", np.linspace(1, 0, 50))
    main(["check", str(runs)])
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "\x07" not in out + err


def test_one_damaged_record_is_spoken_of_as_one(learning: Path, capsys: Capture) -> None:
    (file,) = (learning / "steady" / "lossmon").glob("events*")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    main(["check", str(learning)])
    assert "lossmon: steady: passed over 1 damaged record, " in capsys.readouterr().err
