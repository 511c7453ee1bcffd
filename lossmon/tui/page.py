"""One run as a page of plain text: how it stands, its loss, its findings, its layers.

The screens of the run and of its layers in one, for a pipe, a cron mail, or `watch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from lossmon.diagnosis.finding import Report
from lossmon.numfmt import printable
from lossmon.report.activations import activation_rows, render_activations
from lossmon.report.grid import paint
from lossmon.report.layers import MOST, layer_rows, render_layers
from lossmon.report.text import render_verdict
from lossmon.report.words import job_words
from lossmon.tui.line import Span, cells, heading, shorten
from lossmon.tui.picture import picture_of
from lossmon.tui.plain import RAW_SIGN, chart_lines, spans_text
from lossmon.tui.raster import draw
from lossmon.tui.snapshot import RunView
from lossmon.tui.widgets.legend import legend_line
from lossmon.tui.widgets.notes import note_count, note_lines
from lossmon.tui.words import STATUS, life, serious, speed, status_word

NARROWEST, WIDEST = 40, 500
_LEAST_NAME = 12
_NO_LOSS = {
    True: "No loss was recorded: pass criterion= to lossmon.watch(), or give the loss to "
    "mon.step(loss).",
    False: "No tag here looks like a loss. `lossmon export` writes every scalar there is.",
}
"""By whether lossmon wrote the log."""
_NO_LAYERS = {
    True: "No step was sampled, so there is nothing to say about layers.",
    False: "This log holds scalars only: nothing is known of layers.",
}


def page(view: RunView, report: Report, *, width: int = 80, colour: bool = False) -> str:
    """Return the page; no line of the chart or of the layers is wider than `width` columns.

    Less than 40 columns count as 40, and more than 500 as 500.
    """
    width = min(max(width, NARROWEST), WIDEST)
    title = spans_text(_title(view, report, width), colour=colour)
    parts = [title, *_job(view, width, colour=colour), *_chart(view, width, colour=colour)]
    parts += _notes(view, width, colour=colour)
    count = len(report.findings)
    note = f"{count} finding{'s' * (count != 1)}"
    parts.append(_rule("verdict", note, width, colour=colour))
    parts.append(render_verdict(report, width=width, colour=colour).rstrip("\n"))
    parts += _layers(view, report, width, colour=colour)
    parts += _activations(view, width, colour=colour)
    return "\n".join(parts) + "\n"


def _title(view: RunView, report: Report, width: int) -> Iterator[Span]:
    """Yield name, status, liveness, and how far it got, as much as there is room for.

    A long name is cut in its middle.
    """
    sign, style = STATUS[report.status]
    step = view.run.last_step
    word, life_style = life(view)
    rest: list[Span] = [
        (f"  {sign} {status_word(report.status)}", style),
        (f"  {word}", life_style),
        (f"  step {step}" if step >= 0 else "  no step yet", ""),
        (f"  {speed(view)}" if speed(view) else "", ""),
    ]
    least = min(cells(view.name), _LEAST_NAME)
    while sum(cells(text) for text, _ in rest) > width - least:
        rest.pop()
    yield shorten(view.name, width - sum(cells(text) for text, _ in rest)), "bold"
    yield from rest


def _job(view: RunView, width: int, *, colour: bool) -> Iterator[str]:
    words = "" if view.run.meta is None else job_words(view.run.meta.job)
    yield from (paint(line, "dim", colour=colour) for line in wrap(words, width))


def _chart(view: RunView, width: int, *, colour: bool) -> Iterator[str]:
    main = serious(view) or next(iter(view.findings), None)
    picture = picture_of(view, finding=main)
    legend = legend_line(view, picture, width, raw=f"{RAW_SIGN} raw")
    yield spans_text(legend.spans, colour=colour)
    if picture is None:
        yield from _paragraph(_NO_LOSS[view.run.meta is not None], width)
    else:
        yield from chart_lines(draw(picture, _rows(width), width), colour=colour)


def _rows(width: int) -> int:
    """Return the height of the chart: 14 rows in 80 columns, a few more where it is wide."""
    return min(max(width // 8 + 4, 10), 20)


def _notes(view: RunView, width: int, *, colour: bool) -> list[str]:
    lines = note_lines(view, width, note_count(view))
    return [spans_text(line.spans, colour=colour) for line in lines]


def _layers(view: RunView, report: Report, width: int, *, colour: bool) -> Iterator[str]:
    rows = layer_rows(view.run, report)
    sampled = any(row.step is not None for row in rows)
    note = "worst first" if any(row.severity for row in rows) else "by depth"
    title = f"layers {len(rows)}" if sampled else "layers"
    yield _rule(title, note if sampled else "", width, colour=colour)
    if not sampled:
        yield from _paragraph(_NO_LAYERS[view.run.meta is not None], width)
        return
    header, *lines = render_layers(rows, width=width)
    yield paint(header, "dim", colour=colour)
    for row, line in zip(rows, lines, strict=False):
        yield paint(line, row.severity, colour=colour)
    if len(rows) > MOST:
        yield f"  … and {len(rows) - MOST} more; --json prints all"


def _activations(view: RunView, width: int, *, colour: bool) -> Iterator[str]:
    rows = activation_rows(view.run)
    if not rows:
        return
    yield _rule(f"activations {len(rows)}", "as they run", width, colour=colour)
    header, *lines = render_activations(rows, width=width)
    yield paint(header, "dim", colour=colour)
    yield from lines
    if len(rows) > MOST:
        yield f"  … and {len(rows) - MOST} more; --json prints all"


def _rule(title: str, note: str, width: int, *, colour: bool) -> str:
    return spans_text(heading(printable(title), width, note=note).spans, colour=colour)


def _paragraph(text: str, width: int) -> list[str]:
    return wrap(text, width, initial_indent="  ", subsequent_indent="  ")
