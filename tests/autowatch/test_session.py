"""`lossmon run` on real scripts, each in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import lossmon
from lossmon.cli import main
from lossmon.signals import LOSS

HEAD = """
import torch
from torch import nn
torch.manual_seed(0)
x, y = torch.randn(64, 5), torch.randint(0, 2, (64,))
criterion = nn.CrossEntropyLoss()
def train(model, optimizer, steps=20):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
"""


@pytest.fixture
def watch_script(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> Callable[[str], list[str]]:
    """Run a script watched; return the names of the runs it left."""

    def watch(source: str) -> list[str]:
        (tmp_path / "script.py").write_text(HEAD + source)
        done = run_python("-m", "lossmon", "run", "--logdir", "out", "script.py", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return sorted(path.name for path in (tmp_path / "out").iterdir())

    return watch


def test_every_training_has_a_run_of_its_own_in_order_of_first_backward(
    watch_script: Callable[[str], list[str]], tmp_path: Path
) -> None:
    names = watch_script(
        "class Net(nn.Linear): pass\n"
        "for _ in range(3):\n"
        "    net = Net(5, 2)\n"
        "    train(net, torch.optim.SGD(net.parameters(), lr=0.1))\n"
    )
    assert names == ["Net-1", "Net-2", "Net-3"]
    for name in names:
        run = lossmon.read_run(tmp_path / "out" / name)
        assert len(run.scalar(LOSS)) == 20
        assert [p.group for p in run.meta.parameters] == [0, 0]


def test_an_optimizer_of_another_model_is_seen_as_foreign(
    watch_script: Callable[[str], list[str]], tmp_path: Path
) -> None:
    watch_script(
        "other, net = nn.Linear(5, 2), nn.Linear(5, 2)\n"
        "train(net, torch.optim.Adam(other.parameters()))\n"
    )
    run = lossmon.read_run(tmp_path / "out" / "Linear-1")
    assert [p.group for p in run.meta.parameters] == [-1, -1]
    assert [(g.held, g.foreign) for g in run.meta.groups] == [(2, 2)]


def test_the_outermost_module_is_the_model_also_where_the_loss_reaches_only_a_part(
    watch_script: Callable[[str], list[str]], tmp_path: Path
) -> None:
    watch_script(
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.trunk, self.head = nn.Linear(5, 5), nn.Linear(5, 2)\n"
        "    def forward(self, x):\n"
        "        return self.head(self.trunk(x).detach())\n"
        "net = Net()\n"
        "train(net, torch.optim.SGD(net.parameters(), lr=0.1))\n"
    )
    run = lossmon.read_run(tmp_path / "out" / "Net-1")
    names = [p.name for p in run.meta.parameters]
    assert names == ["trunk.weight", "trunk.bias", "head.weight", "head.bias"]


def test_modules_that_train_together_are_one_run(
    watch_script: Callable[[str], list[str]], tmp_path: Path
) -> None:
    names = watch_script(
        "class Encoder(nn.Linear): pass\n"
        "class Decoder(nn.Linear): pass\n"
        "e, d = Encoder(5, 3), Decoder(3, 2)\n"
        "o = torch.optim.SGD([*e.parameters(), *d.parameters()], lr=0.1)\n"
        "train(lambda x: d(e(x)), o)\n"
    )
    assert names == ["Decoder+Encoder-1"] or names == ["Encoder+Decoder-1"]
    run = lossmon.read_run(tmp_path / "out" / names[0])
    assert {p.name.split(".")[0] for p in run.meta.parameters} == {"Encoder", "Decoder"}


def test_bare_tensors_are_watched_too(
    watch_script: Callable[[str], list[str]], tmp_path: Path
) -> None:
    names = watch_script(
        "w = torch.zeros(5, 2, requires_grad=True)\n"
        "train(lambda x: x @ w, torch.optim.SGD([w], lr=0.1))\n"
    )
    assert names == ["tensors-1"]
    assert len(lossmon.read_run(tmp_path / "out" / "tensors-1").scalar(LOSS)) == 20


def test_copied_and_compiled_wrappers_are_found(
    watch_script: Callable[[str], list[str]], tmp_path: Path
) -> None:
    names = watch_script(
        "import copy\n"
        "net = copy.deepcopy(nn.Sequential(nn.Linear(5, 2)))\n"
        "train(net, torch.optim.SGD(net.parameters(), lr=0.1))\n"
    )
    assert names == ["Sequential-1"]


def test_running_the_script_again_keeps_the_first_runs_whole_and_says_where_it_logs(
    watch_script: Callable[[str], list[str]],
    tmp_path: Path,
    run_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    watch_script("net = nn.Linear(5, 2)\ntrain(net, torch.optim.SGD(net.parameters(), lr=0.1))\n")
    again = run_python("-m", "lossmon", "run", "--logdir", "out", "script.py", cwd=tmp_path)
    said = "lossmon: out has runs already; this one is logged in out-2\n"
    assert again.stderr.startswith(said)
    for root in ("out", "out-2"):
        assert len(lossmon.read_run(tmp_path / root / "Linear-1").scalar(LOSS)) == 20


def test_a_script_that_resumes_from_a_checkpoint_continues_its_run(
    watch_script: Callable[[str], list[str]], tmp_path: Path
) -> None:
    source = (
        "import os\n"
        "net = nn.Linear(5, 2)\n"
        "o = torch.optim.Adam(net.parameters())\n"
        "if os.path.exists('c.pt'):\n"
        "    saved = torch.load('c.pt')\n"
        "    net.load_state_dict(saved['m']); o.load_state_dict(saved['o'])\n"
        "train(net, o)\n"
        "torch.save({'m': net.state_dict(), 'o': o.state_dict()}, 'c.pt')\n"
    )
    watch_script(source)
    watch_script(source)
    assert not (tmp_path / "out-2").exists()
    steps = lossmon.read_run(tmp_path / "out" / "Linear-1").scalar(LOSS).steps
    assert steps.tolist() == list(range(40))


def test_an_exception_of_the_script_is_recorded_in_the_run_that_it_ended(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "script.py").write_text(
        HEAD + "net = nn.Linear(5, 2)\n"
        "train(net, torch.optim.SGD(net.parameters(), lr=0.1))\n"
        "raise RuntimeError('out of data')\n"
    )
    done = run_python("-m", "lossmon", "run", "--logdir", "out", "script.py", cwd=tmp_path)
    assert done.returncode == 1
    marks = lossmon.read_run(tmp_path / "out" / "Linear-1").marks
    assert [m.detail["error"] for m in marks if m.kind == "exception"] == [
        "RuntimeError: out of data"
    ]


def test_numpy_says_nothing_of_a_training_that_overflows(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "script.py").write_text(
        HEAD + "x, y, criterion = torch.randn(64, 10), torch.randn(64, 1), nn.MSELoss()\n"
        "net = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 1))\n"
        "train(net, torch.optim.SGD(net.parameters(), lr=10.0), 300)\n"
    )
    done = run_python("-m", "lossmon", "run", "--logdir", "out", "script.py", cwd=tmp_path)
    assert "Sequential-1: broken, 300 steps" in done.stderr
    assert "Warning" not in done.stderr
    # Here such a warning is an error: see filterwarnings.
    for command, code in (("check", 3), ("ls", 0), ("show", 0), ("tui", 0)):
        assert main([command, str(tmp_path / "out")]) == code


@pytest.mark.parametrize("end", ["", "mon.close()\n", "mon = None\n"])
def test_a_script_that_watches_its_training_itself_is_reported_from_there(
    end: str, tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "script.py").write_text(
        HEAD + "import lossmon\n"
        "net = nn.Linear(5, 2)\n"
        "optimizer = torch.optim.SGD(net.parameters(), lr=0.1)\n"
        "mon = lossmon.watch(net, optimizer, logdir='mine')\n"
        "train(net, optimizer)\n" + end
    )
    done = run_python("-m", "lossmon", "run", "script.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("mine: ") == 1
    assert "lossmon tui mine\n" in done.stderr
    assert not (tmp_path / "runs").exists()
    assert lossmon.read_run(tmp_path / "mine").marks[-1].kind == "closed"
