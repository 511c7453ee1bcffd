"""What may be written behind `lossmon run`: each behaves as it does under Python."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.autowatch.program import Program, program_of
from lossmon.errors import UsageError

RunPython = Callable[..., subprocess.CompletedProcess[str]]
Both = Callable[..., tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]]

TELL = """
import sys
from . import part
print(sys.argv[1:], sys.argv[0] == __file__, __name__, __package__, __spec__.name)
print(sys.path[0], part.__name__, sys.modules["__main__"].__dict__ is globals())
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__init__.py").write_text("print('package')\n")
    (folder / "part.py").write_text("")
    (folder / "__main__.py").write_text(TELL)
    (folder / "train.py").write_text(TELL)
    return tmp_path


@pytest.fixture
def both(tmp_path: Path, run_python: RunPython) -> Both:
    """Run words under Python and under `lossmon run`."""

    def both(*words: str, source: str = ""):  # type: ignore[no-untyped-def]
        if source:
            (tmp_path / "script.py").write_text(source)
        plain = run_python(*words, cwd=tmp_path)
        return plain, run_python("-m", "lossmon", "run", *words, cwd=tmp_path)

    return both


@pytest.mark.parametrize("name", ["pack.train", "pack"])
def test_a_module_runs_as_under_python_dash_m(name: str, package: Path, both: Both) -> None:
    plain, watched = both("-m", name, "--epochs", "3")
    assert plain.returncode == watched.returncode == 0, watched.stderr
    assert watched.stdout == plain.stdout


@pytest.mark.parametrize("name", ["nowhere", "pack.nowhere", "nowhere.at.all"])
def test_a_module_that_is_not_there_is_one_line_and_exit_2(
    name: str, package: Path, both: Both
) -> None:
    _, watched = both("-m", name)
    assert watched.returncode == 2
    assert watched.stderr == (
        f"lossmon: there is no module {name}; pass it as you would pass it to python -m\n"
    )


def test_a_package_that_fails_to_import_says_what_it_missed(package: Path, both: Both) -> None:
    (package / "pack" / "__init__.py").write_text("import nothing_of_this_name\n")
    plain, watched = both("-m", "pack.train")
    assert plain.returncode == watched.returncode == 1
    assert "ModuleNotFoundError: No module named 'nothing_of_this_name'" in watched.stderr
    assert "lossmon/autowatch" not in watched.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["python", "train.py", "-x"], (Program("train.py"), ["-x"])),
        (["/usr/bin/python3", "-u", "train.py"], (Program("train.py"), [])),
        (["python3.11", "-m", "pack", "-m"], (Program("pack", is_module=True), ["-m"])),
        (["torchrun", "a"], (Program("torch.distributed.run", is_module=True), ["a"])),
        (
            ["python", "-m", "torch.distributed.run", "a"],
            (Program("torch.distributed.run", is_module=True), ["a"]),
        ),
    ],
)
def test_python_and_torchrun_are_taken_for_what_a_shell_takes_them(
    words: list[str],
    expected: tuple[Program, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("")
    assert program_of(words[0], words[1:], is_module=False) == expected


@pytest.mark.parametrize("words", [["python"], ["python", "-c", "pass"], ["python", "-m"]])
def test_python_without_a_program_is_one_line(words: list[str]) -> None:
    with pytest.raises(UsageError, match="needs a script or -m module"):
        program_of(words[0], words[1:], is_module=False)


@pytest.mark.parametrize(
    "source",
    [
        # A thread that outlives the script's last line, and a pool that nobody shuts down.
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()\n"
        "print('end')",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "print(ThreadPoolExecutor(2).submit(lambda: 3).result())",
        "import threading, sys\n"
        "threading.Thread(target=print, args=('other',)).start()\n"
        "sys.exit(5)",
        "import argparse\nargparse.ArgumentParser().parse_args(['--nothing'])",
        "import atexit\natexit.register(print, 'at exit')\nprint('end')",
        "import inspect\nclass A:\n    x: int = 3\nprint(inspect.getsource(A))",
        "import typing, dataclasses\n@dataclasses.dataclass\nclass A:\n    b: 'B'\nclass B: pass\n"
        "print(typing.get_type_hints(A))",
        "print(__spec__, __package__, __doc__, __cached__)",
        "import os, sys\nif len(sys.argv) == 1:\n"
        "    print('first', flush=True)\n"
        "    os.execv(sys.executable, [sys.executable, *sys.argv, 'again'])\n"
        "print('second', sys.argv)",
        "import multiprocessing as m\n"
        "class A: pass\n"
        "def f(q): q.put((A(), __name__))\n"
        "if __name__ == '__main__':\n"
        "    c = m.get_context('spawn'); q = c.Queue(); p = c.Process(target=f, args=(q,))\n"
        "    p.start(); print(q.get()[1]); p.join(); print(p.exitcode)",
        "import sys\nsys.excepthook = lambda *a: print('mine', a[0].__name__)\n1 / 0",
        "import faulthandler, gc, logging\nlogging.warning('x')\nraise SystemExit",
    ],
)
def test_a_script_does_what_it_does_alone(source: str, both: Both) -> None:
    plain, watched = both("script.py", source=source)
    assert watched.stdout == plain.stdout
    assert watched.returncode == plain.returncode
    assert watched.stderr.startswith(plain.stderr)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_ends_the_script_as_it_does_alone(number: int, both: Both) -> None:
    source = f"import os\nprint('on', flush=True)\nos.kill(os.getpid(), {int(number)})\n"
    plain, watched = both("script.py", source=source)
    assert plain.returncode == watched.returncode == -number
    assert watched.stdout == plain.stdout


def test_a_scripts_own_handler_of_a_signal_is_called(both: Both) -> None:
    source = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    plain, watched = both("script.py", source=source)
    assert plain.returncode == watched.returncode == 9
