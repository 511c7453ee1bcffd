"""Which runs are listed, in which order, and which are drawn together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np
import pytest

from lossmon.tui.runlist import BASELINE, ORDERS, Choice, change, filtered, ordered
from lossmon.tui.screens.text import TextScreen
from lossmon.tui.shared import shared_picture
from lossmon.tui.sight import Axes
from lossmon.tui.widgets.chart import Chart

Opened = Callable[..., AbstractAsyncContextManager[Any]]
Make = Callable[..., Any]


def names(views: Any) -> list[str]:
    return [view.name for view in views]


def test_each_order_sorts_by_its_column_and_puts_what_is_unknown_last(
    view: Make, report: Make, finding: Make
) -> None:
    ill = report(finding("no-signal"))
    views = [
        view("b-10", np.linspace(2, 0.5, 100), report(status="learning"), life="live", speed=3.0),
        view("b-9", np.linspace(2, 1.9, 300), ill),
        view("c", [], report(status="learning")),
    ]
    expected = {
        "severity": ["b-9", "b-10", "c"],
        "name": ["b-9", "b-10", "c"],
        "step": ["b-9", "b-10", "c"],
        "loss": ["b-10", "b-9", "c"],
        "change": ["b-10", "b-9", "c"],
        "speed": ["b-10", "b-9", "c"],
    }
    for order in ORDERS:
        assert len(ordered(views, order)) == 3
    assert {order: names(ordered(views, order)) for order in expected} == expected


def test_the_change_is_that_of_the_smoothed_loss_per_thousand_steps(view: Make) -> None:
    assert change(view("a", np.linspace(2.0, 1.0, 1001))) == pytest.approx(-1.0, rel=1e-3)
    assert np.isnan(change(view("a", [])))
    assert np.isnan(change(view("a", [1.0])))


def test_runs_are_filtered_by_name_state_and_diagnosis(
    view: Make, report: Make, finding: Make
) -> None:
    views = [
        view("gpt-1", None, report(finding("dead-relu")), life="live"),
        view("gpt-2", None, report(status="learning")),
        view("cnn", None, report(status="learning"), life="dead"),
    ]
    for words, found in (
        ("GPT", ["gpt-1", "gpt-2"]),
        ("dead-relu", ["gpt-1"]),
        ("gpt !learning", ["gpt-1"]),
        ("live", ["gpt-1"]),
        ("  ", ["gpt-1", "gpt-2", "cnn"]),
        ("nothing", []),
    ):
        assert names(filtered(views, words)) == found


def test_marks_are_letters_in_the_order_in_which_they_were_set_and_eight_at_most() -> None:
    keys = [(f"run-{number}", 0) for number in range(12)]
    choice = Choice()
    for key in keys:
        choice = choice.marked(key)
    assert len(choice.marks) == 8
    assert [choice.sign(key) for key in keys[:3]] == ["A", "B", "C"]
    assert choice.sign(keys[9]) == ""
    assert choice.marked(keys[0]).sign(keys[1]) == "A"
    assert choice.all_marked(keys).marks == ()
    assert choice.all_marked(keys).all_marked(keys).marks == tuple(keys[:8])
    assert choice.pinned(keys[9]).sign(keys[9]) == BASELINE
    assert choice.pinned(keys[9]).pinned(keys[9]).baseline is None


def test_the_shared_plot_holds_every_run_whole_the_baseline_dashed_and_below(view: Make) -> None:
    views = [
        view("short", np.linspace(2, 1, 50)),
        view("long", np.linspace(9, 3, 500)),
        view("base", np.linspace(5, 4, 100)),
    ]
    choice = Choice(marks=(("short", 0), ("long", 0)), baseline=("base", 0))
    for kind in ("step", "time", "log"):
        picture = shared_picture(views[0], views, choice, Axes(x=kind), None)
        assert picture is not None
        assert [(one.sign, one.dashed) for one in picture.others] == [("=", True), ("B", False)]
        assert picture.x.high >= 499
        assert picture.y.high >= 9.0 - 0.5
        assert picture.y.low <= 1.1


async def test_keys_mark_pin_sort_and_filter_the_runs(
    opened: Opened, not_reading: None, two_runs: tuple[Any, Any]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("space")
        assert "○   healthy" in next(row for row in screen.rows if row.startswith("▶"))
        assert " ● A sick" in screen.text
        assert "A sick" in next(row for row in screen.rows if row.startswith("─ train/loss"))
        await screen.press("p")
        assert "▶○ = healthy" in screen.text
        await screen.press("a")
        assert " ● A sick" not in screen.text
        await screen.press("p", "o")
        assert "by name" in screen.rows[0]
        assert [row[3:10].strip() for row in screen.rows[2:4]] == ["healthy", "sick"]
        await screen.press(*["o"] * (len(ORDERS) - 1), "slash", "s", "i", "q")
        assert "No run matches siq" in screen.text
        assert screen.app.is_running
        await screen.press("backspace", "enter")
        assert "with si" in screen.rows[0]
        assert "healthy" not in screen.text
        await screen.press("slash", "x", "escape")
        assert "▶● sick" in screen.text


async def test_tab_walks_the_findings_and_enter_explains_the_chosen_one(
    opened: Opened, not_reading: None, two_runs: tuple[Any, Any]
) -> None:
    async with opened((160, 45)) as screen:
        await screen.show(*two_runs)
        await screen.press("tab", "j")
        assert "▶! warning lr-too-low" in screen.text
        assert "what was seen of lr-too-low" in screen.text
        await screen.press("b")
        assert "what was seen of" not in screen.text
        await screen.press("b", "e")
        assert "DIAGNOSIS" not in screen.text
        assert screen.app.screen.query_one(Chart).size.height > 35
        await screen.press("e", "enter")
        assert isinstance(screen.app.screen, TextScreen)
        assert "The claim of lr-too-low" in screen.text
