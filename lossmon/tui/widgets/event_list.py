"""The list of what happened, and what the run was made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from lossmon import signals
from lossmon.numfmt import fmt, fmt_count, printable
from lossmon.records import Run
from lossmon.report.words import job_words
from lossmon.tui.line import Line, Span, ends, fit, heading, line
from lossmon.tui.snapshot import RunView
from lossmon.tui.timeline import Event, clock_text

_KIND = 13
_WITH_CLOCK = 60
"""Columns below which the time of an event gives way to its words."""
_DEVICE = (
    (signals.STEP_MS, "ms a step"),
    (signals.DATA_MS, "ms of them waiting for data"),
    (signals.MEMORY_MB, "MB in tensors"),
    (signals.GPU_UTILISATION, "% of the GPU"),
    (signals.GPU_MEMORY_MB, "MB on the GPU"),
    (signals.GPU_POWER_W, "W"),
    (signals.GPU_TEMPERATURE_C, "°C"),
    (signals.HOST_MEMORY_MB, "MB in the process"),
    (signals.OVERHEAD, "% for lossmon"),
)


def event_lines(
    view: RunView, events: Sequence[Event], chosen: int, kind: str, width: int, height: int
) -> list[Line]:
    """Return a heading and the events around the chosen one."""
    shown = "" if kind == "all" else f", {kind} only"
    note = f"newest first{shown}"
    rows = [heading(f"events {len(events)}", width, note=note)]
    room = max(height - 1, 0)
    start = first_event(len(events), chosen, room)
    began = view.run.meta.start_wall if view.run.meta is not None else 0.0
    for number, event in enumerate(events[start : start + room], start):
        rows.append(_row(event, began, width, is_chosen=number == chosen))
    return rows


def first_event(count: int, chosen: int, room: int) -> int:
    """Return the first of so many events that stands in a list with that room."""
    return min(max(chosen - room // 2, 0), max(count - room, 0))


def event_detail(view: RunView, event: Event | None, width: int, height: int) -> list[Line]:
    """Return the whole text of an event, then what the run was made of and what it took."""
    lines: list[Line] = []
    if event is not None:
        lines.append(heading(f"step {event.step}  {event.kind}", width))
        lines += [line(f" {part}") for part in wrap(event.text, max(width - 2, 10))]
    lines.append(heading("run", width))
    for text in _facts(view):
        lines += [line((f" {part}", "dim")) for part in wrap(text, max(width - 2, 10))]
    return lines[:height]


def _row(event: Event, began: float, width: int, *, is_chosen: bool) -> Line:
    step = f"{fmt_count(event.step):>6} "
    left: list[Span] = [("▶" if is_chosen else " ", "key"), (step, "")]
    left += [(f"{event.sign} ", event.style), (f"{fit(event.kind, _KIND)} ", event.style)]
    after = clock_text(event, began) if width >= _WITH_CLOCK else ""
    clock = f" +{after}" if after else ""
    room = width - 10 - _KIND - len(clock) - 2
    left.append((fit(event.text, max(room, 8)).rstrip(), "bold" if is_chosen else ""))
    row = ends(left, [(clock, "dim")] if clock else [], width)
    return Line(row.spans, is_chosen)


def _facts(view: RunView) -> Iterator[str]:
    run = view.run
    if run.meta is not None:
        meta = run.meta
        size = sum(info.numel for info in meta.parameters)
        parts = [printable(meta.model), f"{fmt_count(size)} parameters", printable(meta.criterion)]
        parts += sorted({printable(group.optimizer) for group in meta.groups})
        yield ", ".join(part for part in parts if part)
        yield ", ".join(
            f"{printable(str(name))} {printable(str(version))}"
            for name, version in meta.versions.items()
        )
        if meta.job:
            yield job_words(meta.job)
    else:
        yield "not written by lossmon: its scalars are all that is known"
    numbers = list(_numbers(run))
    if numbers:
        yield f"last: {', '.join(numbers)}"


def _numbers(run: Run) -> Iterator[str]:
    for signal, unit in _DEVICE:
        series = run.scalar(signal)
        if series is not None and len(series):
            yield f"{fmt(float(series.values[-1]), 3)} {unit}"
