"""Figures as the page embeds them. The only module here that imports Bokeh."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any

from bokeh.embed import json_item

from lossmon import signals
from lossmon.diagnosis.finding import Report
from lossmon.numfmt import printable
from lossmon.report.figures import can_be_log, loss_figure
from tensorboard_plugin_lossmon.store import Entry

_KEPT = 32
"""Figures kept ready, about 60 kB each: drawing one takes some 60 ms of Bokeh's own time."""
_drawn: OrderedDict[tuple[Any, ...], dict[str, Any]] = OrderedDict()
_lock = Lock()


def draw(entry: Entry, **options: Any) -> dict[str, Any]:
    """Return the figure of the loss to embed, and whether its axis is and can be logarithmic."""
    key = (entry.token, *sorted(options.items(), key=lambda option: option[0]))
    with _lock:
        if key not in _drawn:
            _drawn[key] = _draw(entry, **options)
        _drawn.move_to_end(key)
        while len(_drawn) > _KEPT:
            _drawn.popitem(last=False)
        return _drawn[key]


def _draw(entry: Entry, **options: Any) -> dict[str, Any]:
    report = entry.report or Report(entry.place.name, "not-enough-evidence", 0, None)
    plot = loss_figure(entry.run, report, height=None, **options)
    loss = entry.run.scalar(signals.LOSS)
    if plot is None or loss is None:
        return {"item": None, "reason": "No loss was recorded: pass it to mon.step(loss)."}
    return {
        "item": json_item(plot),
        "tag": printable(loss.tag),
        "steps": [int(loss.steps[0]), int(loss.steps[-1])],
        "log": type(plot.y_scale).__name__ == "LogScale",
        "can_log": can_be_log(loss.values),
    }
