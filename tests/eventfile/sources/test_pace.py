from __future__ import annotations

import math

from lossmon.eventfile.sources.pace import BackOff, Budget, Rhythm


def test_attempts_come_ever_later_and_never_stop() -> None:
    back_off = BackOff()
    assert [back_off.next() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    back_off.reset()
    assert back_off.next() == 1


def test_a_fast_line_is_asked_for_more_and_a_slow_one_for_less() -> None:
    fast, slow, idle = Budget(), Budget(), Budget()
    for _ in range(30):
        fast.spent(0.01, used=True)
        slow.spent(5.0, used=True)
        idle.spent(0.01, used=False)
    assert fast.bytes == 16 << 20
    assert slow.bytes == 32 << 10
    assert idle.bytes == Budget().bytes


def test_a_host_that_lists_slowly_is_asked_less_often() -> None:
    rhythm = Rhythm(0.25)
    assert rhythm.pause(news=True, cost_s=math.nan) == 0.25
    assert rhythm.pause(news=True, cost_s=0.2) == 2.0
    assert rhythm.pause(news=True, cost_s=60.0) == 5.0


def test_where_nothing_grows_it_looks_less_often() -> None:
    rhythm = Rhythm(0.25)
    rhythm._last_news -= 60
    assert rhythm.pause(news=False, cost_s=0.0) == 1.0
    rhythm._last_news -= 6000
    assert rhythm.pause(news=False, cost_s=0.0) == 5.0
    assert rhythm.pause(news=True, cost_s=0.0) == 0.25
