"""One run for programs: its verdict, how it stands, its loss in buckets, and its layers."""

from __future__ import annotations

import math
from typing import Any

from lossmon.diagnosis.finding import Report
from lossmon.records import Run
from lossmon.report.activations import activation_dict, activation_rows
from lossmon.report.curve import bucketed, smoothed, span_of
from lossmon.report.json import number, report_dict
from lossmon.report.layers import layer_dict, layer_rows
from lossmon.signals import LOSS

BUCKETS = 100


def state_dict(run: Run, report: Report, liveness: str) -> dict[str, Any]:
    """Return what `lossmon show --json` prints of a run."""
    return {
        **report_dict(report),
        "step": run.last_step,
        "liveness": liveness,
        "last_wall": number(run.last_wall),
        "job": {} if run.meta is None else dict(run.meta.job),
        "loss": _loss(run),
        "layers": [layer_dict(row) for row in layer_rows(run, report)],
        "activations": [activation_dict(row) for row in activation_rows(run)],
    }


def _loss(run: Run) -> dict[str, Any] | None:
    series = run.scalar(LOSS)
    if series is None or not len(series):
        return None
    curve = bucketed(series, smoothed(series.values, span_of(len(series))), buckets=BUCKETS)
    columns = (curve.first, curve.last, curve.count, curve.low, curve.high, curve.smooth)
    return {
        "tag": series.tag,
        "last": number(float(series.values[-1])),
        "curve": [
            {
                "first_step": first,
                "last_step": last,
                "points": count,
                "low": _finite(low),
                "high": _finite(high),
                "smooth": _finite(smooth),
            }
            for first, last, count, low, high, smooth in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ],
    }


def _finite(value: float) -> float | None:
    """Return a value of a bucket; None where none of its points is finite."""
    return None if math.isnan(value) else value
