"""What is drawn of a run as a person looks at it: windows, axes, smoothing, other curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.records import Series
from lossmon.tui.picture import picture_of
from lossmon.tui.points import condense
from lossmon.tui.polling import view_of
from lossmon.tui.sight import Axes, Focus
from lossmon.tui.snapshot import RunView
from lossmon.tui.strips import strip_picture, strips_of, validation

Make = Callable[..., Any]


@pytest.fixture
def overfitting() -> RunView:
    """2,000 losses with a hole, and a validation loss every hundred steps that starts high."""
    losses = synth.falling(2000)
    losses[1200:1230] = np.nan
    run = synth.run(2000, loss=losses)
    at = np.arange(99, 2000, 100)
    values = 0.6 + 8 * np.exp(-at / 200)
    series = {**run.series, "val/loss": Series("val/loss", at, at * 0.1, values)}
    return view_of(("a", 0), replace(run, series=series), None, 300.0)


def test_a_window_draws_its_points_singly_on_an_axis_that_fits_them(overfitting: RunView) -> None:
    whole = picture_of(overfitting)
    part = picture_of(overfitting, focus=Focus(window=(1190, 1250), cursor=1210))
    assert whole is not None
    assert part is not None
    assert (part.x.low, part.x.high) == (1190, 1250)
    assert 61 <= len(part.points) <= 63
    assert part.points.bad.sum() == 30
    assert part.y.high - part.y.low < (whole.y.high - whole.y.low) / 3
    assert part.cursor == 1210


def test_the_average_in_a_window_is_that_of_the_whole_curve(overfitting: RunView) -> None:
    loss = overfitting.run.scalar(signals.LOSS)
    assert loss is not None
    whole, part = condense(loss), condense(loss, window=(1500, 1600))
    inside = np.isin(whole.steps, part.steps)
    assert np.allclose(whole.trend[inside], part.trend, rtol=1e-9)
    assert condense(loss, window=(5000, 6000)).steps[-1] == 1999


def test_other_curves_in_a_window_count_only_where_they_are_in_view(overfitting: RunView) -> None:
    others = validation(overfitting, Axes())
    assert others[0].sign == "v"
    whole = picture_of(overfitting, others=others)
    part = picture_of(overfitting, others=others, focus=Focus(window=(1500, 1999)))
    assert whole is not None
    assert part is not None
    assert whole.y.high > 4
    assert part.y.high < 1.5


@pytest.mark.parametrize("kind", ["step", "time", "log"])
def test_marks_lie_where_the_steps_lie_on_every_axis(overfitting: RunView, kind: Any) -> None:
    shown = picture_of(overfitting, axes=Axes(x=kind), focus=Focus(cursor=1000))
    assert shown is not None
    expected = {"step": 1000, "time": 100.0, "log": 1000}[kind]
    assert shown.cursor == pytest.approx(expected)
    assert shown.across[-1] == pytest.approx({"step": 1999, "time": 199.9, "log": 1999}[kind])
    assert shown.x.clock == (kind == "time")
    assert shown.x.log == (kind == "log")


def test_smoothing_changes_the_span_and_no_extreme(overfitting: RunView) -> None:
    usual, less = picture_of(overfitting), picture_of(overfitting, axes=Axes(smooth=-6))
    assert usual is not None
    assert less is not None
    assert less.points.span == 1
    assert np.array_equal(usual.points.low, less.points.low, equal_nan=True)


def test_strips_name_every_other_scalar_and_read_it_out_at_the_cursor(
    overfitting: RunView,
) -> None:
    strips = strips_of(overfitting.run)
    titles = [strip.title for strip in strips]
    assert "lr" in titles
    assert "dead units, worst layer" in titles
    assert not {"loss", "validation loss"} & set(titles)
    rate = strips[titles.index("lr")]
    shown = strip_picture(rate, overfitting, Axes(), Focus(cursor=10), None)
    assert shown.note == "lr 0.001"
    assert shown.bare
    early = strip_picture(rate, overfitting, Axes(), Focus(cursor=-1), None)
    assert early.note == "lr nan"
