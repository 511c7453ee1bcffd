"""`lossmon run --stop-on`: a script whose training is lost is ended."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import lossmon
from lossmon.autowatch.launching import Command
from lossmon.autowatch.places import Places
from lossmon.autowatch.program import Program
from lossmon.autowatch.watcher import Watcher
from lossmon.cli import main

SCRIPT = """
import torch
from torch import nn
net = nn.Linear(5, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
try:
    while True:
        optimizer.zero_grad()
        (net(torch.ones(4, 5)) * float("nan")).mean().backward()
        optimizer.step()
finally:
    print("saved what there was")
"""


def test_a_lost_script_ends_by_its_own_clean_up_with_exit_code_6(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    done = run_python(
        "-m", "lossmon", "run", "--stop-on", "nan-in-loss,dead-relu", "train.py", cwd=tmp_path
    )
    assert done.returncode == 6
    assert done.stdout == "saved what there was\n"
    assert done.stderr.startswith("lossmon: stopped by nan-in-loss (error) since step 0: ")
    assert "Traceback" not in done.stderr
    assert "Linear-1: broken" in done.stderr


@pytest.fixture
def lost(tmp_path: Path) -> Callable[[bool], str]:
    """Train until it is stopped, watched by the script itself or not; return the rule."""

    def train(watches_itself: bool) -> str:
        watcher = Watcher(Places(tmp_path / "out"), ("nan-in-loss",))
        net = nn.Linear(5, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        if watches_itself:
            lossmon.watch(net, optimizer, logdir=tmp_path / "own")
        stopped = None
        try:
            while True:
                optimizer.zero_grad()
                (net(torch.ones(4, 5)) * float("nan")).mean().backward()
                optimizer.step()
        except lossmon.RunStopped as error:
            stopped = error
        finally:
            watcher.close(stopped)
        return f"{stopped.slug} in {Path(stopped.finding.logdir).relative_to(tmp_path)}"

    return train


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("watches_itself", "expected"),
    [(False, "nan-in-loss in out/Linear-1"), (True, "nan-in-loss in own")],
)
def test_the_next_backward_pass_raises_and_nothing_is_left_behind(
    lost: Callable[[bool], str], watches_itself: bool, expected: str
) -> None:
    assert lost(watches_itself) == expected


@pytest.mark.parametrize("words", ["nan", "error,warnings"])
def test_a_list_of_other_words_is_one_line_and_exit_2(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--stop-on", words, "train.py"]) == 2
    assert "--stop-on takes rules and severities, and" in capsys.readouterr().err


def test_every_rank_that_a_launcher_begins_is_told() -> None:
    command = Command(("--nproc-per-node", "2"), Program("train.py"), ())
    words = command.words(Path("runs"), "s", ("error", "dead-relu"))
    assert words[-3:] == ["--stop-on", "error,dead-relu", "train.py"]
    assert "--stop-on" not in command.words(Path("runs"), "s")
