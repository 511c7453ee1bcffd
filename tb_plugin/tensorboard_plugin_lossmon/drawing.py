"""Figures as the page embeds them. The only module here that imports Bokeh."""

from __future__ import annotations

from typing import Any

from bokeh.embed import json_item

from lossmon import signals
from lossmon.diagnosis.finding import Report
from lossmon.records import Run
from lossmon.report.figures import can_be_log, loss_figure


def draw(run: Run, report: Report, **options: Any) -> dict[str, Any]:
    """Return the figure of the loss to embed, whether its axis is and can be logarithmic."""
    plot = loss_figure(run, report, **options)
    loss = run.scalar(signals.LOSS)
    if plot is None or loss is None:
        return {"item": None, "reason": "No loss was recorded: pass it to mon.step(loss)."}
    return {
        "item": json_item(plot),
        "tag": loss.tag,
        "log": type(plot.y_scale).__name__ == "LogScale",
        "can_log": can_be_log(loss.values),
    }
