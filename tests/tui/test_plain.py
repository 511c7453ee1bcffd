from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lossmon.records import Series
from lossmon.tui.cells import Cells
from lossmon.tui.plain import chart_lines, spans_text, to_ascii
from lossmon.tui.points import condense
from lossmon.tui.raster import Picture, draw
from lossmon.tui.scale import step_axis, value_axis

Golden = Callable[[str, str], None]


def cells(values: np.ndarray, rows: int = 12, columns: int = 72) -> Cells:
    steps = np.arange(len(values))
    points = condense(Series("train/loss", steps, steps * 1.0, values))
    axis = value_axis(float(np.nanmin(values)), float(np.nanmax(values)), log=False)
    picture = Picture(points, step_axis(0, len(values) - 1, growing=False), axis, guide=1.5)
    return draw(picture, rows, columns)


def falling(rng: np.random.Generator) -> np.ndarray:
    values = 2.2 * np.exp(-np.arange(2000) / 300) + 0.4 + 0.05 * rng.standard_normal(2000)
    values[1500:1600] = np.nan
    return values


def test_the_range_of_the_values_is_a_sign_where_there_is_no_tint(
    golden: Golden, rng: np.random.Generator
) -> None:
    golden("plain.txt", "\n".join(chart_lines(cells(falling(rng)))) + "\n")


def test_every_sign_has_one_of_ascii(golden: Golden, rng: np.random.Generator) -> None:
    shown = to_ascii("\n".join(chart_lines(cells(falling(rng)))) + "\n")
    assert shown.isascii()
    assert "\\u" not in shown
    golden("ascii.txt", shown)


def test_one_spike_among_a_million_points_is_seen_without_colour() -> None:
    values = np.ones(1_000_000)
    values[654_321] = 9.0
    column = [line[50:60] for line in chart_lines(cells(values))]
    assert sum("·" in part for part in column) > 5


def test_ascii_keeps_the_width_and_escapes_what_lossmon_does_not_draw() -> None:
    line = "▶✗ a…b ●○◐✕✓ ─│┤└╌ ×▼░▒· –"
    assert len(to_ascii(line)) == len(line)
    assert to_ascii("größe") == "gr\\xf6\\xdfe"


def test_colour_changes_no_character(rng: np.random.Generator) -> None:
    shown = cells(falling(rng))
    coloured = "\n".join(chart_lines(shown, colour=True))
    for code in ("\x1b[0m", "\x1b[2m", "\x1b[1;36m", "\x1b[1;31m"):
        assert code in coloured
        coloured = coloured.replace(code, "")
    assert coloured == "\n".join(chart_lines(shown))
    assert spans_text([("a", "title"), (" b", "unknown")], colour=True) == "\x1b[1ma\x1b[0m b"
