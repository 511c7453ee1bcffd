from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lossmon.records import Floats, Series
from lossmon.tui.cells import Cells, Ink, Paper, notice, text
from lossmon.tui.points import Points, condense
from lossmon.tui.raster import GUTTER, Picture, draw, sparkline
from lossmon.tui.scale import Axis, step_axis, value_axis

Golden = Callable[[str, str], None]


def points(values: Floats) -> Points:
    n = len(values)
    return condense(Series("train/loss", np.arange(n), np.arange(n) * 1.0, values))


def picture(values: Floats, *, log: bool = False, growing: bool = False) -> Picture:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    x = step_axis(0, len(values) - 1, growing=growing)
    return Picture(points(values), x, value_axis(low, high, log=log))


def falling(rng: np.random.Generator, n: int = 2000) -> Floats:
    return 2.2 * np.exp(-np.arange(n) / 300) + 0.4 + 0.05 * rng.standard_normal(n)


def both(cells: Cells) -> str:
    """Characters, then backgrounds: `.` lowest to highest, `:` the steps in question, `#` both."""
    papers = "\n".join("".join(" .:#"[p] for p in row).rstrip() for row in cells.paper)
    return f"{text(cells)}\n{papers}\n"


def test_a_falling_loss_is_drawn_within_its_range(golden: Golden, rng: np.random.Generator) -> None:
    golden("falling.txt", both(draw(picture(falling(rng)), 14, 80)))


def test_a_log_axis_shows_decades(golden: Golden) -> None:
    values = np.geomspace(11.0, 1e-5, 1200)
    golden("decades.txt", both(draw(picture(values, log=True), 12, 72)))


def test_plateau_evidence_event_and_guide_are_signs_and_not_only_tints(
    golden: Golden, rng: np.random.Generator
) -> None:
    shown = replace(
        picture(falling(rng)),
        flat=(1200, 1999),
        shade=(400, 700),
        events=(1000,),
        guide=1.5,
    )
    golden("marks.txt", both(draw(shown, 14, 80)))


def test_values_that_are_not_finite_leave_a_gap_and_a_sign_on_the_bottom_row(
    golden: Golden, rng: np.random.Generator
) -> None:
    values = falling(rng)
    values[900:1200] = np.nan
    golden("gap.txt", both(draw(picture(values), 12, 72)))


def test_a_flat_loss_looks_flat_whatever_its_last_digits_do(golden: Golden) -> None:
    values = 2.302585 + 1e-7 * np.sin(np.arange(400.0))
    golden("flat.txt", both(draw(picture(values), 10, 60)))


def test_a_large_chart_keeps_its_axes(golden: Golden, rng: np.random.Generator) -> None:
    golden("large.txt", both(draw(picture(falling(rng, 40_000)), 24, 150)))


@pytest.mark.parametrize(
    "values",
    [
        [0.5],
        [1.0, 1.0],
        [np.nan],
        [np.nan, np.inf, -np.inf],
        [1e308, -1e308, 1e308],
        [5e-324, 0.0],
        [-3.0, -2.0],
        [0.0, 0.0, 0.0],
    ],
)
@pytest.mark.parametrize("log", [False, True])
def test_any_values_can_be_drawn(values: list[float], log: bool) -> None:
    array = np.array(values)
    log = log and bool((array > 0).all())
    cells = draw(picture(array, log=log), 12, 60)
    assert cells.chars.shape == (12, 60)
    assert (cells.ink == Ink.BAD).any() == (~np.isfinite(array)).any()


@pytest.mark.parametrize("rows", range(0, 9))
@pytest.mark.parametrize("columns", [0, 1, GUTTER, GUTTER + 7, GUTTER + 8, 30])
def test_any_size_can_be_drawn(rows: int, columns: int, rng: np.random.Generator) -> None:
    shown = replace(
        picture(falling(rng, 100)),
        flat=(0, 99),
        shade=(50, 60),
        events=(0, 99),
        guide=1.0,
    )
    assert draw(shown, rows, columns).chars.shape == (rows, columns)


def test_one_spike_among_a_million_points_tints_its_cells() -> None:
    values = np.ones(1_000_000)
    values[654_321] = 9.0
    cells = draw(picture(values), 20, 80)
    spike = GUTTER + int(0.654321 * (80 - GUTTER))
    assert (cells.paper[:, spike] == Paper.RANGE).sum() > 10
    assert (cells.paper[:, spike + 3] == Paper.RANGE).sum() <= 1


def test_the_steps_in_question_are_shaded_from_top_to_bottom_and_nowhere_else(
    rng: np.random.Generator,
) -> None:
    shown = replace(picture(falling(rng, 1000)), shade=(500, 749))
    shaded = (draw(shown, 12, GUTTER + 40).paper[:-2] & Paper.SHADE) > 0
    assert shaded[:, GUTTER + 21 : GUTTER + 29].all()
    assert not shaded[:, : GUTTER + 20].any()
    assert not shaded[:, GUTTER + 31 :].any()


def test_what_was_drawn_stays_when_points_come() -> None:
    """Each changed cell is sent again: a chart that moved as a whole would fill a slow line."""
    values = np.exp(-np.arange(3000) / 700) + 1
    cells = [
        draw(
            Picture(points(values[:n]), Axis(0, 4000), Axis(1.0, 2.0)),
            12,
            80,
        )
        for n in (2800, 2810)
    ]
    moved = (cells[0].chars != cells[1].chars) | (cells[0].paper != cells[1].paper)
    assert moved.any(axis=0)[: GUTTER + 45].sum() == 0
    assert moved.sum() <= 6


def test_a_sparkline_is_one_row_of_braille(golden: Golden, rng: np.random.Generator) -> None:
    falls, flat = falling(rng), np.full(500, 2.3)
    rises = np.linspace(1.0, 5.0, 500)
    rows = [sparkline(points(v), 12, growing=False) for v in (falls, flat, rises, flat * np.nan)]
    assert [len(row) for row in rows] == [12] * 4
    golden("sparklines.txt", "".join(f"{row}|\n" for row in rows))


def test_a_notice_is_wrapped_into_its_room() -> None:
    words = "no loss was recorded: pass criterion= to watch, or call mon.step(loss)"
    shown = text(notice(words, 6, 40))
    assert " ".join(shown.split()) == words
    assert max(map(len, shown.splitlines())) <= 40
