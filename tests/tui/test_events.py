"""The screen of events, and the list behind it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.finding import HistoryEntry
from lossmon.records import Mark, RunMeta
from lossmon.tui.screens.events import EventsScreen
from lossmon.tui.screens.run import RunScreen
from lossmon.tui.screens.text import TextScreen
from lossmon.tui.snapshot import RunView
from lossmon.tui.timeline import events_of, listed
from lossmon.tui.widgets.event_list import event_detail

Opened = Callable[..., AbstractAsyncContextManager[Any]]
Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("not_reading")


@pytest.fixture
def eventful(view: Make, report: Make, finding: Make) -> RunView:
    """A run in which much happened."""
    marks = (
        Mark(40, 40.0, "resumed"),
        Mark(60, 60.0, "dropped", {"records": 7}),
        Mark(90, 90.0, "collector-off", {"collector": "updates", "error": "no\x1b[2Jmemory"}),
        Mark(199, 199.0, "exception", {"error": "RuntimeError: shapes"}),
        Mark(120, 120.0, "user-note", {"anything": "goes"}),
        Mark(50, 50.0, "hold-out", {"examples": 20, "of": 100}),
    )
    verdict = report(finding("no-signal"), finding("lr-too-low", "warning"))
    history = (
        HistoryEntry("no-signal", "opened", 107),
        HistoryEntry("nan-in-loss", "opened", 20),
        HistoryEntry("nan-in-loss", "resolved", 30),
        HistoryEntry("lr-too-low", "worsened", 150),
    )
    losses = np.linspace(2, 1, 200)
    losses[20:25] = np.nan
    return view("a", losses, replace(verdict, history=history), life="dead", marks=marks)  # type: ignore[no-any-return]


def test_the_newest_event_comes_first_and_each_says_what_happened(eventful: RunView) -> None:
    events = events_of(eventful)
    assert [one.step for one in events] == sorted((one.step for one in events), reverse=True)
    said = {f"{one.step} {one.kind}: {one.text}" for one in events}
    assert {
        "199 exception: RuntimeError: shapes",
        "107 opened: no-signal  The claim of no-signal.",
        "150 worsened: lr-too-low  The claim of lr-too-low.",
        "30 resolved: nan-in-loss",
        "20 nan/inf: the loss is not finite at step 20 to 24",
        "40 resumed: the training goes on from here",
        "60 dropped: 7 records could not be written",
        "90 collector-off: updates is not recorded: no\\x1b[2Jmemory",
        "120 user-note: anything goes",
        "50 hold-out: 20 of 100 examples teach nothing",
    } <= said


def test_a_run_that_died_without_a_word_is_said_to_be_gone(view: Make) -> None:
    (event,) = events_of(view("a", life="dead"))
    assert event.step == 199
    assert "no heartbeat" in event.text


def test_a_learning_rate_that_jumps_is_an_event_and_a_schedule_is_one_in_all(view: Make) -> None:
    rates = np.full(200, 1e-3)
    rates[120:] = 1e-4
    jump = replace(view("a"), run=synth.run(200, lr=rates))
    (event,) = [one for one in events_of(jump) if one.kind == "lr"]
    assert (event.step, event.text) == (120, "train/lr 0.001 → 1e-04")
    saw = replace(view("a"), run=synth.run(200, lr=np.tile([1e-3, 1e-4], 100)))
    (event,) = [one for one in events_of(saw) if one.kind == "lr"]
    assert "changes at 199 steps" in event.text


def test_the_events_name_the_job_of_the_run_and_where_it_goes_on(view: Make) -> None:
    job = {"scheduler": "Slurm", "id": "12", "node": "gpu7"}
    begun = view("a", marks=(Mark(10, 10.0, "resumed", {**job, "node": "gpu8", "restarts": "1"}),))
    run = replace(begun.run, meta=RunMeta(run_id="a", start_id="a-0", job=job))
    shown = replace(begun, run=run)
    (event,) = events_of(shown)
    assert event.text == "the training goes on from here, Slurm job 12 on gpu8, restart 1"
    lines = event_detail(shown, event, 80, 20)
    assert "Slurm job 12 on gpu7" in [one.text.strip() for one in lines]


def test_a_hostile_mark_is_words_and_no_error(view: Make) -> None:
    odd = [
        Mark(1, 1.0, signals.INPUTS, {"tensors": "x"}),
        Mark(1, 1.0, signals.INPUTS, {"tensors": [1, {"shape": "\x07"}]}),
        Mark(1, 1.0, "\x1b]0;x\x07", {"a": ["\x9b"]}),
        Mark(1, 1.0, "exception", {}),
    ]
    for event in events_of(view("a", marks=tuple(odd))):
        assert (event.kind + event.text).isprintable()


def test_events_are_listed_by_kind_and_by_words(eventful: RunView) -> None:
    events = events_of(eventful)
    assert {one.rule for one in listed(events, "findings", "")} == {
        "no-signal",
        "nan-in-loss",
        "lr-too-low",
    }
    assert {one.rule for one in listed(events, "run", "")} == {""}
    assert [one.step for one in listed(events, "all", "resolved !exception")] == [30]


async def test_keys_walk_the_events_and_enter_explains_or_shows_the_step(
    opened: Opened, eventful: RunView
) -> None:
    async with opened() as screen:
        await screen.show(eventful)
        await screen.press("4")
        assert isinstance(screen.app.screen, EventsScreen)
        assert "▶   199 ✕ exception" in screen.text
        await screen.press("n")
        assert "▶   150" in screen.text
        await screen.press("enter")
        assert isinstance(screen.app.screen, TextScreen)
        await screen.press("escape", "N", "j", "k", "y", "x", "s", "G")
        assert "▶    20" in screen.text
        await screen.press("o")
        assert "findings only" in screen.text
        assert "exception" not in screen.text
        await screen.press("o", "o", "slash", "d", "r", "o", "p", "enter")
        assert "events 1" in screen.text
        await screen.press("g", "enter")
        assert isinstance(screen.app.screen, RunScreen)
        assert "┊ step 60" in screen.text


async def test_the_details_appear_as_soon_as_there_is_room_for_them(
    opened: Opened, eventful: RunView
) -> None:
    async with opened((80, 12)) as screen:
        await screen.show(eventful)
        await screen.press("4")
        assert "─ run ─" not in screen.text
        await screen.resize(80, 30)
        assert "─ run ─" in screen.text
