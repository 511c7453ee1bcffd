"""Two runs beside each other as the page shows them: words, a figure, and two tables."""

from __future__ import annotations

from typing import Any

from lossmon.numfmt import MISSING, fmt, plural, printable
from lossmon.records import Run
from lossmon.report.compare import (
    RATIOS,
    LossDifference,
    layer_ratios,
    loss_difference,
    settings_that_differ,
)
from lossmon.report.comparefigure import difference_figure
from lossmon.report.look import Look
from lossmon.report.xaxis import Span
from tensorboard_plugin_lossmon.embedding import embedded

MOST_LAYERS, MOST_SETTINGS = 200, 100


def compare_runs(
    first: Run, second: Run, *, look: Look, view: Span | None, left: int
) -> dict[str, Any]:
    """Return how the second run differs from the first."""
    found = loss_difference(first, second)
    settings, layers = settings_that_differ(first, second), layer_ratios(first, second)
    plot = found and difference_figure(found, look=look, view=view, height=None, left=left)
    return {
        "item": embedded(plot) if plot else None,
        "reason": "" if plot else "The two runs have no step in common at which both have a loss.",
        "reads": _words(found) if found else [],
        "settings": [
            [printable(one.name), _shown(one.first), _shown(one.second)]
            for one in settings[:MOST_SETTINGS]
        ],
        "more_settings": max(len(settings) - MOST_SETTINGS, 0),
        "metrics": [metric.label for metric in RATIOS],
        "layers": [
            [printable(one.name), *(fmt(ratio, 3) for ratio in one.ratios)]
            for one in layers[:MOST_LAYERS]
        ],
        "more_layers": max(len(layers) - MOST_LAYERS, 0),
    }


def _words(found: LossDifference) -> list[str]:
    reads = [f"{plural(len(found.steps), 'step')} in both runs"]
    if found.differ is None:
        return [*reads, "the losses are the same numbers in all of them"]
    reads.append(f"the losses first differ at step {found.differ:,}")
    if found.apart is not None:
        return [*reads, f"their trends are apart from step {found.apart:,} on"]
    return [*reads, "their trends are not apart at the end"]


def _shown(text: str) -> str:
    return printable(text) if text else MISSING
