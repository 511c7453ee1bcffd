"""The table of runs: those to look at first on top."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from lossmon import signals
from lossmon.numfmt import MISSING, fmt, fmt_count
from lossmon.signals import Signal
from lossmon.tui.line import Line, Span, ends, fit, line, shorten
from lossmon.tui.runlist import Choice, change
from lossmon.tui.snapshot import Key, RunView
from lossmon.tui.words import diagnosis, life_words, speed

_CURVE = 9
_NUMBER = 8
_NARROW, _WIDE, _WIDEST = 60, 96, 110
_DIAGNOSIS = 33
"""Columns that the longest diagnosis takes."""
_LEAST, _LONGEST = 14, 60
"""Columns of a name."""
_NOTHING = Choice()


def table_lines(
    views: Sequence[RunView],
    chosen: Key | None,
    width: int,
    height: int,
    *,
    choice: Choice = _NOTHING,
) -> list[Line]:
    """Return a header and `height` - 1 rows around the chosen run."""
    columns = _columns(views, width)
    signs = 2 * bool(choice.marks or choice.baseline)
    taken = 3 + signs + sum(size + 1 for _, size, _ in columns)
    name = max(min(width - taken - _DIAGNOSIS, _LONGEST), min(width // 3, _LEAST))
    titles = "".join(f"{fit(title, size, right=True)} " for title, size, _ in columns)
    start, shown = visible(views, chosen, height - 1)
    more = _extent(start, len(shown), len(views))
    head = f"   {' ' * signs}{fit('RUN', name)} {titles}DIAGNOSIS"
    rows = [ends([(head, "dim")], [(more, "dim")], width)]
    for view in shown:
        is_chosen = view.key == chosen
        sign, _, style = life_words(view)
        spans: list[Span] = [("▶" if is_chosen else " ", "key"), (f"{sign} ", style)]
        if signs:
            spans.append((f"{choice.sign(view.key):<2}", _mark_style(choice, view.key)))
        spans.append((f"{fit(shorten(view.name, name), name)} ", "bold" if is_chosen else ""))
        spans += [(f"{fit(value(view), size, right=True)} ", "") for _, size, value in columns]
        rows.append(line(*spans, *diagnosis(view), chosen=is_chosen))
    return rows


def _mark_style(choice: Choice, key: Key) -> str:
    return f"other{choice.marks.index(key)}" if key in choice.marks else "bold"


def visible(
    views: Sequence[RunView], chosen: Key | None, height: int
) -> tuple[int, Sequence[RunView]]:
    """Return at most `height` runs, the chosen one among them, and the place of the first."""
    at = next((number for number, view in enumerate(views) if view.key == chosen), 0)
    start = min(max(at - height // 2, 0), max(len(views) - height, 0))
    return start, views[start : start + max(height, 0)]


def _extent(start: int, shown: int, of: int) -> str:
    """Return which runs are shown, and where the others are; "" where all are."""
    above, below = start > 0, start + shown < of
    if not above and not below:
        return ""
    sign = "↕" if above and below else "↑" if above else "↓"
    return f"{start + 1}-{start + shown} of {of} {sign} "


Column = tuple[str, int, Callable[[RunView], str]]


def _columns(views: Sequence[RunView], width: int) -> tuple[Column, ...]:
    """Return the columns that there is room for, without those in which no run has a value."""
    step: Column = ("STEP", 5, _step)
    loss: Column = ("LOSS", _NUMBER, _loss)
    curve: Column = ("CURVE    ", _CURVE, _curve)
    if width < _NARROW:
        return ()
    if width < _WIDE:
        return step, loss, curve
    moved: Column = ("Δ/1k", _NUMBER, lambda view: _signed(change(view)))
    val: Column = ("VAL", _NUMBER, lambda view: _last(view, signals.VAL_LOSS))
    lr: Column = ("LR", _NUMBER, lambda view: _last(view, signals.LR))
    pace: Column = ("SPEED", 9, speed)
    age: Column = ("AGE", 4, lambda view: view.age or ("now" if view.run.last_wall else ""))
    optional = [moved, val, lr, pace] + [age] * (width >= _WIDEST)
    used = [one for one in optional if any(one[2](v) not in ("", MISSING) for v in views)]
    return step, loss, *used, curve


def _step(view: RunView) -> str:
    step = view.run.last_step
    return fmt_count(step) if step >= 0 else MISSING


def _last(view: RunView, signal: Signal) -> str:
    series = view.run.scalar(signal)
    return _short(float(series.values[-1])) if series is not None and len(series) else MISSING


def _loss(view: RunView) -> str:
    return MISSING if view.points is None else _short(view.points.last_value)


def _short(value: float) -> str:
    """Return a number in at most eight characters; a digit less rather than half an exponent."""
    return next(text for n in (4, 3, 2, 1) if len(text := fmt(value, n)) <= _NUMBER or n == 1)


def _signed(value: float) -> str:
    if math.isnan(value):
        return MISSING
    text = next(t for n in (3, 2, 1) if len(t := fmt(value, n)) < _NUMBER or n == 1)
    return text if value < 0 else f"+{text}"


def _curve(view: RunView) -> str:
    if view.points is None:
        return ""
    from lossmon.tui.raster import sparkline  # numpy, which the first frame does without

    return sparkline(view.points, _CURVE, growing=view.is_growing)
