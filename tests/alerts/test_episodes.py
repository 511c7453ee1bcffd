from __future__ import annotations

from lossmon.alerts.episodes import Episodes


def test_a_finding_is_told_once() -> None:
    episodes = Episodes()
    assert [episodes.opens("dead-relu", "error", now) for now in (0, 1, 1e6)] == [
        True,
        False,
        False,
    ]


def test_it_is_told_again_where_it_gets_worse_but_not_where_it_gets_better() -> None:
    episodes = Episodes()
    told = [episodes.opens("dead-relu", s, 0) for s in ("info", "error", "warning", "error")]
    assert told == [True, True, False, False]


def test_one_that_comes_and_goes_is_told_again_only_after_a_minute_of_calm() -> None:
    episodes = Episodes()
    assert episodes.opens("dead-relu", "error", 0)
    for now in (10, 60):
        episodes.settle(["dead-relu", "lr-zero"], now)
        assert not episodes.opens("dead-relu", "error", now + 30)
    episodes.settle(["dead-relu"], 100)
    episodes.settle(["dead-relu"], 159)
    assert episodes.opens("dead-relu", "error", 160)
