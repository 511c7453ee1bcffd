from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lossmon.cli import main
from lossmon.eventfile.logdir import read_run
from lossmon.eventfile.writer import RunWriter
from lossmon.records import ParameterInfo, RunMeta

Capture = pytest.CaptureFixture[str]
LOSSES = [2.5, 0.1, np.nan, np.inf, -np.inf, 1e-40, 3.3]


@pytest.fixture
def runs(write_run: Callable[..., Path]) -> Path:
    """A folder with two runs of a few steps."""
    write_run("a", LOSSES)
    return write_run("b/c", LOSSES[:2])


@pytest.fixture
def sampled(tmp_path: Path) -> Path:
    """A run with wide records of two parameters."""
    infos = ParameterInfo("fc.weight", (4, 3)), ParameterInfo("fc.bias", (4,))
    meta = RunMeta(
        "r", "r-0", parameters=infos, parameter_signals=("grad_norm",), run_signals=("prior_loss",)
    )
    writer = RunWriter(tmp_path / "sampled", meta)
    for step in range(3):
        writer.scalars(step, 1e9 + step, {"train/loss": 1.0})
        values = np.array([[step + 0.1], [step + 0.2]], np.float32)
        none, totals = np.zeros((0, 0), np.float32), np.full((1, 1), 2.3, np.float32)
        writer.wide(step, 1e9 + step, values, none, totals)
    writer.close()
    return tmp_path / "sampled"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(), strict=True))


def test_csv_holds_every_scalar_of_every_run(runs: Path, capsys: Capture) -> None:
    assert main(["export", str(runs)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = rows(out)
    for name in ("a", "b/c"):
        series = read_run(runs / name).series["train/loss"]
        mine = [row for row in found if row["run"] == name]
        assert [int(row["step"]) for row in mine] == series.steps.tolist()
        assert [float(row["wall_time"]) for row in mine] == series.wall_times.tolist()
        values = [float(row["value"]) for row in mine]
        assert np.array_equal(values, series.values, equal_nan=True)
    assert len(found) == 9


@pytest.mark.parametrize("option", ["--jsonl", "--json"])
def test_json_lines_are_strict_json_with_their_schema(
    runs: Path, capsys: Capture, option: str
) -> None:
    assert main(["export", str(runs), option, "--run", "a"]) == 0
    out = capsys.readouterr().out
    found = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()]
    assert [row["value"] for row in found][2:5] == ["nan", "inf", "-inf"]
    assert found[1] == {
        "schema": 1,
        "run": "a",
        "step": 1,
        "wall_time": 1700000001.0,
        "name": "train/loss",
        "parameter": None,
        "value": float(np.float32(0.1)),
    }


def test_signals_are_written_on_request_and_then_alone(sampled: Path, capsys: Capture) -> None:
    assert main(["export", str(sampled), "--signals", "grad_norm", "prior_loss"]) == 0
    found = rows(capsys.readouterr().out)
    assert [(r["step"], r["name"], r["parameter"]) for r in found[:3]] == [
        ("0", "grad_norm", "fc.weight"),
        ("0", "grad_norm", "fc.bias"),
        ("1", "grad_norm", "fc.weight"),
    ]
    assert [float(r["value"]) for r in found[:2]] == [np.float32(0.1), np.float32(0.2)]
    assert {r["parameter"] for r in found if r["name"] == "prior_loss"} == {""}
    assert not any(r["name"] == "train/loss" for r in found)


def test_tags_and_signals_go_together(sampled: Path, capsys: Capture) -> None:
    assert main(["export", str(sampled), "--tags", "*/loss", "--signals", "grad_*"]) == 0
    out, err = capsys.readouterr()
    assert {row["name"] for row in rows(out)} == {"train/loss", "grad_norm"}
    assert "no grad_zero_share in these runs" in err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--run", "b"], "no run is called 'b'; the nearest: b/c"),
        (["--tags", "train/los"], "no tag fits 'train/los'; the nearest: train/loss"),
        (["--tags", "zz"], "no tag fits 'zz'; there are: train/loss"),
        (["--signals", "gradnorm"], "no signal is called 'gradnorm'; the nearest: grad_norm"),
    ],
)
def test_name_of_nothing_is_a_usage_error_that_tells_the_nearest(
    runs: Path, tmp_path: Path, capsys: Capture, words: list[str], hint: str
) -> None:
    target = tmp_path / "out.csv"
    assert main(["export", str(runs), *words, "-o", str(target)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"lossmon: {hint}")
    assert not target.exists()


def test_signal_that_no_run_recorded_is_no_data(runs: Path, capsys: Capture) -> None:
    assert main(["export", str(runs), "--signals", "grad_norm"]) == 4
    assert capsys.readouterr() == (
        "",
        "lossmon: no grad_norm in these runs; `lossmon ls` lists what there is\n",
    )


def test_logdir_that_does_not_exist_exits_4(tmp_path: Path, capsys: Capture) -> None:
    assert main(["export", str(tmp_path / "nowhere")]) == 4
    assert capsys.readouterr().err.startswith("lossmon: no such logdir")


def test_hostile_names_stay_in_their_cells(write_run: Callable[..., Path], capsys: Capture) -> None:
    folder = write_run('=cmd|" \x1b[2J,', [1.0, -1.0])
    assert main(["export", str(folder.parent), "--run", 'runs/=cmd|" \x1b[2J,']) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert [row["value"] for row in rows(out)] == ["1.0", "-1.0"]
    assert main(["export", str(folder / '=cmd|" \x1b[2J,')]) == 0
    assert rows(capsys.readouterr().out)[0]["run"] == "'=cmd|\" \\x1b[2J,"


def test_file_appears_whole_and_is_not_overwritten(
    runs: Path, tmp_path: Path, capsys: Capture
) -> None:
    target = tmp_path / "out.csv"
    words = ["export", str(runs), "-o", str(target)]
    assert main(words) == 0
    assert capsys.readouterr() == ("", f"lossmon: 9 rows in {target}\n")
    before = target.read_bytes()
    assert main([*words, "--jsonl"]) == 2
    assert "exists; pass --force" in capsys.readouterr().err
    assert target.read_bytes() == before
    assert main([*words, "--jsonl", "--force"]) == 0
    assert target.read_bytes().startswith(b'{"schema": 1')
    assert [path.name for path in tmp_path.iterdir() if path.name != "runs"] == ["out.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [[], ["-o", "/dev/full"]])
def test_full_disk_is_one_line(runs: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "lossmon", "export", str(runs), *words]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot be written: No space left on device" in done.stderr


def test_reader_that_leaves_early_ends_the_export_calmly(runs: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "lossmon", "export", str(runs)]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_is_made_for_a_reader_that_has_left(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lossmon.cli import export

    asked: list[str] = []
    monkeypatch.setattr(export, "emit", lambda text: asked.append(text) is not None)
    assert main(["export", str(runs)]) == 0
    assert len(asked) == 1


def test_damaged_run_among_others_is_named_and_left_out(runs: Path, capsys: Capture) -> None:
    (runs / "bad").mkdir()
    (runs / "bad" / "events.out.tfevents.1.host").write_bytes(b"\x00" * 100)
    assert main(["export", str(runs)]) == 0
    out, err = capsys.readouterr()
    assert len(rows(out)) == 9
    assert err.startswith("lossmon: ")
    assert str(runs / "bad") in err


def test_log_of_summary_writer_is_exported_as_it_stands(tmp_path: Path, capsys: Capture) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(5):
            writer.add_scalar("Loss/train", 1.0 / (step + 1), step)
            writer.add_scalar("=1+1", step, step)
    assert main(["export", str(tmp_path)]) == 0
    found = rows(capsys.readouterr().out)
    losses = [float(row["value"]) for row in found if row["name"] == "Loss/train"]
    assert losses == [float(np.float32(1.0 / (step + 1))) for step in range(5)]
    assert {row["name"] for row in found} == {"Loss/train", "'=1+1"}
