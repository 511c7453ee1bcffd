"""Why there is no tab, in environments that are played and in real ones."""

from __future__ import annotations

import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from lossmon.doctor import tab as tabs
from lossmon.doctor.answer import Answer
from lossmon.doctor.environment import Environment, ask, interpreter

HERE = Environment("/here", "2.21.0", "0.1.0", "3.9.2", True, "")
THERE = replace(HERE, prefix="/there")


def answers(
    monkeypatch: pytest.MonkeyPatch,
    here: Environment | None,
    there: Environment | None = None,
    program: str | None = None,
) -> dict[str, Answer]:
    found = {sys.executable: here, "/there/bin/python": there}
    monkeypatch.setattr(tabs, "ask", lambda python: found[str(python)])
    monkeypatch.setattr(tabs, "interpreter", lambda program: Path("/there/bin/python"))
    monkeypatch.setattr("shutil.which", lambda name: program)
    return {answer.about: answer for answer in tabs.tab()}


def test_a_whole_environment_has_the_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers(monkeypatch, HERE, HERE, "/here/bin/tensorboard")
    assert [answer.level for answer in found.values()] == ["ok"] * 4


@pytest.mark.parametrize(
    ("changed", "about", "says"),
    [
        ({"registered": False}, "plugin", "not installed here"),
        ({"error": "ImportError: no protobuf"}, "plugin", "cannot be imported: ImportError: no"),
        ({"bokeh": ""}, "figures", "findings and no figures"),
        ({"tensorboard": "2.9.1"}, "tensorboard", "2.9.1 is older than 2."),
    ],
)
def test_what_is_missing_is_a_problem_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, object], about: str, says: str
) -> None:
    answer = answers(monkeypatch, replace(HERE, **changed))[about]  # type: ignore[arg-type]
    assert answer.level == "problem"
    assert says in answer.reads
    assert "pip install" in answer.fix


def test_without_tensorboard_there_is_nothing_to_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    (answer,) = answers(monkeypatch, replace(HERE, tensorboard="")).values()
    assert (answer.level, answer.fix) == ("ok", "pip install 'lossmon[tensorboard]'")


def test_a_tensorboard_of_this_environment_that_is_not_in_path_is_started_by_its_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = answers(monkeypatch, HERE)["in PATH"]
    assert (answer.level, "python -m tensorboard.main" in answer.fix) == ("warning", True)


@pytest.mark.parametrize(
    ("there", "level", "says"),
    [
        (replace(THERE, registered=False, lossmon=""), "problem", "which has no lossmon"),
        (replace(THERE, error="ImportError: x"), "problem", "the tab fails: ImportError: x"),
        (replace(THERE, lossmon="0.0.9"), "warning", "lossmon 0.0.9; here it is 0.1.0"),
        (THERE, "ok", "which has lossmon 0.1.0 too"),
        (None, "warning", "does not tell its environment"),
    ],
)
def test_a_tensorboard_of_another_environment_shows_what_is_installed_there(
    monkeypatch: pytest.MonkeyPatch, there: Environment | None, level: str, says: str
) -> None:
    answer = answers(monkeypatch, HERE, there, "/there/bin/tensorboard")["in PATH"]
    assert (answer.level, says in answer.reads) == (level, True)


def test_a_python_that_does_not_answer_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    (answer,) = answers(monkeypatch, None).values()
    assert answer.level == "problem"


@pytest.mark.parametrize(
    ("head", "python"),
    [
        ("#!/opt/env/bin/python3.12\nimport re\n", "/opt/env/bin/python3.12"),
        ("#!/opt/env/bin/python -I\n", "/opt/env/bin/python"),
        ("#!/bin/sh\n'''exec' \"/opt/my env/bin/python\" \"$0\" \"$@\"\n' '''\n",
         "/opt/my env/bin/python"),
        ("#!/bin/sh\n'''exec' /opt/env/bin/python \"$0\" \"$@\"\n", "/opt/env/bin/python"),
    ],
)  # fmt: skip
def test_a_script_tells_the_interpreter_that_begins_it(
    tmp_path: Path, head: str, python: str
) -> None:
    script = tmp_path / "tensorboard"
    script.write_text(head)
    assert interpreter(script) == Path(python)


def test_of_a_program_that_is_no_script_it_is_the_interpreter_beside_it(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").write_bytes(b"\x7fELF\x00\xff")
    assert interpreter(tmp_path / "tensorboard") is None
    (tmp_path / "python3").touch()
    assert interpreter(tmp_path / "tensorboard") == tmp_path / "python3"
    assert interpreter(tmp_path / "none") is None


def test_a_real_environment_without_lossmon_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    program = tmp_path / "env/bin/tensorboard"
    program.write_text(f"#!{tmp_path}/env/bin/python\n")
    program.chmod(0o755)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: str(program))
    answer = list(tabs.tab())[-1]
    assert answer.about == "in PATH"
    assert f"another environment, {tmp_path}/env, which has no lossmon" in answer.reads
    assert f"{tmp_path}/env/bin/python -m pip install" in answer.fix


def test_nothing_in_the_folder_that_one_stands_in_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    found = ask(sys.executable)
    assert found is not None
    assert found.prefix == sys.prefix


def test_a_program_that_is_no_python_does_not_answer(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    assert ask(program) is None
    assert ask(tmp_path / "none") is None
