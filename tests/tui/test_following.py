from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.eventfile.sources import LocalSource
from lossmon.tui import polling
from lossmon.tui.following import follow
from lossmon.tui.snapshot import Snapshot


class Pause:
    """Lets a number of polls happen, without waiting."""

    def __init__(self, polls: int) -> None:
        self.left = polls
        self.asked: list[float] = []

    def __call__(self, seconds: float) -> bool:
        self.asked.append(seconds)
        self.left -= 1
        return self.left > 0


def test_snapshots_come_until_the_pause_says_no(write_run: Callable[..., Path]) -> None:
    root, pause = write_run("a", [1.0] * 20), Pause(3)
    last = list(follow(LocalSource(root, str(root)), 0.5, pause))[-1]
    assert [view.name for view in last.runs] == ["a"]
    assert not last.is_behind
    assert len(pause.asked) == 3
    assert all(0 <= seconds <= 5 for seconds in pause.asked)


def test_reading_that_fails_is_told_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        def __init__(self, _: object) -> None:
            self.polls = 0

        def poll(self) -> Iterator[Snapshot]:
            self.polls += 1
            if self.polls in (2, 3):
                raise OSError("stale file handle")
            yield Snapshot()

    monkeypatch.setattr(polling, "Poller", Failing)
    problems = [s.problem for s in follow(LocalSource(tmp_path, "x"), 0.5, Pause(4))]
    assert problems == ["", "reading fails: OSError: stale file handle", ""]
