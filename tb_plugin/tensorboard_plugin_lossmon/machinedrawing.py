"""What a training takes of the machine, as the page embeds it."""

from __future__ import annotations

from functools import partial
from typing import Any

from lossmon.records import Run
from lossmon.report.look import Look
from lossmon.report.machine import dials
from lossmon.report.machinefigure import machine_figure
from lossmon.report.xaxis import Across, Span
from tensorboard_plugin_lossmon.embedding import embedded
from tensorboard_plugin_lossmon.layerdrawing import axis_of


def draw_machine(
    run: Run, *, view: Span | None, across: Across, look: Look, left: int
) -> list[dict[str, Any]]:
    """Return the figures to embed, each with its name and its title."""
    ruler, seen = axis_of(run, across, view)
    drawn = partial(
        machine_figure, height=None, view=seen, ruler=ruler, look=look, left=left, across=across
    )
    return [
        {
            "name": dial.name,
            "title": dial.title,
            "item": embedded(drawn(dial)),
        }
        for dial in dials(run)
    ]
