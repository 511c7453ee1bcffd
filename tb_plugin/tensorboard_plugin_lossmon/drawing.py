"""Figures as the page embeds them. With its neighbours `layerdrawing` the only ones with Bokeh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lossmon import signals
from lossmon.diagnosis.finding import Report
from lossmon.numfmt import printable
from lossmon.report.figures import all_can_be_log, loss_figure
from lossmon.report.happenings import happenings
from lossmon.report.losscurve import Other
from lossmon.report.xaxis import Across, ruler
from tensorboard_plugin_lossmon.embedding import embedded
from tensorboard_plugin_lossmon.store import Entry

NO_LOSS = "No loss was recorded: pass it to mon.step(loss)."


def draw_loss(
    entries: Sequence[Entry], curves: Sequence[str], *, across: Across, **options: Any
) -> dict[str, Any]:
    """Return the figure of the losses to embed, and what the page says around it."""
    main, *rest = entries
    others = [Other(entry.run, curve) for entry, curve in zip(rest, curves[1:], strict=True)]
    plot = loss_figure(
        main.run, _report(main), height=None, others=others, curve=curves[0], across=across,
        **options,
    )  # fmt: skip
    loss = main.run.scalar(signals.LOSS)
    if plot is None or loss is None:
        return {"item": None, "reason": NO_LOSS}
    return {
        "item": embedded(plot),
        "tag": printable(loss.tag),
        "range": [plot.x_range.start, plot.x_range.end],
        "knots": ruler(loss, across).knots(),
        "log": type(plot.y_scale).__name__ == "LogScale",
        "can_log": all_can_be_log([entry.run for entry in entries]),
        "missing": [entry.place.name for entry in rest if entry.run.scalar(signals.LOSS) is None],
        "events": [[one.step, one.reads] for one in happenings(main.run)],
    }


def _report(entry: Entry) -> Report:
    return entry.report or Report(entry.place.name, "not-enough-evidence", 0, None)
