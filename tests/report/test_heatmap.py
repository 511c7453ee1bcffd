"""Levels tell what was not measured, zero and not finite from every magnitude."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.records import ParameterInfo, Run
from lossmon.report.heatmap import (
    BROKEN,
    HIGHEST,
    LOWEST,
    ROWS,
    UNKNOWN,
    ZERO,
    Heat,
    heat,
    levels,
    rows_of,
    value_of,
)
from lossmon.report.overtime import DEAD, GRAD, UPDATE, WEIGHT
from lossmon.report.xaxis import IDENTITY

pytest.importorskip("bokeh")

from bokeh.embed import json_item

from lossmon.report.heatfigure import ROW_PX, heat_figure, layer_figure, palette
from lossmon.report.look import DARK, LIGHT, Look

STEPS = 40
VIEW = (-0.5, STEPS - 0.5)


def drawn(run: Run, columns: int = 40) -> Heat:
    assert run.meta is not None
    rows, _ = rows_of(run.meta.parameters, 0)
    found = heat(run, GRAD, rows, view=VIEW, ruler=IDENTITY, columns=columns)
    assert found is not None
    return found


def test_each_kind_of_number_has_a_level_of_its_own() -> None:
    found = levels(np.array([np.nan, 0.0, np.inf, 1e-30, 1e-8, 1e2, 1e30]), GRAD)
    assert found.tolist() == [UNKNOWN, ZERO, BROKEN, LOWEST, LOWEST, HIGHEST, HIGHEST]
    assert levels(np.array([0.0, 0.5, 1.0]), DEAD).tolist() == [3, 129, 255]


@pytest.mark.parametrize("metric", [GRAD, UPDATE, WEIGHT])
def test_a_level_stands_for_a_number_of_nearly_the_same_size(metric: object) -> None:
    for value in (2e-3, 0.04, 0.7):
        level = int(levels(np.array([value]), metric)[0])  # type: ignore[arg-type]
        assert value_of(level, metric) == pytest.approx(value, rel=0.06)  # type: ignore[arg-type]


def test_rows_without_a_sample_keep_the_last_until_the_next_one() -> None:
    norms = np.ones((STEPS, len(synth.SHAPES)))
    norms[20:, 0] = 0.0
    norms[25, 1] = np.nan
    broken = np.zeros_like(norms)
    broken[25, 1] = 2
    run = synth.run(STEPS, parameter={signals.GRAD_NORM: norms, signals.GRAD_NONFINITE: broken})
    found = drawn(run, columns=80)
    assert found.levels[0, 0] == UNKNOWN
    assert found.levels[0, 40] == found.levels[0, 1]
    assert set(found.levels[0, 41:].tolist()) == {ZERO}
    assert found.levels[1, 50:54].tolist() == [205, BROKEN, BROKEN, 205]


def test_what_was_sampled_before_the_view_holds_at_its_beginning() -> None:
    run = synth.run(STEPS)
    assert run.meta is not None
    rows, _ = rows_of(run.meta.parameters, 0)
    found = heat(run, GRAD, rows, view=(10.25, 10.75), ruler=IDENTITY, columns=10)
    assert found is not None
    assert (found.levels >= LOWEST).all()


def test_many_parameters_are_folded_until_they_fit() -> None:
    infos = [
        ParameterInfo(f"blocks.{block}.{part}.{kind}", (4,))
        for block in range(40)
        for part in ("a", "b")
        for kind in ("weight", "bias")
    ]
    rows, level = rows_of(infos)
    assert (len(rows), level) == (40, 2)
    assert len(rows) <= ROWS
    opened, _ = rows_of(infos, None, ["blocks.7", "blocks.7.a"])
    assert [row.name for row in opened[6:11]] == [
        "blocks.6",
        "blocks.7.a.weight",
        "blocks.7.a.bias",
        "blocks.7.b",
        "blocks.8",
    ]
    assert [infos[at].name for at in opened[9].members] == [
        "blocks.7.b.weight",
        "blocks.7.b.bias",
    ]


def test_parameters_of_one_list_are_not_folded_into_a_single_row() -> None:
    infos = [ParameterInfo(f"blocks.{number}.weight", (4,)) for number in range(100)]
    assert len(rows_of(infos)[0]) == 100
    infos = [ParameterInfo(f"blocks.{number}.weight", (4,)) for number in range(1000)]
    assert len(rows_of(infos)[0]) == 1000


def test_figure_has_a_colour_for_each_level_and_rows_of_equal_height() -> None:
    found = drawn(synth.run(STEPS))
    plot = heat_figure(found, look=DARK)
    assert plot.frame_height == ROW_PX * len(synth.SHAPES)
    colours = palette(DARK)
    assert len(colours) == 256
    assert not set(colours[:LOWEST]) & set(colours[LOWEST:])
    text = json.dumps(json_item(plot), allow_nan=False)
    assert len(text) < 60_000
    assert not any(name in text for name in synth.SHAPES)


def test_what_is_not_finite_is_crossed_out_where_it_begins() -> None:
    norms = np.ones((STEPS, len(synth.SHAPES)))
    norms[30:, 2] = np.inf
    found = drawn(synth.run(STEPS, parameter={signals.GRAD_NORM: norms}))
    plot = heat_figure(found)
    signs = [r for r in plot.renderers if r.name == "signs"]
    assert len(signs) == 1
    assert signs[0].data_source.data["x"].min() == pytest.approx(30)


@pytest.mark.parametrize("look", [LIGHT, DARK])
@pytest.mark.parametrize(("value", "level"), [(0.0, ZERO), (np.inf, BROKEN)])
def test_signs_are_seen_on_the_colour_below_them(look: Look, value: float, level: int) -> None:
    norms = np.ones((STEPS, len(synth.SHAPES)))
    norms[30:, 2] = value
    plot = heat_figure(drawn(synth.run(STEPS, parameter={signals.GRAD_NORM: norms})), look=look)
    (sign,) = (r for r in plot.renderers if r.name == "signs")
    # WCAG 2.2, 1.4.11: graphical objects.
    assert contrast(sign.glyph.line_color, palette(look)[level]) >= 3


def contrast(*colours: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21, as WCAG 2.2 defines it."""
    parts = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return float((high + 0.05) / (low + 0.05))


def test_figure_of_a_layer_leaves_gaps_where_a_log_axis_has_no_place() -> None:
    values = np.array([1.0, 0.0, np.inf, np.nan, 10.0])
    plot = layer_figure([(GRAD, values), (UPDATE, values), (WEIGHT, values)], view=(0, 5))
    shown = next(r for r in plot.renderers if r.name == "grad").data_source.data["y"]
    assert np.isnan(shown).tolist() == [False, True, True, True, False]
    assert len(plot.legend[0].items) == 3
