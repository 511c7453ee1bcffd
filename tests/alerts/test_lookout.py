from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.alerts.lookout import Judge
from lossmon.eventfile.writer import RunWriter
from lossmon.livefinding import LiveFinding
from lossmon.records import Mark, RunMeta

NAN = float("nan")


class Training:
    """A run that is being written, flushed after each step."""

    def __init__(self, logdir: Path, start_id: str, *, start_step: int = 0) -> None:
        meta = RunMeta("r", start_id, start_wall=time.time(), start_step=start_step, model="Net")
        self.writer = RunWriter(logdir, meta, flush_s=0.01)
        if start_step:
            self.writer.mark(Mark(start_step, time.time(), "resumed"))

    def make(self, losses: list[float], first: int = 0) -> None:
        """Make steps with these losses."""
        for step, loss in enumerate(losses, first):
            self.writer.scalars(step, time.time(), {"train/loss": loss})


@pytest.fixture
def seen(until: Callable[[Callable[[], bool]], None]) -> Callable[..., list[LiveFinding]]:
    """Look until a rule is told; return all that was."""

    def look(judge: Judge, rule: str) -> list[LiveFinding]:
        found: list[LiveFinding] = []

        def holds() -> bool:
            found.extend(judge.look())
            return any(one.rule == rule for one in found)

        until(holds)
        return found

    return look


def test_a_finding_is_told_once_with_its_run_and_its_steps(
    tmp_path: Path, seen: Callable[..., list[LiveFinding]]
) -> None:
    training, judge = Training(tmp_path / "a", "one"), Judge()
    judge.add(str(tmp_path / "a"), "one")
    assert list(judge.look()) == []
    training.make([2.0 - step / 100 for step in range(50)] + [NAN] * 20)
    training.writer.close()
    found = [one for one in seen(judge, "nan-in-loss") if one.severity == "error"]
    assert [(one.rule, one.since_step) for one in found if one.rule == "nan-in-loss"] == [
        ("nan-in-loss", 50)
    ]
    assert found[0].logdir == str(tmp_path / "a")
    assert list(judge.look()) == []


def test_the_past_of_a_resumed_run_is_not_held_against_it(tmp_path: Path) -> None:
    old = Training(tmp_path / "a", "old")
    old.make([1.0] * 20 + [NAN] * 20)
    old.writer.close()
    judge = Judge()
    judge.add(str(tmp_path / "a"), "new")
    assert list(judge.look()) == []
    new = Training(tmp_path / "a", "new", start_step=10)
    new.make([1.0 - step / 100 for step in range(20)], first=10)
    new.writer.close()
    assert "nan-in-loss" not in {found.rule for found in judge.look()}


def test_the_process_ends_where_its_parent_is_gone_though_its_pipes_are_open() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lossmon.alerts.lookout", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.wait(60) == 0
    process.communicate()
