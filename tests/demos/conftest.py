"""Demos as acceptance tests: trained under `lossmon run`, then judged by `lossmon check`."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from forks import Trainer

from lossmon.cli import main

DEMOS = Path(__file__).resolve().parents[2] / "demos"


@dataclass(frozen=True, slots=True)
class Said:
    """What `lossmon check --json` says of one run."""

    run: str
    status: str
    cause: str | None
    loud: Mapping[str, str]
    """Slug -> severity of every finding above info."""

    def besides(self, *slugs: str) -> set[str]:
        """Return the findings above info other than these."""
        return set(self.loud) - set(slugs)


@pytest.fixture
def train(
    run_python: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> Callable[..., list[Said]]:
    """Train a demo watched: `train("article/learning_rate.py", "--seed", 1)`, one Said a run."""

    def run(script: str, *arguments: object) -> list[Said]:
        logdir = tmp_path / "runs"
        words = ["-m", "lossmon", "run", "--logdir", str(logdir), str(DEMOS / script)]
        done = run_python(*words, *map(str, arguments), timeout=300)
        assert done.returncode == 0, done.stderr
        return _checked(logdir)

    return run


@pytest.fixture(scope="session")
def _trainer() -> Iterator[Trainer]:
    """Start the process that forks trainings."""
    trainer = Trainer()
    yield trainer
    trainer.close()


@pytest.fixture
def lossmon_quickly(_trainer: Trainer, tmp_path: Path) -> Callable[..., list[Said]]:
    """Call a command that trains, in a fork of a process that has imported PyTorch.

    It is given a logdir of its own behind its name.
    """

    def run(command: str, *arguments: object) -> list[Said]:
        logdir, out, err = (tmp_path / name for name in ("runs", "out.txt", "err.txt"))
        words = [command, "--logdir", str(logdir), *map(str, arguments)]
        assert _trainer.run(words, out, err) == 0, err.read_text()
        return _checked(logdir)

    return run


@pytest.fixture
def train_quickly(lossmon_quickly: Callable[..., list[Said]]) -> Callable[..., list[Said]]:
    """Train as `train` does, in a fork of a process that has imported PyTorch."""

    def run(script: str, *arguments: object) -> list[Said]:
        return lossmon_quickly("run", DEMOS / script, *arguments)

    return run


@pytest.fixture
def train_by_seed(request: pytest.FixtureRequest, seed: int) -> Callable[..., list[Said]]:
    """Train seed 0 in a process of its own, as a user does, and the others in forks."""
    name = "train_quickly" if seed else "train"
    found: Callable[..., list[Said]] = request.getfixturevalue(name)
    return found


def _checked(logdir: Path) -> list[Said]:
    out = io.StringIO()
    with redirect_stdout(out):
        assert main(["check", str(logdir), "--json", "--fail-on", "never"]) == 0
    return sorted(map(_said, json.loads(out.getvalue())["runs"]), key=lambda said: said.run)


def _said(run: Mapping[str, object]) -> Said:
    findings = run["findings"]
    assert isinstance(findings, list)
    loud = {f["rule"]: f["severity"] for f in findings if f["severity"] != "info"}
    return Said(str(run["run"]), str(run["status"]), run["cause"] and str(run["cause"]), loud)
