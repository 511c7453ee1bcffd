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
