from __future__ import annotations

from dataclasses import replace

import pytest

from lossmon.alerts.alert import Alert
from lossmon.alerts.outbox import Outbox
from lossmon.alerts.way import WayFailed


class Fickle:
    """A way that fails as it is told to."""

    name = "pigeon"

    def __init__(self, *failures: WayFailed) -> None:
        self.failures = list(failures)
        self.tries = 0
        self.sent: list[int] = []

    def send(self, alert: Alert) -> None:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(alert.step)

    def preview(self, alert: Alert) -> str:
        return alert.title


class Sending:
    """An outbox with alerts of steps 0, 1, ..., and what it noted."""

    def __init__(self, way: Fickle, alert: Alert, count: int = 1, **options: int) -> None:
        self.notes: list[str] = []
        self.box = Outbox(way, self.notes.append, **options)
        self.box.put([replace(alert, run="a", step=step) for step in range(count)], 0.0)


def test_alerts_are_sent_in_order_and_once(alert: Alert) -> None:
    way = Fickle()
    sending = Sending(way, alert, 3)
    assert sending.box.work(0.0) is None
    assert sending.box.work(1.0) is None
    assert way.sent == [0, 1, 2]
    assert sending.notes == []


def test_a_failure_is_told_once_and_tried_again_ever_more_seldom(alert: Alert) -> None:
    way = Fickle(*(WayFailed("no answer") for _ in range(12)))
    sending = Sending(way, alert)
    now, waits = 0.0, []
    while (due := sending.box.work(now)) is not None:
        waits.append(due - now)
        now = due
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert way.sent == [0]
    assert sending.notes == ["pigeon: no answer; tried again until it works"]


def test_nothing_is_tried_before_it_is_due(alert: Alert) -> None:
    way = Fickle(WayFailed("refused for 1m", wait_s=60))
    sending = Sending(way, alert)
    assert sending.box.work(0.0) == 60
    assert sending.box.work(59.0) == 60
    assert way.tries == 1
    assert sending.box.work(60.0) is None


@pytest.mark.parametrize(
    ("failure", "now"), [(WayFailed("gone", is_final=True), 0.0), (WayFailed("gone"), 3600.0)]
)
def test_what_cannot_be_sent_is_given_up_and_the_next_goes(
    alert: Alert, failure: WayFailed, now: float
) -> None:
    way = Fickle(failure)
    sending = Sending(way, alert, 2)
    assert sending.box.work(now) is None
    assert way.sent == [1]
    assert sending.box.lost == 1
    assert sending.notes == ["pigeon: gone; not sent: error dead-relu in a since step 7"]


def test_a_flood_is_cut_off_and_counted(alert: Alert) -> None:
    way = Fickle()
    sending = Sending(way, alert, 5, per_hour=2)
    assert sending.box.work(0.0) is None
    assert (way.sent, sending.box.lost) == ([0, 1], 3)
    sending.box.put([replace(alert, step=9)], 3600.0)
    sending.box.work(3600.0)
    assert way.sent == [0, 1, 9]
