from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lossmon.tui.notice import Way
from lossmon.tui.notifier import Notifier
from lossmon.tui.snapshot import RunView, Snapshot

Make = Callable[..., Any]
BELL = "\x07"


class Watch:
    """A notifier, what it sent, and its clock."""

    def __init__(self, *ways: Way, **env: str) -> None:
        self.sent: list[str] = []
        self.now = 0.0
        self.notifier = Notifier(
            ways or ("bell",), self.sent.append, {"TERM": "xterm", **env}, clock=lambda: self.now
        )

    def see(self, *views: RunView) -> str:
        """What a snapshot makes it send."""
        self.sent.clear()
        self.notifier.take(Snapshot(views))
        return "".join(self.sent)


@pytest.fixture
def well(view: Make, report: Make) -> RunView:
    """A live run in which nothing is found."""
    return view("net", None, report(status="learning"), life="live")


@pytest.fixture
def ill(view: Make, report: Make, finding: Make) -> RunView:
    """The same run with an error and what it brings about."""
    effect = replace(finding("no-signal"), consequence_of="zero-init")
    return view("net", None, report(finding("zero-init", steps=(7, 9)), effect), life="live")


def test_a_new_error_rings_once(well: RunView, ill: RunView) -> None:
    watch = Watch()
    assert [watch.see(one) for one in (well, ill, ill, ill)] == ["", BELL, "", ""]


def test_what_was_there_when_watching_began_rings_not_at_all(ill: RunView) -> None:
    watch, unjudged = Watch(), replace(ill, report=None)
    assert [watch.see(one) for one in (unjudged, ill, ill)] == ["", "", ""]


def test_a_run_that_comes_later_rings_for_what_it_comes_with(ill: RunView) -> None:
    watch = Watch()
    assert watch.see() == ""
    assert watch.see(ill) == BELL


def test_a_finished_run_that_is_copied_in_does_not_ring(ill: RunView) -> None:
    watch = Watch()
    watch.see()
    assert watch.see(replace(ill, life="finished")) == ""


def test_a_finding_that_comes_and_goes_rings_once_an_episode(
    well: RunView, ill: RunView, report: Make
) -> None:
    watch, cleared = Watch(), replace(well, report=replace(report(), clear=("zero-init",)))
    watch.see(well)
    assert watch.see(ill) == BELL
    for later in (1, 30, 89):
        watch.now = later
        assert watch.see(cleared) == ""
        assert watch.see(ill) == ""
    watch.now = 100
    watch.see(cleared)
    watch.now = 161
    assert watch.see(ill) == BELL


def test_warnings_do_not_ring_until_they_worsen(
    well: RunView, view: Make, report: Make, finding: Make
) -> None:
    watch = Watch()
    warned, worse = (
        view("net", None, report(finding("lr-too-low", severity)), life="live")
        for severity in ("warning", "error")
    )
    assert [watch.see(one) for one in (well, warned, worse)] == ["", "", BELL]


def test_an_error_that_a_mere_warning_brings_about_rings(
    well: RunView, view: Make, report: Make, finding: Make
) -> None:
    watch = Watch("osc9")
    effect = replace(finding("nan-in-loss"), consequence_of="lr-too-high")
    lost = view("net", None, report(finding("lr-too-high", "warning"), effect), life="live")
    watch.see(well)
    assert "error nan-in-loss in net" in watch.see(lost)


def test_a_notice_names_rule_and_run_and_counts_the_rest(
    well: RunView, ill: RunView, view: Make, report: Make
) -> None:
    watch, names = Watch("osc9"), ("net", "other", "third")
    watch.see(*(replace(well, key=(name, 0)) for name in names))
    sent = watch.see(*(replace(ill, key=(name, 0), name=name) for name in names))
    assert sent == "\x1b]9;lossmon: error zero-init in net since step 7, and 2 more\x07"


def test_the_title_says_what_is_wrong_now_and_is_put_back(well: RunView, ill: RunView) -> None:
    watch = Watch("title")
    watch.notifier.begin()
    assert watch.sent == ["\x1b[22;2t"]
    assert watch.see(well) == "\x1b]2;lossmon\x1b\\"
    assert watch.see(ill) == "\x1b]2;error zero-init in net - lossmon\x1b\\"
    assert watch.see(ill) == ""
    assert watch.see(well) == "\x1b]2;lossmon\x1b\\"
    watch.sent.clear()
    watch.notifier.end()
    assert watch.sent == ["\x1b[23;2t"]


def test_a_dumb_terminal_keeps_its_title(ill: RunView) -> None:
    watch = Watch("title", TERM="dumb")
    watch.notifier.begin()
    assert watch.see(ill) == ""
    watch.notifier.end()
    assert watch.sent == []
