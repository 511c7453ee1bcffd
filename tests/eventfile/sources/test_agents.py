"""Both agents, run by whatever shells are here, without a line between."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lossmon.eventfile.sources
from lossmon.eventfile.sources.ssh import _COMMAND, _agents

HERE = Path(lossmon.eventfile.sources.__file__).parent
SHELLS = [
    words
    for words in (["dash"], ["bash", "--posix"], ["busybox", "sh"], ["zsh", "-y"])
    if shutil.which(words[0])
]
AGENTS = [[sys.executable, "-I", "-S", "-c"], *([*words, "-c"] for words in SHELLS)]
NAME = "events.out.tfevents.1"


@pytest.fixture(params=AGENTS, ids=lambda words: Path(words[0]).name)
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Send requests; return all that is answered."""
    name = "agent.py" if request.param[0] == sys.executable else "agent.sh"
    program = (HERE / name).read_text()

    def send(*requests: str) -> list[bytes]:
        text = f"root {tmp_path}\n" + "".join(f"{one}\n" for one in requests)
        done = subprocess.run(
            [*request.param, program],
            input=text.encode(),
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert done.stderr == b""
        return done.stdout.split(b"\n")[1:-1]

    return send


def test_python_agent_needs_no_newer_python_than_it_says() -> None:
    ast.parse((HERE / "agent.py").read_text(), feature_version=(3, 6))


def test_agents_do_not_hold_what_ends_them() -> None:
    assert _agents().count(b"#end\n") == 2


def test_command_is_one_line_that_any_login_shell_passes_on() -> None:
    assert "\n" not in _COMMAND
    assert "!" not in _COMMAND


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "csh", "tcsh", "fish", "dash"])
def test_login_shell_starts_an_agent(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    done = subprocess.run(
        [shell, "-c", _COMMAND], input=_agents(), capture_output=True, timeout=30, check=False
    )
    assert done.stdout.startswith(b"lossmon-agent 1 ")


def test_listing_names_event_files_once(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / NAME).write_bytes(b"12345")
    (tmp_path / "notes.txt").write_bytes(b"no")
    (tmp_path / "loop").symlink_to(tmp_path)
    answers = ask("list", "list")
    assert sorted(line[:1] for line in answers) == [b"e", b"e", b"i", b"s"]
    assert f"s 5 a b/{NAME}".encode() in answers
    assert all(line.startswith(b"end ok ") for line in answers if line[:1] == b"e")


def test_range_of_bytes_is_sent_with_how_it_ended(ask: Any, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"0123456789")
    head, data = ask(f"get 2 5 - {NAME}")
    assert head.startswith(b"data 5 ")
    assert data == b"23456whole"


def test_bytes_before_the_range_tell_another_file(ask: Any, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(bytes(range(100)))
    mark = bytes(range(34, 50)).hex()
    assert ask(f"get 50 9 {mark} {NAME}")[0].startswith(b"data 9 ")
    assert ask(f"get 51 9 {mark} {NAME}") == [b"other"]


def test_file_that_cannot_be_read_is_gone(ask: Any, tmp_path: Path) -> None:
    (tmp_path / f"d.{NAME}").mkdir()
    assert ask("get 0 5 - no.tfevents", f"get 0 5 - d.{NAME}") == [b"gone", b"gone"]


@pytest.mark.parametrize(
    "path", ["$(touch x).tfevents", "`touch x`", 'a\\b\' "c".tfevents', "*", "-n"]
)
def test_names_are_never_more_than_names(ask: Any, tmp_path: Path, path: str) -> None:
    (tmp_path / path).write_bytes(b"12")
    assert ask(f"get 0 2 - {path}")[1] == b"12whole"
    assert not (tmp_path / "x").exists()


def test_folder_that_cannot_be_listed_is_told(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    states = [
        line.split()[1]
        for line in ask(f"root {tmp_path}/no", "list", f"root {tmp_path}/file", "list")
    ]
    assert states == [b"missing", b"file"]
