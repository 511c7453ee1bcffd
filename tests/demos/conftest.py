"""Demos as acceptance tests: trained under `lossmon run`, then judged by `lossmon check`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

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
        checked = run_python("-m", "lossmon", "check", str(logdir), "--json", "--fail-on", "never")
        assert checked.returncode == 0, checked.stderr
        return sorted(map(_said, json.loads(checked.stdout)["runs"]), key=lambda said: said.run)

    return run


def _said(run: Mapping[str, object]) -> Said:
    findings = run["findings"]
    assert isinstance(findings, list)
    loud = {f["rule"]: f["severity"] for f in findings if f["severity"] != "info"}
    return Said(str(run["run"]), str(run["status"]), run["cause"] and str(run["cause"]), loud)
