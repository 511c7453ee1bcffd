from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

RunPython = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def both(
    tmp_path: Path, run_python: RunPython
) -> Callable[..., tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]]:
    """Run a script under Python and under `lossmon run`, in folders of their own."""

    def both(source: str, *arguments: str):  # type: ignore[no-untyped-def]
        (tmp_path / "script.py").write_text(source)
        plain = run_python("script.py", *arguments, cwd=tmp_path)
        watched = run_python("-m", "lossmon", "run", "script.py", *arguments, cwd=tmp_path)
        return plain, watched

    return both


@pytest.mark.parametrize(
    "source",
    [
        "print('hello')",
        "import sys; print(sys.argv); sys.exit(7)",
        "import sys; sys.exit('stopped: no data')",
        "print(__name__, __file__)",
        "import sys, os; print(os.path.basename(sys.path[0]) != '', __builtins__.__name__)",
        "import pickle\nclass A: pass\nprint(pickle.loads(pickle.dumps(A())).__class__)",
        "import sys; sys.stderr.write('to stderr\\n')",
    ],
)
def test_output_and_exit_code_are_the_scripts_own(source: str, both: Callable[..., tuple]) -> None:
    plain, watched = both(source, "--epochs", "3")
    assert watched.stdout == plain.stdout
    assert watched.returncode == plain.returncode
    assert watched.stderr.startswith(plain.stderr)


def test_an_exception_prints_the_traceback_that_python_prints(both: Callable[..., tuple]) -> None:
    plain, watched = both("def f():\n    raise ValueError('boom')\n\nf()\n")
    assert plain.returncode == watched.returncode == 1
    assert watched.stderr.startswith(plain.stderr)
    assert "lossmon/autowatch" not in watched.stderr


def test_an_interrupted_script_exits_130(both: Callable[..., tuple]) -> None:
    _, watched = both("raise KeyboardInterrupt")
    assert watched.returncode == 130


def test_a_script_that_does_not_exist_is_one_line_and_exit_2(
    tmp_path: Path, run_python: RunPython
) -> None:
    done = run_python("-m", "lossmon", "run", "nowhere.py", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "lossmon: script nowhere.py does not exist; pass the path of a Python file\n"
    )


def test_a_script_that_is_no_python_is_one_line_and_exit_2(both: Callable[..., tuple]) -> None:
    _, watched = both("x = = 1\n")
    assert watched.returncode == 2
    assert (
        watched.stderr == "lossmon: script script.py is not valid Python, line 1: invalid syntax\n"
    )


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("print('no torch')", "imported torch"),
        ("import torch; print(torch.ones(1))", "called backward()"),
    ],
)
def test_a_script_without_a_training_says_so_in_one_line(
    source: str, what: str, both: Callable[..., tuple]
) -> None:
    _, watched = both(source)
    assert watched.returncode == 0
    assert watched.stderr.strip() == f"lossmon: no training seen: the script never {what}"


def test_torch_is_not_imported_before_the_script_does(both: Callable[..., tuple]) -> None:
    _, watched = both("import sys; print('torch' in sys.modules, 'numpy' in sys.modules)")
    assert watched.stdout == "False False\n"


TRAINING = """
import torch
from torch import nn
x, y = torch.randn(8, 5), torch.randint(0, 2, (8,))
for _ in range(2):
    net = nn.Linear(5, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
"""


@pytest.mark.parametrize("logdir", ["/proc/x", "file", "file/below"])
def test_a_logdir_that_cannot_be_is_one_line_and_exit_2_before_the_script_starts(
    logdir: str, tmp_path: Path, run_python: RunPython
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "script.py").write_text("print('started')")
    done = run_python("-m", "lossmon", "run", "--logdir", logdir, "script.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lossmon: cannot write to logdir ")
    assert done.stderr.endswith("; pass another --logdir\n")
    assert done.stderr.count("\n") == 1


def test_the_look_at_the_logdir_leaves_nothing_behind(
    tmp_path: Path, run_python: RunPython
) -> None:
    (tmp_path / "script.py").write_text("import os; print(sorted(os.listdir()))")
    done = run_python("-m", "lossmon", "run", "--logdir", "a/b", "script.py", cwd=tmp_path)
    assert done.stdout == "['script.py']\n"
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]


def test_a_logdir_that_fails_once_the_script_runs_is_said_once(
    tmp_path: Path, run_python: RunPython
) -> None:
    (tmp_path / "script.py").write_text(
        f"open('out', 'w').close()\n{TRAINING}\nimport sys; sys.exit(7)"
    )
    done = run_python("-m", "lossmon", "run", "--logdir", "out", "script.py", cwd=tmp_path)
    assert done.returncode == 7
    first, blank, last = done.stderr.splitlines()
    assert first.startswith("lossmon: cannot write to logdir ")
    assert first.endswith("; the training goes on unwatched")
    assert (blank, last) == ("", "lossmon: no verdict: nothing of the training could be recorded")


def test_a_backward_pass_that_reaches_no_parameter_is_not_called_none(
    tmp_path: Path, run_python: RunPython
) -> None:
    (tmp_path / "script.py").write_text(
        "import torch\nx = torch.ones(0, requires_grad=True)\nx.sum().backward()\n"
    )
    done = run_python("-m", "lossmon", "run", "script.py", cwd=tmp_path)
    assert done.returncode == 0
    assert "no backward pass reached a parameter" in done.stderr


def test_a_script_that_holds_a_null_byte_is_no_python_without_a_line(
    tmp_path: Path, run_python: RunPython
) -> None:
    (tmp_path / "script.py").write_bytes(b"print(1)\0\n")
    done = run_python("-m", "lossmon", "run", "script.py", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("lossmon: script script.py is not valid Python: ")
    assert "None" not in done.stderr
