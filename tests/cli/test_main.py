from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lossmon import cli
from lossmon.cli import main
from lossmon.errors import NoDataError, UsageError

Capture = pytest.CaptureFixture[str]
Calls = list[Any]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], int]], None]:
    """Make `ls LOGDIR` run the given function."""
    from lossmon.cli import ls

    return lambda function: monkeypatch.setattr(ls, "run", function)


def raiser(error: BaseException) -> Callable[[Any], int]:
    def run(_: Any) -> int:
        raise error

    return run


def test_help_goes_to_stdout_and_names_every_command(capsys: Capture) -> None:
    assert main(["--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert all(f"\n    {name}" in out for name in cli.COMMANDS)


def test_nothing_typed_is_a_usage_error_that_shows_the_help(capsys: Capture) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage: lossmon" in err


def test_unknown_command_is_a_usage_error(capsys: Capture) -> None:
    assert main(["chekc"]) == 2
    assert "invalid choice: 'chekc'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["runs/a"], ["./a"], ["~/a"], [".."], ["here"]])
def test_first_word_that_is_a_path_opens_the_terminal_view(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lossmon.cli import tui

    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    calls: Calls = []
    monkeypatch.setattr(tui, "run", lambda args: calls.append(args.logdir) or 0)
    assert main(words) == 0
    assert calls == words


def test_command_wins_over_a_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "ls").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["ls"]) == 2
    assert "LOGDIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"), [(NoDataError("no such logdir: a"), 4), (UsageError("no such rule"), 2)]
)
def test_known_error_is_one_line_and_its_code(
    command: Any, capsys: Capture, error: Exception, code: int
) -> None:
    command(raiser(error))
    assert main(["ls", "a"]) == code
    assert capsys.readouterr() == ("", f"lossmon: {error}\n")


def test_unexpected_error_is_one_line_that_tells_how_to_see_more(
    command: Any, capsys: Capture
) -> None:
    command(raiser(ValueError("two\nlines \x1b[2J")))
    assert main(["ls", "a"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "lossmon: internal error: ValueError: two\\nlines \\x1b[2J "
        "(LOSSMON_TRACEBACK=1 shows where)\n"
    )


def test_unexpected_error_is_raised_where_a_traceback_is_asked_for(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSMON_TRACEBACK", "1")
    command(raiser(ValueError("here")))
    with pytest.raises(ValueError, match="here"):
        main(["ls", "a"])


def test_interrupt_is_quiet_and_has_its_code(command: Any, capsys: Capture) -> None:
    command(raiser(KeyboardInterrupt()))
    assert main(["ls", "a"]) == 130
    assert capsys.readouterr().err == "lossmon: interrupted\n"


def test_module_runs_as_the_program_does(run_python: Any) -> None:
    done = run_python("-m", "lossmon", "--version")
    assert (done.returncode, done.stdout) == (0, f"lossmon {cli.__version__}\n")


def test_reader_that_leaves_early_changes_nothing(broken: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "lossmon", "check", str(broken), "--json"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_one_line(learning: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "lossmon", "ls", str(learning)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "lossmon: the output cannot be written: No space left on device\n"


def test_output_survives_a_terminal_without_unicode(learning: Path, run_python: Any) -> None:
    done = run_python("-m", "lossmon", "ls", learning, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.isascii()


@pytest.mark.parametrize(
    ("environment", "tty", "expected"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
    ],
)
def test_colour_is_for_terminals_whose_user_wants_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], tty: bool, expected: bool
) -> None:
    from lossmon.cli.output import use_colour

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream: Any = SimpleNamespace(isatty=lambda: tty)
    assert use_colour(stream) is expected


@pytest.mark.parametrize("command", ["run", "check", "export"])
def test_an_unknown_option_gets_the_usage_of_its_command(command: str, capsys: Capture) -> None:
    assert main([command, "--bogus", "x.py"]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"usage: lossmon {command} ")
    assert err.endswith(f"lossmon {command}: error: unrecognized arguments: --bogus\n")


def test_run_asks_for_a_script_alone(capsys: Capture) -> None:
    assert main(["run"]) == 2
    assert "arguments are required: SCRIPT\n" in capsys.readouterr().err
