"""Few steps are timed, and all are paid for."""

from __future__ import annotations

import pytest

from lossmon.capture import stopwatch
from lossmon.capture.stopwatch import EVERY, FIRST, Stopwatch


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every reading of a clock that goes on by 1 s with each."""
    readings: list[float] = []

    def thread_time() -> float:
        readings.append(float(len(readings)))
        return readings[-1]

    monkeypatch.setattr(stopwatch.time, "thread_time", thread_time)
    return readings


def costs(steps: int) -> list[float]:
    watch, found = Stopwatch(), []
    for _ in range(steps):
        watch.begin_step()
        found.append(watch.since(watch.start()))
    return found


def test_each_of_the_first_steps_is_timed(asked: list[float]) -> None:
    assert costs(FIRST) == [1.0] * FIRST


def test_later_one_in_seven_stands_for_the_others(asked: list[float]) -> None:
    found = costs(FIRST + 100 * EVERY)[FIRST:]
    assert sum(found) == 100 * EVERY
    assert sorted(set(found)) == [0.0, float(EVERY)]
    assert len(asked) == 2 * (FIRST + 100)


def test_both_steps_of_a_pair_are_timed_in_turn(asked: list[float]) -> None:
    timed = [i % 2 for i, cost in enumerate(costs(FIRST + 40 * EVERY)[FIRST:]) if cost]
    assert timed.count(0) == timed.count(1)
