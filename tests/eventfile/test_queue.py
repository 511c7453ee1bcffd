"""What waits for the disk is bounded; detail goes first, losses later, marks last."""

from __future__ import annotations

import pytest

from lossmon.eventfile import queue
from lossmon.eventfile.queue import Queue, ScalarPoint, WidePoint
from lossmon.records import Mark


def put(waiting: Queue, steps: range) -> None:
    for step in steps:
        values = {"train/loss": 1.0, "val/loss": 2.0, "user/a": 3.0, "user/b": 4.0}
        waiting.put_scalars(ScalarPoint(step, 1e9, values))


def test_where_many_values_wait_a_step_keeps_only_its_losses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "MAX_VALUES", 10)
    waiting = Queue()
    put(waiting, range(4))
    waiting.put_scalars(ScalarPoint(4, 1e9, {"train/loss": 1.0}))
    waiting.put_scalars(ScalarPoint(5, 1e9, {"user/a": 1.0}))
    found = [(p.step, len(p.values)) for p in waiting.points if isinstance(p, ScalarPoint)]
    assert found == [(0, 4), (1, 4), (2, 2), (3, 2), (4, 1)]
    assert waiting.dropped == 3


def test_what_is_taken_makes_room_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_VALUES", 8)
    waiting = Queue()
    for turn in range(10):
        put(waiting, range(2 * turn, 2 * turn + 2))
        assert len(list(waiting.take_points(1))) == 1
        assert len(list(waiting.take_points(9))) == 1
    assert waiting.dropped == 0


def test_marks_fit_where_no_loss_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_POINTS", 3)
    waiting = Queue()
    put(waiting, range(5))
    waiting.put_mark(Mark(4, 1e9, "exception"))
    assert [point.step for point in waiting.points] == [0, 1, 2, 4]
    assert waiting.dropped == 2


def test_wide_records_have_a_bound_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_WIDE_BYTES", 100)
    waiting = Queue()
    for step in range(20):
        waiting.put_wide(WidePoint(step, 1e9, (bytes(5), bytes(3), b"")))
    put(waiting, range(20))
    assert (len(waiting.wide), waiting.dropped) == (12, 8)
    assert len(waiting.points) == 20
