"""`lossmon doctor` as a person and a program see it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.cli import main
from lossmon.doctor import tab
from lossmon.doctor.environment import Environment

Capture = pytest.CaptureFixture[str]
SOUND = Environment("/here", "2.21.0", "0.1.0", "3.9.2", True, "")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> list[Environment]:
    """What this environment is said to have: another than the last one given counts."""
    given = [SOUND]
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tab, "ask", lambda python: given[-1])
    monkeypatch.setattr("shutil.which", lambda name: None)
    return given


def test_each_answer_has_a_level_and_what_is_wrong_a_remedy(capsys: Capture) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert " warning  in PATH: there is no `tensorboard`\n          → start it by" in out
    assert out.endswith("0 problems, 1 warning.\n")


def test_a_problem_exits_3(here: list[Environment], capsys: Capture) -> None:
    here.append(Environment("/here", "2.21.0", "0.1.0", "", True, ""))
    assert main(["doctor"]) == 3
    assert " problem  figures: no bokeh" in capsys.readouterr().out


def test_a_logdir_is_looked_at_too(learning: Path, capsys: Capture) -> None:
    assert main(["doctor", str(learning)]) == 0
    out = capsys.readouterr().out
    assert "\nlog\n" in out
    assert " ok       steady: step 399, last written" in out


def test_a_logdir_without_a_run_exits_4_and_all_else_is_still_told(
    tmp_path: Path, capsys: Capture
) -> None:
    assert main(["doctor", str(tmp_path / "none")]) == 4
    out = capsys.readouterr().out
    assert " problem  runs: no such logdir" in out
    assert " ok       numpy" in out


def test_json_has_the_same_answers(learning: Path, capsys: Capture) -> None:
    assert main(["doctor", "--json", str(learning)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert {"section", "about", "level", "reads", "fix"} == set(found["answers"][0])
    assert {one["section"] for one in found["answers"]} >= {"packages", "GPU", "terminal", "log"}


def test_neither_a_path_nor_a_log_speaks_to_the_terminal(tmp_path: Path, capsys: Capture) -> None:
    assert main(["doctor", f"{tmp_path}/\x1b[2J"]) == 4
    assert "\x1b" not in capsys.readouterr().out


def test_no_framework_is_imported_to_tell_its_version(
    run_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = run_python(
        "-c",
        "import sys; from lossmon.cli import main; code = main(['doctor', '--json']);"
        "heavy = {'torch', 'tensorboard', 'bokeh', 'textual'} & set(sys.modules);"
        "print(sorted(heavy), file=sys.stderr)",
    )
    assert done.stderr == "[]\n"
    assert json.loads(done.stdout)["schema"] == 1
