from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lossmon.capture.agreement import AHEAD_STEPS, Agreement
from lossmon.livefinding import LiveFinding

FOUND = LiveFinding("a", "nan-in-loss", "error", 7, 9, "The loss is not finite.")


class Ranks:
    """Two ranks of one run, and the step that both are at."""

    def __init__(self, logdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (logdir / "lossmon").mkdir(parents=True)
        self.step = 100
        self.both = []
        monkeypatch.setenv("WORLD_SIZE", "2")
        for rank in ("0", "1"):
            monkeypatch.setenv("RANK", rank)
            start: Any = SimpleNamespace(logdir=logdir, run_id="job-1", start_id=rank)
            self.both.append(Agreement(start, lambda: self.step))

    @property
    def due(self) -> list[LiveFinding | None]:
        return [rank.due() for rank in self.both]


def test_ranks_stop_together_at_a_step_that_is_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: Callable[[Callable[[], bool]], None]
) -> None:
    ranks, told = Ranks(tmp_path / "a", monkeypatch), []
    first, second = ranks.both
    assert (first.is_first_rank, second.is_first_rank) == (True, False)
    second.told = told.append
    second.listen()
    first.ask(FOUND)
    until(lambda: bool(told))
    assert ranks.due == [None, None]
    ranks.step += AHEAD_STEPS - 1
    assert ranks.due == [None, None]
    ranks.step += 1
    assert ranks.due == [FOUND, FOUND]


def test_a_folder_that_cannot_be_written_to_stops_the_first_rank_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks = Ranks(tmp_path / "a", monkeypatch)
    (tmp_path / "a" / "lossmon").rmdir()
    with pytest.warns(RuntimeWarning, match="the other ranks cannot be told to stop"):
        ranks.both[0].ask(FOUND)
    ranks.step += AHEAD_STEPS
    assert ranks.due == [FOUND, None]


def test_a_file_that_is_no_agreement_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks = Ranks(tmp_path / "a", monkeypatch)
    (tmp_path / "a" / "lossmon" / ".stop-job-1").write_text('{"at": 1}')
    monkeypatch.setattr("lossmon.capture.agreement.POLL_S", 0.001)
    second = ranks.both[1]
    looks: list[float] = []

    def wait(seconds: float) -> bool:
        looks.append(seconds)
        return len(looks) > 3

    monkeypatch.setattr(second._ended, "wait", wait)
    second._look()
    assert ranks.due == [None, None]
