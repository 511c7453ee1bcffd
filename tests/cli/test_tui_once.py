from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossmon.cli import main

Capture = pytest.CaptureFixture[str]


def rows(capsys: Capture, *words: str | Path) -> list[str]:
    assert main(["tui", "--once", *map(str, words)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


@pytest.mark.parametrize(("columns", "height"), [(80, 24), (160, 45), (40, 12)])
def test_the_overview_has_the_size_that_was_asked_for(
    broken: Path, learning: Path, capsys: Capture, columns: int, height: int
) -> None:
    shown = rows(capsys, broken, "--width", str(columns), "--height", str(height))
    assert len(shown) == height
    assert max(map(len, shown)) <= columns
    assert "burst" in "\n".join(shown)
    assert "nan-in-loss" in "\n".join(shown)


def test_a_screen_is_chosen_by_its_name(learning: Path, capsys: Capture) -> None:
    run = learning / "steady"
    assert rows(capsys, run)[0].startswith(" lossmon  steady")
    assert "RUN " in rows(capsys, run, "--screen", "overview")[1]
    assert "✓ learning" in "\n".join(rows(capsys, learning, "--screen", "run"))


def test_a_spike_is_seen_without_colour(
    write_run: Callable[..., Path], capsys: Capture, rng: np.random.Generator
) -> None:
    losses = rng.normal(1.0, 0.01, 3000)
    losses[1500] = 9.0
    shown = rows(capsys, write_run("spike", losses))
    assert sum("·" in row[20:60] for row in shown) > 5


def test_a_name_from_a_log_cannot_speak_to_the_terminal(
    write_run: Callable[..., Path], capsys: Capture
) -> None:
    root = write_run("\x1b]0;owned\x07[red]x", [1.0] * 30)
    text = "\n".join(rows(capsys, root, "--width", "160"))
    assert "\\x1b]0;ow" in text
    assert not any(ord(char) < 32 and char != "\n" for char in text)


def test_a_folder_without_runs_exits_4(tmp_path: Path, capsys: Capture) -> None:
    assert main(["tui", "--once", str(tmp_path)]) == 4
    assert capsys.readouterr() == ("", f"lossmon: {tmp_path}: no event files in this folder yet\n")


@pytest.mark.parametrize("size", [("--width", "19"), ("--width", "501"), ("--height", "0")])
def test_a_size_that_cannot_be_is_refused(
    tmp_path: Path, capsys: Capture, size: tuple[str, str]
) -> None:
    assert main(["tui", "--once", str(tmp_path), *size]) == 2
    assert "20 to 500 columns" in capsys.readouterr().err


def test_a_terminal_without_unicode_gets_ascii(learning: Path, run_python: Any) -> None:
    env = {"PYTHONIOENCODING": "ascii"}
    done = run_python("-m", "lossmon", "tui", "--once", learning, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert len(done.stdout.splitlines()) == 24
