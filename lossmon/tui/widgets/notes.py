"""What went wrong around the run: how it died, what could not be written, recorded or read."""

from __future__ import annotations

from collections.abc import Iterator

from lossmon.numfmt import plural, printable
from lossmon.tui.line import Line, fit, line
from lossmon.tui.snapshot import RunView
from lossmon.tui.words import death

_SENTENCE = 300


def note_lines(view: RunView, width: int, height: int) -> list[Line]:
    """Return one line for each, those that matter most first."""
    lines = [line((fit(f" {sign} {text}", width), style)) for sign, text, style in _notes(view)]
    return lines[:height]


def note_count(view: RunView) -> int:
    """Return the number of lines there is something to say on."""
    return sum(1 for _ in _notes(view))


def _notes(view: RunView) -> Iterator[tuple[str, str, str]]:
    """Yield sign, text and style."""
    kinds = {mark.kind: mark for mark in view.run.marks}
    if death(view):
        yield "✕", death(view), "error"
    off = kinds.get("collector-off")
    if off is not None:
        what, why = _text(off.detail.get("collector", "")), _text(off.detail.get("error", ""))
        yield "!", f"{what} is not recorded since step {off.step}: {why}", "warning"
    for text in _missing(view):
        yield "!", text, "warning"
    damage = view.run.damage
    if damage.records or damage.bytes:
        records, size = plural(damage.records, "damaged record"), plural(damage.bytes, "byte")
        text = f"{records} in the log, {size} passed over"
        yield "!", text, "warning"
    for file in damage.files:
        yield "!", f"cannot be read: {printable(file, _SENTENCE)}", "warning"
    if view.run.histograms:
        count = plural(len(view.run.histograms), "histogram")
        yield "·", f"{count} in the log, not read here: TensorBoard draws them", "dim"


def _missing(view: RunView) -> Iterator[str]:
    """Yield what is not in the log, as the report has it."""
    if view.report is None:
        return
    from lossmon.report.text import LOST_RANKS, dropped_words, lost_words

    if view.report.dropped:
        yield dropped_words(view.report.dropped)
    yield from map(lost_words, view.report.lost_ranks[:LOST_RANKS])


def _text(detail: object) -> str:
    return printable(str(detail), _SENTENCE)
