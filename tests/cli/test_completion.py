"""Completion, in the shells themselves where they are installed."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.cli import COMMANDS, main
from lossmon.cli.completion import SHELLS

Complete = Callable[..., list[str]]

BASH = """
source {script}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_shtab_lossmon
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
PATIENCE_S = 60


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script of each shell, and with things to complete."""
    folder = tmp_path_factory.mktemp("completion")
    for shell in SHELLS:
        with (folder / shell).open("w") as file, pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", file)
            assert main(["completion", shell]) == 0
    (folder / "runs-of-mine").mkdir()
    (folder / "runs-of-mine.py").touch()
    return folder


@pytest.fixture(params=["bash", "fish"])
def complete(request: pytest.FixtureRequest, scripts: Path) -> Complete:
    """Return what a shell offers for the last word."""
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param} here")

    def in_bash(*words: str) -> list[str]:
        return ["bash", "-c", BASH.format(script=scripts / "bash"), "bash", *words]

    def in_fish(*words: str) -> list[str]:
        return ["fish", "-c", f"source {scripts}/fish; complete -C '{' '.join(words)}'"]

    def offered(*words: str) -> list[str]:
        command = (in_bash if request.param == "bash" else in_fish)("lossmon", *words)
        done = subprocess.run(
            command, cwd=scripts, capture_output=True, text=True, timeout=PATIENCE_S, check=True
        )
        return [line.split("\t")[0].rstrip("/") for line in done.stdout.splitlines() if line]

    return offered


def test_commands_are_completed(complete: Complete) -> None:
    assert sorted(complete("ex")) == ["explain", "export"]
    assert set(complete("")) >= set(COMMANDS)


def test_options_and_their_choices_are_completed(complete: Complete) -> None:
    assert complete("check", "--fail") == ["--fail-on"]
    assert sorted(complete("check", "--fail-on", "")) == ["error", "info", "never", "warning"]


def test_rules_are_completed(complete: Complete) -> None:
    assert complete("explain", "dead-") == ["dead-relu"]
    assert complete("check", "runs", "--ignore", "nan") == ["nan-in-loss"]


def test_a_logdir_is_a_folder_and_a_script_a_file(complete: Complete) -> None:
    assert complete("check", "runs-") == ["runs-of-mine"]
    assert "runs-of-mine.py" in complete("run", "runs-")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
def test_zsh_completes_a_rule(scripts: Path) -> None:
    setup = f'autoload -U compinit; compinit -u -D; eval "$(cat {scripts}/zsh)"; echo rea""dy\n'
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(scripts)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "PS1": "> "})
    try:
        os.write(terminal, setup.encode())
        assert b"ready" in _until(terminal, b"ready")
        os.write(terminal, b"lossmon explain dead-\t")
        assert b"relu" in _until(terminal, b"relu")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def _until(terminal: int, word: bytes) -> bytes:
    """Return what a terminal shows up to a word, or until patience is at its end."""
    shown, end = b"", time.monotonic() + PATIENCE_S
    while word not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 4096)
    return shown


def test_without_shtab_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr().err == (
        "lossmon: completion needs shtab: pip install 'lossmon[completion]'\n"
    )
