"""Every command of the page on clusters: a played scheduler, and ssh through a jump host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sshd import Sshd

import lossmon

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/clusters.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(?:bash|text)\n(.*?)```", PAGE, re.DOTALL)
JOB = next(block for block in BLOCKS if block.startswith("#!"))
CONFIG = next(block for block in BLOCKS if block.startswith("Host"))
COMMANDS = [line for block in BLOCKS if block not in (JOB, CONFIG) for line in block.splitlines()]
PATIENCE_S = 120

TRAIN = """
import sys
import torch
assert sys.argv[1:] == ["--epochs", "2"]
torch.manual_seed(0)
model = torch.nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.randn(64, 8)
y = x.sum(1, keepdim=True)
for step in range(200):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
"""
PROGRAMS = {
    "sbatch": 'SLURM_JOB_ID=4711 SLURM_JOB_NAME=gpt SLURMD_NODENAME=gpu7 exec bash "$1"',
    "srun": 'exec "$@"',
    "lossmon": f'PYTHONPATH={ROOT}:{ROOT}/tb_plugin exec {sys.executable} -m lossmon "$@"',
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs of a cluster in `bin`, and a job that has run in `me`."""
    folder = tmp_path_factory.mktemp("cluster")
    for place in ("bin", "me", "tmp"):
        (folder / place).mkdir()
    for name, body in PROGRAMS.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / "bin" / name).chmod(0o755)
    (folder / "me/train.py").write_text(TRAIN)
    (folder / "me/job.sh").write_text(here(JOB, folder))
    path = f"{folder}/bin{os.pathsep}{os.environ['PATH']}"
    submitted = subprocess.run(
        here("sbatch job.sh", folder), shell=True, cwd=folder / "me",
        env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip
    assert submitted.returncode == 0, submitted.stderr
    shutil.copytree(folder / "me/runs", folder / "tmp/runs")
    return folder


@pytest.fixture
def shell(
    cluster: Path, sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], str]]:
    """Run a line of the page in a shell whose `ssh` knows the hosts of the page."""
    monkeypatch.setenv("PATH", f"{cluster}/bin{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMUX_TMPDIR", str(cluster))
    sshd.use_python(True)
    config = sshd.clients / "config"
    before = config.read_text()
    hosts = f"Host login gpu7\nHostName localhost\nPort {sshd.port}\n"
    hosts += f"HostKeyAlias [localhost]:{sshd.port}\n"
    config.write_text(f"{before}{hosts}{CONFIG}")

    def run(line: str) -> str:
        done = subprocess.run(
            here(line, cluster), shell=True, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    config.write_text(before)


def here(line: str, cluster: Path) -> str:
    """Return a line of the page with the folders of this test."""
    return line.replace("/shared/me", f"{cluster}/me").replace("/tmp/runs", f"{cluster}/tmp/runs")


def test_the_job_is_in_its_log(cluster: Path) -> None:
    (logdir,) = (cluster / "me/runs/gpt").iterdir()
    meta = lossmon.read_run(logdir).meta
    assert meta is not None
    job = {"scheduler": "Slurm", "id": "4711", "name": "gpt", "node": "gpu7"}
    assert meta.job == job


@pytest.mark.parametrize(
    "line", [line for line in COMMANDS if not line.startswith(("sbatch", "tmux"))]
)
def test_every_command_shows_the_run(line: str, shell: Callable[[str], str]) -> None:
    assert "Linear-1" in shell(line)


def test_the_host_behind_the_login_node_is_reached_through_it(
    shell: Callable[[str], str], sshd: Sshd
) -> None:
    assert "ProxyJump login" in CONFIG
    told = shell("ssh -G gpu7")
    assert "proxyjump login" in told


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux here")
def test_the_screen_stays_in_tmux(
    shell: Callable[[str], str], until: Callable[[Callable[[], bool]], None]
) -> None:
    (line,) = [line for line in COMMANDS if line.startswith("tmux")]
    # Nobody looks: the session is begun without a terminal.
    shell(line.replace("new -A", "new -d -x 100 -y 30"))
    until(lambda: "Linear-1" in shell("tmux capture-pane -p -t lossmon"))
    shell("tmux kill-session -t lossmon")
