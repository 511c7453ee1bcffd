"""What a person sees and what each key does, at the two sizes the screens are laid out for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np
import pytest

from lossmon.tui.messages import FindingOpened, ScreenAsked
from lossmon.tui.screens import overview
from lossmon.tui.screens.help import HelpScreen
from lossmon.tui.screens.overview import OverviewScreen
from lossmon.tui.screens.run import RunScreen
from lossmon.tui.screens.text import TextScreen

Opened = Callable[..., AbstractAsyncContextManager[Any]]
Make = Callable[..., Any]

SMALL, LARGE = (80, 24), (160, 45)
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])

pytestmark = pytest.mark.usefixtures("not_reading")


@SIZES
async def test_the_overview_names_every_run_its_state_and_its_cause(
    opened: Opened, two_runs: tuple[Any, Any], size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        await screen.show(*two_runs)
        header, table = screen.rows[0], "\n".join(screen.rows[1:4])
        assert "2 runs" in header
        assert "1 live" in header
        assert "1 needs attention" in header
        assert "● sick" in table
        assert "✗ error vanishing-gradient" in table
        assert "○ healthy" in table
        assert "✓ learning" in table
        assert "train/loss" in screen.text
        assert "why it is stuck" in screen.text
        assert "⠤" in screen.text or "⠒" in screen.text
        assert len(screen.rows) == size[1]


@SIZES
async def test_the_run_in_trouble_stands_first_and_is_chosen(
    opened: Opened, two_runs: tuple[Any, Any], size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        await screen.show(*reversed(two_runs))
        assert any(row.startswith("▶● sick") for row in screen.rows)


@pytest.mark.parametrize(("down", "up"), [("j", "k"), ("down", "up"), ("G", "g"), ("end", "home")])
async def test_the_selection_moves_down_and_up(
    opened: Opened, two_runs: tuple[Any, Any], down: str, up: str
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press(down)
        assert any(row.startswith("▶○ healthy") for row in screen.rows)
        await screen.press(down)
        assert any(row.startswith("▶○ healthy") for row in screen.rows)
        await screen.press(up)
        assert any(row.startswith("▶● sick") for row in screen.rows)


async def test_the_selection_stays_on_its_run_when_the_order_changes(
    opened: Opened,
    two_runs: tuple[Any, Any],
    view: Make,
    report: Make,
    finding: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overview, "REST_S", 0.01)
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("j")
        worse = view("healthy", None, report(finding("nan-in-loss"), status="broken"))
        await screen.show(view("sick", None, report(status="learning")), worse)
        await screen.until(lambda: screen.rows[2].startswith("▶○ healthy"))


async def test_the_runs_keep_their_places_while_a_person_walks_them(
    opened: Opened, view: Make, report: Make, finding: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "REST_S", 1e6)
    well, ill = report(status="learning"), report(finding("nan-in-loss"), status="broken")
    async with opened() as screen:
        await screen.show(*(view(name, None, well) for name in "abc"))
        await screen.press("j")
        assert chosen(screen.rows) == "b"
        await screen.show(*(view(name, None, ill if name == "c" else well) for name in "abcd"))
        assert [row[3] for row in screen.rows[2:6]] == ["a", "b", "c", "d"]
        assert chosen(screen.rows) == "b"
        await screen.press("j")
        assert chosen(screen.rows) == "c"
        await screen.press("k", "k")
        assert chosen(screen.rows) == "a"


async def test_a_list_that_goes_on_says_where(opened: Opened, view: Make, report: Make) -> None:
    views = [view(f"run-{number:02}", None, report(status="learning")) for number in range(11)]
    async with opened() as screen:
        await screen.show(*views[:9])
        assert " of 9" not in screen.rows[1]
        await screen.show(*views)
        assert screen.rows[1].endswith("1-9 of 11 ↓")
        await screen.press(*["j"] * 5)
        assert screen.rows[1].endswith("2-10 of 11 ↕")
        await screen.press("G")
        assert screen.rows[1].endswith("3-11 of 11 ↑")


def chosen(rows: list[str]) -> str:
    """The name of the run that the cursor is on."""
    return next(row for row in rows if row.startswith("▶")).split()[1]


async def test_n_walks_the_runs_in_trouble_around_the_end(
    opened: Opened, two_runs: tuple[Any, Any], view: Make, report: Make, finding: Make
) -> None:
    other = view("other", None, report(finding("lr-too-high", "warning")))
    async with opened() as screen:
        await screen.show(*two_runs, other)
        for chosen in ("other", "sick", "other"):
            await screen.press("n")
            assert any(row.startswith("▶") and chosen in row for row in screen.rows)
        await screen.press("N")
        assert any(row.startswith("▶") and "sick" in row for row in screen.rows)


async def test_n_opens_the_only_run_in_trouble_at_its_findings(
    opened: Opened, two_runs: tuple[Any, Any]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("n")
        assert isinstance(screen.app.screen, RunScreen)
        assert "▶✗ error   vanishing-gradient" in screen.text
        assert "┊ step" in screen.text
        await screen.press("n")
        assert "▶! warning lr-too-low" in screen.text
        await screen.press("escape", "n")
        assert isinstance(screen.app.screen, RunScreen)
        assert "▶i info    no-signal" in screen.text


async def test_n_on_a_run_without_findings_stays_where_it_is(
    opened: Opened, two_runs: tuple[Any, Any]
) -> None:
    async with opened() as screen:
        await screen.show(two_runs[1])
        await screen.press("n")
        assert "DIAGNOSIS" in screen.text


@SIZES
async def test_enter_opens_the_chosen_run_and_escape_leads_back(
    opened: Opened, two_runs: tuple[Any, Any], size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        await screen.show(*two_runs)
        await screen.press("enter")
        assert isinstance(screen.app.screen, RunScreen)
        assert "sick" in screen.rows[0]
        assert "● live" in screen.rows[0]
        assert "step 199" in screen.rows[0]
        assert "9.1 it/s" in screen.rows[0]
        await screen.press("escape")
        assert isinstance(screen.app.screen, OverviewScreen)


@SIZES
async def test_the_run_screen_lists_findings_with_their_severity_in_words(
    opened: Opened, two_runs: tuple[Any, Any], size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        await screen.show(*two_runs)
        await screen.press("enter")
        for words in ("▶✗ error", "! warning lr-too-low", "i info    no-signal"):
            assert words in screen.text
        assert "what was seen of vanishing-gradient" in screen.text
        assert "First cure of vanishing-gradient." in screen.text
        assert "░ flat 120-now" in screen.text


async def test_the_side_panel_leaves_room_for_every_cure(
    opened: Opened, two_runs: tuple[Any, Any]
) -> None:
    async with opened(LARGE) as screen:
        await screen.show(*two_runs)
        await screen.press("enter")
        assert "Second cure of vanishing-gradient." in screen.text
        column = {row.index("✗ error") for row in screen.rows if "✗ error" in row}
        assert min(column) >= 90


async def test_j_and_k_walk_the_findings_and_shade_their_steps(
    opened: Opened, two_runs: tuple[Any, Any]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("enter")
        at_first = axis(screen.rows)
        await screen.press("j")
        assert "what was seen of lr-too-low" in screen.text
        assert axis(screen.rows).index("▒") > at_first.index("▒")
        await screen.press("down", "j")
        assert "what was seen of no-signal" in screen.text
        await screen.press("k", "up")
        assert axis(screen.rows) == at_first


async def test_findings_are_filtered_and_n_goes_to_the_evidence_with_cursor_and_zoom(
    opened: Opened, two_runs: tuple[Any, Any]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("enter", "slash", *"lr", "enter")
        assert "findings 1  with lr" in screen.text
        await screen.press("n")
        assert "▶! warning lr-too-low" in screen.text
        assert "┊ step 100" in screen.text
        assert "199" not in axis_labels(screen.rows)
        await screen.press("slash", "ctrl+u", "enter", "n", "N", "N")
        assert "▶✗ error   vanishing-gradient" in screen.text
        assert "┊ step 0" in screen.text
        await screen.press("0")
        assert "┊ step" not in screen.text
        await screen.press("tab", "j", "j")
        assert "tab goes back" in screen.text
        await screen.press("tab", "e")
        assert "findings" not in screen.text.replace("n/N finding", "")


def axis_labels(rows: list[str]) -> str:
    """The row below the chart's horizontal axis."""
    return rows[rows.index(axis(rows)) + 1]


def axis(rows: list[str]) -> str:
    """The row of the chart's horizontal axis."""
    return next(row for row in rows if "└" in row)


@SIZES
async def test_enter_on_a_finding_explains_it(
    opened: Opened, view: Make, report: Make, finding: Make, size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        await screen.show(view("a", None, report(finding("vanishing-gradient"))))
        await screen.press("enter", "enter")
        assert isinstance(screen.app.screen, TextScreen)
        for words in (
            "The claim of vanishing-gradient.",
            "limit 1e-06",
            "a paper",
            "fc1.weight",
            "2. Second cure",
        ):
            assert words in screen.text
        top = screen.text
        await screen.press("G")
        assert "Sources" in screen.text or "sources" in screen.text
        await screen.press("g")
        assert screen.text == top
        await screen.press("j")
        if size == SMALL:
            assert screen.rows[1] == top.split("\n")[2]
        await screen.press("k", "escape")
        assert isinstance(screen.app.screen, RunScreen)


async def test_enter_without_a_finding_shows_the_whole_verdict(
    opened: Opened, view: Make, report: Make
) -> None:
    async with opened() as screen:
        await screen.show(view("a", None, report(status="learning")))
        await screen.press("enter", "enter")
        assert isinstance(screen.app.screen, TextScreen)
        assert "No findings." in screen.text


async def test_keys_say_what_they_open_in_messages(
    opened: Opened, two_runs: tuple[Any, Any]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("enter", "j", "enter")
        runs = [one.key for one in screen.messages if isinstance(one, ScreenAsked)]
        findings = [(o.key, o.rule) for o in screen.messages if isinstance(o, FindingOpened)]
    assert set(runs) == {("sick", 0)}
    assert set(findings) == {(("sick", 0), "lr-too-low")}


@SIZES
async def test_a_question_mark_shows_the_keys_whole_and_again_hides_them(
    opened: Opened, two_runs: tuple[Any, Any], size: tuple[int, int]
) -> None:
    from lossmon.tui.screens.help import help_lines

    async with opened(size) as screen:
        await screen.show(*two_runs)
        await screen.press("question_mark")
        assert isinstance(screen.app.screen, HelpScreen)
        for line in help_lines("overview"):
            assert line.text.rstrip() in screen.text
        await screen.press("question_mark")
        assert isinstance(screen.app.screen, OverviewScreen)
        for key in ("escape", "q"):
            await screen.press("question_mark", key)
            assert isinstance(screen.app.screen, OverviewScreen)


@SIZES
async def test_y_switches_between_a_log_and_a_linear_axis(
    opened: Opened, view: Make, report: Make, size: tuple[int, int]
) -> None:
    losses = np.geomspace(100.0, 1.0, 200)
    async with opened(size) as screen:
        await screen.show(view("a", losses, report(status="learning")))
        before = screen.text
        assert "y: linear" in before
        await screen.press("y")
        assert "y: log" in screen.text
        await screen.press("y")
        assert screen.text == before


async def test_f_freezes_the_screen_and_again_catches_up(
    opened: Opened, view: Make, report: Make
) -> None:
    verdict = report(status="learning")
    async with opened() as screen:
        await screen.show(view("a", np.ones(100), verdict, life="live"))
        await screen.press("f")
        assert "frozen" in screen.rows[0]
        frozen = screen.text
        await screen.show(view("a", np.ones(7000), verdict, life="live"))
        assert screen.text == frozen
        await screen.press("f")
        assert "frozen" not in screen.text
        assert "7k" in screen.text


async def test_a_frozen_screen_can_still_be_walked(
    opened: Opened, two_runs: tuple[Any, Any]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("f", "j")
        assert any(row.startswith("▶○ healthy") for row in screen.rows)


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("ctrl+c", 130)])
@pytest.mark.parametrize("way", [(), ("enter",), ("enter", "enter")])
async def test_q_and_ctrl_c_leave_from_every_screen(
    opened: Opened, two_runs: tuple[Any, Any], key: str, code: int, way: tuple[str, ...]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press(*way, key)
    assert screen.app.return_code == code


async def test_escape_never_quits(opened: Opened, two_runs: tuple[Any, Any]) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press("escape", "escape", "escape")
        assert screen.app.is_running
        assert isinstance(screen.app.screen, OverviewScreen)
