from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lossmon.records import Mark
from lossmon.tui.news import News, Newsreader
from lossmon.tui.newsline import json_line, text_line
from lossmon.tui.snapshot import RunView, Snapshot

Make = Callable[..., Any]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(reader: Newsreader, *views: RunView) -> list[tuple[str, str]]:
    """What the reader makes of a snapshot: event and rule."""
    items = reader.take(Snapshot(views))
    return [(news.event, news.finding.rule if news.finding else "") for news in items]


def test_a_run_is_told_of_once_it_is_judged(view: Make, report: Make, finding: Make) -> None:
    reader, early = Newsreader(), view("a", life="live")
    assert told(reader, early) == []
    judged = replace(early, report=report(finding("no-signal")))
    assert told(reader, judged) == [("life", ""), ("opened", "no-signal")]
    assert told(reader, judged) == []


def test_a_run_that_cannot_be_judged_is_told_of_too(view: Make) -> None:
    assert told(Newsreader(), replace(view("a"), problem="ValueError: x")) == [("life", "")]


def test_findings_open_worsen_and_are_resolved(view: Make, report: Make, finding: Make) -> None:
    reader = Newsreader()
    steps: list[tuple[Any, list[tuple[str, str]]]] = [
        (report(), [("life", "")]),
        (report(finding("lr-too-low", "warning")), [("opened", "lr-too-low")]),
        (report(finding("lr-too-low", "error")), [("worsened", "lr-too-low")]),
        (report(finding("lr-too-low", "warning")), []),
        (replace(report(), skipped={"lr-too-low": "no lr"}), []),
        (replace(report(), clear=("lr-too-low",)), [("resolved", "lr-too-low")]),
        (report(finding("lr-too-low", "info")), [("opened", "lr-too-low")]),
        (replace(report(), overruled={"lr-too-low": "x"}), [("resolved", "lr-too-low")]),
    ]
    for verdict, expected in steps:
        assert told(reader, view("a", None, verdict, life="live")) == expected


def test_how_far_a_run_got_is_told_no_more_often_than_asked(view: Make, report: Make) -> None:
    clock = Clock()
    reader = Newsreader(every_s=10, clock=clock)

    def at(now: float, steps: int) -> list[tuple[str, str]]:
        clock.now = now
        return told(reader, view("a", [1.0] * steps, report(), life="live"))

    assert at(0, 10) == [("life", "")]
    assert at(9, 20) == []
    assert at(10, 20) == [("progress", "")]
    assert at(25, 20) == []


def test_every_change_of_life_is_told_but_not_each_second_of_silence(
    view: Make, report: Make
) -> None:
    reader, base = Newsreader(), view("a", None, report(), life="live")
    assert told(reader, base) == [("life", "")]
    assert told(reader, replace(base, silence="30 s")) == [("life", "")]
    assert told(reader, replace(base, silence="35 s")) == []
    assert told(reader, replace(base, life="dead")) == [("life", "")]


def test_a_run_that_begins_anew_is_told_of_as_a_new_one(
    view: Make, report: Make, finding: Make
) -> None:
    reader, ill = Newsreader(), report(finding("no-signal"))
    told(reader, view("a", [1.0] * 100, ill, life="live"))
    news = list(reader.take(Snapshot((view("a", [1.0] * 5, ill, life="live"),))))
    assert [(one.event, one.is_first) for one in news] == [("life", True), ("opened", True)]


def test_lines_read_as_a_person_would_say_it(view: Make, report: Make, finding: Make) -> None:
    one = finding("no-signal", "warning", steps=(60, 99), claim="The input says nothing.")
    live = view("a", [2.0, 1.5], report(one), life="live", speed=9.14)
    assert text_line(News("life", live)) == "a  ● live  step 1  loss 1.5  9.1 it/s  ✗ stuck"
    assert text_line(News("progress", live), name_width=4) == (
        "a     step 1  loss 1.5  9.1 it/s  ✗ stuck"
    )
    assert text_line(News("opened", live, one)) == (
        "a  ! warning  no-signal  since step 60: The input says nothing."
    )
    late = replace(one, severity="error", consequence_of="zero-init")
    assert text_line(News("worsened", live, late)) == (
        "a  ✗ error  worsened  no-signal  since step 60: The input says nothing.  (from zero-init)"
    )
    assert text_line(News("resolved", live, one)) == "a  ✓ resolved  no-signal  at step 1"


def test_the_line_of_a_dead_run_says_what_ended_it(view: Make, report: Make) -> None:
    mark = Mark(99, 0.0, "exception", {"error": "ValueError: \x1b[2Jboom"})
    dead = view("a", [2.0] * 100, report(status="learning"), life="dead", marks=(mark,))
    line = text_line(News("life", dead))
    assert line.endswith("✓ learning  died at step 99: ValueError: \\x1b[2Jboom")
    assert json.loads(json_line(News("life", dead)))["error"].endswith("boom")


def test_a_run_without_a_loss_has_a_line(view: Make, report: Make) -> None:
    empty = view("a", [], report(status="not-enough-evidence"), life="live")
    assert text_line(News("life", empty)) == "a  ● live  no step yet  ? not enough evidence"
    assert json.loads(json_line(News("life", empty)))["loss"] is None


@pytest.mark.parametrize(
    "name", ["\x1b]0;owned\x07", "a\nb", "\u202egnp", "x" * 5000, "[red]日本語"]
)
def test_hostile_names_are_inert(view: Make, report: Make, finding: Make, name: str) -> None:
    one = finding("no-signal", claim=f"about {name}")
    hostile = view(name, [math.nan], report(one))
    for news in (News("life", hostile), News("opened", hostile, one)):
        for line in (text_line(news), json_line(news).rstrip("\n")):
            assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)
            assert "\u202e" not in line
        assert len(text_line(news)) < 800
        assert json.loads(json_line(news))["loss"] == "nan"
        assert json.loads(json_line(news))["run"] == name


def test_all_lines_of_json_have_the_same_keys(view: Make, report: Make, finding: Make) -> None:
    one = finding("no-signal")
    views = (view("a", None, report(one)), view("b", [], report()))
    lines = [json.loads(json_line(News("life", view))) for view in views]
    lines.append(json.loads(json_line(News("opened", views[0], one))))
    assert len({tuple(line) for line in lines}) == 1
    assert lines[2]["finding"]["rule"] == "no-signal"
