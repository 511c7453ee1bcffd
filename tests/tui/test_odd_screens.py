"""Odd values, odd names and odd terminals: nothing breaks, nothing lies, nothing gets out."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.records import Mark, Series
from lossmon.tui.keymap import COMMANDS
from lossmon.tui.polling import view_of
from lossmon.tui.screens.run import RunScreen

Opened = Callable[..., AbstractAsyncContextManager[Any]]
Make = Callable[..., Any]

SMALL, LARGE = (80, 24), (160, 45)
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])

pytestmark = pytest.mark.usefixtures("not_reading")


async def test_values_that_are_not_finite_are_marked_and_named(
    opened: Opened, view: Make, report: Make, finding: Make
) -> None:
    losses = np.linspace(2, 1, 200)
    losses[150:] = np.nan
    async with opened() as screen:
        await screen.show(view("a", losses, report(finding("nan-in-loss"), status="broken")))
        assert "××" in screen.text
        assert "× nan/inf" in screen.text
        assert "last nan" in screen.text


@SIZES
async def test_a_run_without_a_loss_says_what_to_do(
    opened: Opened, view: Make, report: Make, size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        await screen.show(view("a", [], report(status="not-enough-evidence")))
        assert "no loss" in screen.text
        assert "criterion=" in screen.text
        await screen.press("y", "enter", "y")
        assert isinstance(screen.app.screen, RunScreen)
        assert "not enough evidence" in screen.text


async def test_a_run_that_is_not_judged_yet_says_so(opened: Opened, view: Make) -> None:
    async with opened() as screen:
        await screen.show(view("a"))
        assert "judging" in screen.text


async def test_many_runs_scroll_with_the_selection(
    opened: Opened, view: Make, report: Make
) -> None:
    views = [view(f"run-{number:03}", None, report(status="learning")) for number in range(120)]
    async with opened() as screen:
        await screen.show(*views)
        await screen.press("G")
        last = next(row for row in screen.rows if row.startswith("▶"))
        await screen.press(*["k"] * 50)
        middle = next(row for row in screen.rows if row.startswith("▶"))
        assert last != middle
        assert any("⣀" in row or "⠤" in row for row in screen.rows[12:])


@pytest.mark.parametrize("size", [(1, 1), (12, 3), (30, 8), (59, 15), (80, 5), (300, 80)])
async def test_any_size_of_terminal_will_do(
    opened: Opened, two_runs: tuple[Any, Any], size: tuple[int, int]
) -> None:
    run = replace(two_runs[0].run, meta=synth.run(9).meta, parameters=synth.run(9).parameters)
    async with opened() as screen:
        await screen.show(replace(two_runs[0], run=run), two_runs[1])
        for key in ("enter", "3", "4", "enter", "question_mark", "ctrl+p"):
            await screen.resize(*size)
            await screen.press(key)
            await screen.resize(80, 24)
        assert screen.app.is_running


HOSTILE = "a\x1b[2J\x1b]0;owned\x07[red]b[/red][@click=app.leave(3)]c[/]\u202ed\n\r\te" + "x" * 300


@SIZES
async def test_hostile_names_and_sentences_are_inert(
    opened: Opened, view: Make, report: Make, finding: Make, size: tuple[int, int]
) -> None:
    verdict = report(finding("no-signal", claim=HOSTILE))
    async with opened(size) as screen:
        await screen.show(view(HOSTILE, None, verdict, life="live"), view("b"))
        seen = [screen.text]
        for keys in (("enter",), ("enter",), ("escape",), ("escape",)):
            await screen.press(*keys)
            seen.append(screen.text)
        await screen.press("q")
    assert screen.app.return_code == 0
    for text in seen:
        assert not any(
            ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in text.replace("\n", "")
        )
        assert "\u202e" not in text
        assert len(text.split("\n")) == size[1]
    assert "a\\x1b[2J" in seen[0]
    assert "[red]b[/red]" in seen[2]


async def test_hostile_names_of_layers_tags_and_marks_are_inert(
    opened: Opened, view: Make, report: Make, finding: Make
) -> None:
    shapes = {f"{HOSTILE}.weight": (4, 4), "学習.bias": (4,)}
    run = synth.run(60, shapes=shapes, layers=())
    tag = f"val/{HOSTILE}"
    odd = Series(tag, np.arange(60), np.arange(60) * 1.0, np.arange(60) * 1.0)
    run = replace(
        run,
        name=HOSTILE,
        series={**run.series, tag: odd},
        marks=(*run.marks, Mark(5, 5.0, HOSTILE, {HOSTILE: HOSTILE})),
    )
    verdict = report(replace(finding("no-signal"), culprits=(f"{HOSTILE}.weight",)))
    shown = replace(view_of((HOSTILE, 0), run, None, 100.0), report=verdict)
    async with opened((160, 45)) as screen:
        await screen.show(shown)
        seen = []
        for keys in (
            ("2", "n"), ("v", "v", "v"), ("3",), ("enter",), ("escape", "slash", "x"),
            ("escape", "4"), ("k", "slash", "["), ("escape", "1", "slash", "[", "r"),
        ):  # fmt: skip
            await screen.press(*keys)
            seen.append(screen.text)
        await screen.press("escape", "q")
    assert screen.app.return_code == 0
    for text in seen:
        assert text.replace("\n", "").isprintable()
        assert "\u202e" not in text
        assert len(text.split("\n")) == 45
    assert "[red]" in seen[4]


async def test_wide_and_combining_characters_keep_the_columns(
    opened: Opened, view: Make, report: Make
) -> None:
    verdict = report(status="learning")
    async with opened() as screen:
        await screen.show(view("学習率-実験" * 9, None, verdict), view("é" * 40, None, verdict))
        from rich.cells import cell_len

        assert all(cell_len(row) <= 80 for row in screen.rows)
        table = [row for row in screen.rows if row[1:2] == "○"]
        assert len(table) == 2
        assert len({cell_len(row[: row.index("✓")]) for row in table}) == 1


@pytest.mark.parametrize("way", [(), ("2", "v", "h"), ("3", "h"), ("4",)])
async def test_nothing_is_redrawn_when_nothing_has_changed(
    opened: Opened,
    two_runs: tuple[Any, Any],
    monkeypatch: pytest.MonkeyPatch,
    way: tuple[str, ...],
) -> None:
    from textual.widget import Widget

    async with opened() as screen:
        await screen.show(*two_runs)
        await screen.press(*way)
        marked: list[object] = []
        refresh = Widget.refresh

        def note(self: Widget, *regions: object, **options: object) -> Widget:
            marked.append((self, regions, options))
            return refresh(self, *regions, **options)

        monkeypatch.setattr(Widget, "refresh", note)
        await screen.show(*two_runs)
        assert marked == []


async def test_in_40_columns_and_12_rows_the_verdict_is_told(
    opened: Opened, two_runs: tuple[Any, Any]
) -> None:
    async with opened((40, 12)) as screen:
        await screen.show(*two_runs)
        assert "sick" in screen.text
        assert "✗ error vanishing-gradi" in screen.text
        assert "✗ stuck  why it is stuck" in screen.text
        await screen.press("enter")
        assert "▶✗ error   vanishing-gradient" in screen.text


async def test_colour_refused_still_tells_everything(
    opened: Opened, two_runs: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened() as screen:
        await screen.show(*two_runs)
        assert "✗ error vanishing-gradient" in screen.text


async def test_keys_in_any_order_on_runs_of_any_kind_end_nothing(
    opened: Opened, view: Make, two_runs: tuple[Any, Any], random_keys: list[str]
) -> None:
    odd = [
        view_of((name, 0), replace(run, name=name), None, 99.0)
        for name, run in (
            ("layers", synth.run(60)),
            ("no loss", replace(synth.run(20), series={})),
            ("not finite", synth.scalars_only([np.nan] * 5)),
            ("one", synth.scalars_only([1.0])),
        )
    ]
    views = [*two_runs, *odd, view("bare", [])]
    async with opened((100, 30)) as screen:
        await screen.show(*views)
        for number, key in enumerate(random_keys):
            await screen.press(key)
            if number % 30 == 0:
                await screen.show(*views[number // 30 % 3 :])
        assert screen.app.is_running


@pytest.fixture
def random_keys() -> list[str]:
    """Every key there is but those that leave, in one order that never changes."""
    keys = [one.key for one in COMMANDS if one.key not in ("", "q", "ctrl+z")]
    keys += ["k", "G", "N", "h", "H", "minus", "V", "S", "escape", "enter", "escape"]
    shuffled = keys.copy()
    random.Random(6).shuffle(shuffled)
    return shuffled
