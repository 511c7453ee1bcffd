"""The figure holds what the report says of the loss, in strict JSON, and no text of the log."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis.finding import Evidence, Finding, Report
from lossmon.records import BucketRows, Mark, Run, Series, Table

pytest.importorskip("bokeh")

from bokeh.embed import json_item

from lossmon.report.figures import loss_figure
from lossmon.report.look import DARK
from lossmon.report.losscurve import Other

STUCK = Report("a", "stuck", 200, None, flat=(100, 199))


def _run(values: Any, *, prior: float | None = None) -> Run:
    values = np.asarray(values, np.float64)
    steps = np.arange(len(values), dtype=np.int64)
    loss = Series("train/loss", steps, steps.astype(np.float64), values)
    totals = None
    if prior is not None:
        rows = np.full((1, 1, 1), prior, np.float32)
        totals = Table((signals.PRIOR_LOSS.name,), steps[:1], np.zeros(1), rows)
    return Run("a", {"train/loss": loss}, totals=totals)


def _named(plot: Any, name: str) -> Any:
    return next((r for r in plot.renderers if r.name == name), None)


def _legend(plot: Any) -> list[str]:
    return [item.label.value for item in plot.legend[0].items]


def test_run_without_a_loss_has_no_figure() -> None:
    assert loss_figure(Run("a"), STUCK) is None
    assert loss_figure(_run([]), STUCK) is None


def test_figure_shows_loss_trend_plateau_and_what_is_not_finite() -> None:
    values = np.linspace(2, 1, 200)
    values[[3, 50, 51]] = np.nan
    plot = loss_figure(_run(values), STUCK)
    assert _legend(plot) == ["loss", "trend", "plateau", "not finite"]
    assert _named(plot, "flat").data_source.data["x0"].tolist() == [100]
    assert _named(plot, "bad").data_source.data["x0"].tolist() == [2.5, 49.5]
    assert _named(plot, "bad").data_source.data["x1"].tolist() == [3.5, 51.5]


def test_figure_of_a_report_with_findings_explains_the_shading() -> None:
    evidence = (Evidence("train_loss", 0, 9, 1.0, 2.0, "reads"),)
    finding = Finding("no-signal", "info", 0, (), "Claim.", evidence, ())
    plot = loss_figure(_run(np.ones(20)), Report("a", "stuck", 20, "no-signal", (finding,)))
    assert _legend(plot)[-1] == "finding"
    assert len(_named(plot, "focus").data_source.data["x0"]) == 0


def test_figure_of_many_steps_draws_an_envelope_that_keeps_the_spike() -> None:
    values = np.ones(50_000)
    values[31_234] = 77.0
    plot = loss_figure(_run(values), STUCK)
    assert _named(plot, "raw").data_source.data["high"].max() == 77.0
    assert len(_named(plot, "raw").data_source.data["last"]) <= 1200
    assert plot.y_range.end > 77


def test_figure_of_some_steps_shows_each_of_them() -> None:
    plot = loss_figure(_run(np.arange(50_000)), STUCK, view=(100, 200))
    assert (plot.x_range.start, plot.x_range.end) == (100, 200)
    assert _named(plot, "raw").data_source.data["last"].tolist() == list(range(99, 202))
    assert plot.y_range.end < 250


def test_figure_of_steps_without_a_point_is_an_empty_frame() -> None:
    run = _run(np.ones(10))
    plot = loss_figure(run, STUCK, view=(1000, 1100))
    assert (plot.x_range.start, plot.x_range.end) == (1000, 1100)


def test_prior_loss_near_the_curve_widens_the_frame() -> None:
    near = loss_figure(_run(np.linspace(0.6, 0.8, 20), prior=0.95), STUCK)
    assert near.y_range.end > 0.95
    far = loss_figure(_run(np.linspace(0.6, 0.8, 20), prior=30.0), STUCK)
    assert far.y_range.end < 1
    assert "prior loss" in _legend(near)
    assert "prior loss" in _legend(far)


@pytest.mark.parametrize(
    ("values", "asked", "log"),
    [
        ([1.0, 1e-5], None, True),
        ([1.0, 0.1], None, False),
        ([1.0, 0.1], True, True),
        ([1.0, 1e-5], False, False),
        ([1.0, 0.0], True, False),
        ([1.0, -1.0], None, False),
        ([np.nan, np.nan], True, False),
    ],
)
def test_axis_is_logarithmic_where_asked_or_useful_and_possible(
    values: list[float], asked: bool | None, log: bool
) -> None:
    plot = loss_figure(_run(values), STUCK, log_y=asked)
    assert (type(plot.y_scale).__name__ == "LogScale") is log


@pytest.mark.parametrize(
    "values",
    [
        [np.nan] * 5,
        [np.inf, -np.inf, np.nan],
        [0.0],
        [1e308, -1e308, 1e308],
        [5e-324, 1e308],
        [-3.0] * 4,
    ],
)
@pytest.mark.parametrize("log", [None, True])
def test_figure_of_any_values_is_strict_json_with_a_finite_frame(
    values: list[float], log: bool | None
) -> None:
    plot = loss_figure(_run(values), STUCK, log_y=log, look=DARK)
    json.dumps(json_item(plot), allow_nan=False)
    for axis in (plot.x_range, plot.y_range):
        assert np.isfinite([axis.start, axis.end]).all()
        assert axis.start < axis.end


def test_figure_holds_no_text_of_the_log() -> None:
    run = _run(np.ones(20))
    hostile = Run(
        "<b>run</b>", {"<b>tag</b>": run.series["train/loss"]}, roles={"train_loss": "<b>tag</b>"}
    )
    assert "<b>" not in json.dumps(json_item(loss_figure(hostile, STUCK)))


def test_several_runs_are_told_apart_by_number_and_line_and_named_by_none() -> None:
    other = Run("<b>b</b>", {"train/loss": _run(np.ones(30) * 5).series["train/loss"]})
    plot = loss_figure(_run(np.ones(20)), STUCK, others=[Other(other, "#123456")] * 2)
    dashes = {
        str(r.glyph.line_dash) for r in plot.renderers if r.glyph.__class__.__name__ == "Line"
    }
    assert len(dashes) == 3
    assert plot.x_range.end > 29
    assert plot.y_range.end > 5
    assert "<b>" not in json.dumps(json_item(plot))


def test_run_without_a_loss_beside_one_that_has_is_left_out() -> None:
    plot = loss_figure(_run(np.ones(20)), STUCK, others=[Other(Run("b"), "#123456")])
    assert _legend(plot)[:2] == ["loss", "trend"]
    assert loss_figure(Run("b"), STUCK, others=[Other(_run(np.ones(20)), "#123456")]) is None


def test_smoothing_of_zero_is_the_loss_itself() -> None:
    values = np.random.default_rng(0).normal(size=50)
    plot = loss_figure(_run(values), STUCK, smooth=0.0)
    assert np.allclose(_named(plot, "trend").data_source.data["smooth"], values)


def test_time_axes_place_bands_and_points_where_they_were_taken() -> None:
    run = _run(np.ones(200))
    slow = replace(run.series["train/loss"], wall_times=run.series["train/loss"].steps * 3.0)
    plot = loss_figure(replace(run, series={"train/loss": slow}), STUCK, across="relative")
    assert _named(plot, "flat").data_source.data["x0"].tolist() == [300]
    assert _named(plot, "trend").data_source.data["x"][-1] == 597
    zoomed = loss_figure(
        replace(run, series={"train/loss": slow}), STUCK, across="relative", view=(30, 60)
    )
    assert _named(zoomed, "trend").data_source.data["last"].tolist() == list(range(9, 22))


def test_validation_loss_and_events_are_marked() -> None:
    run = _run(np.linspace(2, 1, 100))
    steps = np.arange(0, 100, 20)
    lr = np.where(np.arange(100) < 50, 0.1, 0.01)
    more = {
        "val/loss": Series("val/loss", steps, steps * 1.0, np.full(5, 1.5)),
        "train/lr": Series("train/lr", np.arange(100), np.arange(100.0), lr),
    }
    marks = (Mark(30, 30.0, "resumed"), Mark(99, 99.0, "closed"), Mark(9, 9.0, "<b>own</b>"))
    plot = loss_figure(replace(run, series={**run.series, **more}, marks=marks), STUCK)
    assert _legend(plot)[2:5] == ["validation loss", "lr change", "event"]
    assert _named(plot, "lr change").data_source.data["reads"] == ["lr 0.1 to 0.01 at step 50"]
    assert _named(plot, "event").data_source.data["reads"] == ["resumed at step 30"]


def test_zoom_into_a_very_long_run_keeps_the_points_behind_its_rows() -> None:
    rows = np.array([0, 1])
    table = np.zeros((2, BucketRows.WIDTH))
    table[:, BucketRows.LOW], table[:, BucketRows.HIGH] = -1.0, 9.0
    table[:, BucketRows.COUNT] = 10
    series = replace(_run(np.ones(50)).series["train/loss"], buckets=BucketRows(rows, table))
    plot = loss_figure(Run("a", {"train/loss": series}), STUCK, view=(20, 30))
    assert _named(plot, "raw").data_source.data["high"].max() == 1.0
