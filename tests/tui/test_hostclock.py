"""A clock that is wrong makes no run dead; an old log that is being copied makes none live."""

from __future__ import annotations

import pytest

from lossmon.tui.hostclock import HostClock


@pytest.mark.parametrize("ahead", [-3600.0, -90.0, 0.0, 90.0, 86_400.0])
def test_clock_of_a_run_that_grows_as_time_goes_by_is_known(ahead: float) -> None:
    clock = HostClock(1000.0 + ahead, 1000.0)
    assert clock.at(1000.0 + ahead, 1001.0) == 1001.0
    for now in (1002.0, 1017.0, 1032.0):
        assert clock.at(now + ahead, now) == now + ahead
    assert clock.at(1032.0 + ahead, 1090.0) == 1090.0 + ahead


def test_log_that_is_still_being_copied_tells_nothing() -> None:
    clock = HostClock(0.0, 100_000.0)
    for i in range(1, 20):
        assert clock.at(i * 100.0, 100_000.0 + i) == 100_000.0 + i


def test_run_that_goes_on_after_hours_is_in_step() -> None:
    clock = HostClock(1000.0, 1000.0)
    assert clock.at(1000.0, 8000.0) == 8000.0
    assert clock.at(8030.0, 8100.0) == 8030.0
