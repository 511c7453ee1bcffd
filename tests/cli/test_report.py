"""`lossmon report`: the findings of `check`, as a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lossmon.cli import main

Capture = pytest.CaptureFixture[str]


def test_page_holds_every_run_and_the_script_that_draws(
    broken: Path, tmp_path: Path, capsys: Capture
) -> None:
    pytest.importorskip("bokeh")
    file = tmp_path / "report.html"
    assert main(["report", str(broken), "--html", str(file)]) == 0
    assert capsys.readouterr().err == f"lossmon: 1 run in {file}\n"
    text = file.read_text()
    assert "nan-in-loss" in text
    assert len(text) > 1_000_000
    assert main(["report", str(broken), "--html", str(file)]) == 2
    assert "pass --force" in capsys.readouterr().err


def test_json_is_what_check_prints(broken: Path, learning: Path, capsys: Capture) -> None:
    main(["check", str(broken), "--json"])
    expected = json.loads(capsys.readouterr().out)
    assert main(["report", str(broken), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == expected


def test_markdown_of_one_run_goes_to_stdout(broken: Path, learning: Path, capsys: Capture) -> None:
    assert main(["report", str(learning), "--md", "-", "--run", "steady"]) == 0
    assert capsys.readouterr().out.startswith("### steady: learning")


def test_one_form_has_to_be_named(learning: Path, capsys: Capture) -> None:
    assert main(["report", str(learning)]) == 2
    assert "--html --md --json is required" in capsys.readouterr().err


def test_page_without_bokeh_says_what_to_install(
    learning: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "bokeh", None)
    assert main(["report", str(learning), "--html", str(tmp_path / "a.html")]) == 1
    assert "lossmon[tensorboard]" in capsys.readouterr().err
    assert not (tmp_path / "a.html").exists()
