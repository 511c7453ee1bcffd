from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lossmon.cli import main
from lossmon.eventfile.writer import RunWriter
from lossmon.records import RunMeta

Capture = pytest.CaptureFixture[str]
RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


def test_one_run_is_a_page(learning: Path, capsys: Capture) -> None:
    assert main(["show", str(learning), "--once"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("steady  ✓ learning  ○ finished")
    assert "─ train/loss" in out
    assert "─ verdict" in out
    assert "No step was sampled" in out


def test_of_several_runs_the_one_in_most_trouble_is_shown(
    broken: Path, learning: Path, capsys: Capture
) -> None:
    assert main(["show", str(learning)]) == 0
    listed, _, page = capsys.readouterr().out.partition("\n\n")
    assert [line.split()[-4:-2] for line in listed.splitlines()[2:]] == [["✓", "learning"]]
    assert "▶  burst" in listed
    assert page.startswith("burst  ✗ broken")
    assert "NaN" in page


def test_run_is_chosen_by_its_name(broken: Path, learning: Path, capsys: Capture) -> None:
    assert main(["show", str(learning), "--run", "steady"]) == 0
    assert capsys.readouterr().out.startswith("steady  ✓ learning")


def test_name_of_no_run_is_a_usage_error_that_tells_the_nearest(
    broken: Path, learning: Path, capsys: Capture
) -> None:
    assert main(["show", str(learning), "--run", "stedy"]) == 2
    assert capsys.readouterr() == ("", "lossmon: no run is called 'stedy'; the nearest: steady\n")


@pytest.mark.parametrize("width", ["39", "501", "-1"])
def test_width_that_cannot_be_is_a_usage_error(learning: Path, capsys: Capture, width: str) -> None:
    assert main(["show", str(learning), "--width", width]) == 2
    assert "--width takes 40 to 500 columns" in capsys.readouterr().err


def test_width_is_obeyed(learning: Path, capsys: Capture) -> None:
    main(["show", str(learning), "--width", "120"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) == 120


def test_terminal_without_unicode_gets_ascii(learning: Path, run_python: RunPython) -> None:
    done = run_python("-m", "lossmon", "show", learning, env={"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "\\u" not in done.stdout


def test_ascii_can_be_asked_for(learning: Path, capsys: Capture) -> None:
    assert main(["show", str(learning), "--charset", "ascii"]) == 0
    assert capsys.readouterr().out.isascii()


def test_json_tells_verdict_liveness_loss_and_layers(
    broken: Path, learning: Path, capsys: Capture
) -> None:
    assert main(["show", str(broken), "--json"]) == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    run = document["run"]
    assert (document["schema"], document["others"]) == (1, ["steady"])
    assert (run["run"], run["status"], run["cause"]) == ("burst", "broken", "nan-in-loss")
    assert (run["step"], run["liveness"], run["layers"]) == (399, "finished", [])
    assert (run["loss"]["tag"], run["loss"]["last"]) == ("train/loss", "nan")
    curve = run["loss"]["curve"]
    assert len(curve) == 100
    assert sum(bucket["points"] for bucket in curve) == 400
    assert curve[0]["low"] <= curve[0]["smooth"] <= curve[0]["high"]
    assert curve[-1]["low"] is None


def test_the_job_of_a_run_stands_below_its_name_and_in_json(
    tmp_path: Path, capsys: Capture
) -> None:
    job = {"scheduler": "Slurm", "id": "12", "node": "gpu7\x1b[2J", "restarts": "1"}
    writer = RunWriter(tmp_path / "a", RunMeta(run_id="a", start_id="a-0", job=job))
    for step in range(3):
        writer.scalars(step, 1.0 + step, {"train/loss": 1.0})
    writer.close()
    assert main(["show", str(tmp_path)]) == 0
    assert "\nSlurm job 12 on gpu7\\x1b[2J, restart 1\n" in capsys.readouterr().out
    assert main(["show", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["job"] == job


def test_log_of_summary_writer_is_shown_under_its_own_names(
    tmp_path: Path, capsys: Capture, rng: np.random.Generator
) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(200):
            writer.add_scalar("Loss/train", 2.3 + 0.02 * rng.standard_normal(), step)
    assert main(["show", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "─ Loss/train" in out
    assert "This log holds scalars only: nothing is known of layers." in out


def test_logdir_that_does_not_exist_exits_4(tmp_path: Path, capsys: Capture) -> None:
    assert main(["show", str(tmp_path / "nowhere")]) == 4
    assert capsys.readouterr().err.count("\n") == 1


def test_showing_a_run_loads_neither_textual_nor_torch(
    learning: Path, run_python: RunPython
) -> None:
    code = (
        "import sys\nfrom lossmon.cli import main\n"
        f"assert main(['show', {str(learning)!r}]) == 0\n"
        "print(sorted({'torch', 'textual', 'tensorboard', 'bokeh'} & set(sys.modules)))"
    )
    done = run_python("-c", code)
    assert done.stdout.splitlines()[-1] == "[]"
