"""The table of runs: those to look at first on top."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lossmon import signals
from lossmon.naturalorder import natural
from lossmon.numfmt import MISSING, fmt, fmt_count
from lossmon.signals import Signal
from lossmon.tui.line import Line, Span, ends, fit, line, shorten
from lossmon.tui.snapshot import Key, RunView
from lossmon.tui.words import diagnosis, life_words, speed, urgency

_CURVE = 9
_NUMBER = 8
_WIDE = 96
_DIAGNOSIS = 33
"""Columns that the longest diagnosis takes."""


def ordered(views: Sequence[RunView]) -> tuple[RunView, ...]:
    """Return the runs most urgent first, then the newest first."""
    return tuple(sorted(views, key=lambda view: (urgency(view), -_began(view), natural(view.name))))


def arranged(views: Sequence[RunView], order: Sequence[Key]) -> tuple[RunView, ...]:
    """Return the runs in the given order, those it does not know yet at its end."""
    places = {key: place for place, key in enumerate(order)}
    return tuple(sorted(ordered(views), key=lambda view: places.get(view.key, len(places))))


def table_lines(
    views: Sequence[RunView], chosen: Key | None, width: int, height: int
) -> list[Line]:
    """Return a header and `height` - 1 rows around the chosen run."""
    columns = _columns(views, width)
    name = max(width - 3 - sum(size + 1 for _, size, _ in columns) - _DIAGNOSIS, 8)
    titles = "".join(f"{fit(title, size, right=True)} " for title, size, _ in columns)
    start, shown = visible(views, chosen, height - 1)
    more = _extent(start, len(shown), len(views))
    rows = [ends([(f"   {fit('RUN', name)} {titles}DIAGNOSIS", "dim")], [(more, "dim")], width)]
    for view in shown:
        is_chosen = view.key == chosen
        sign, _, style = life_words(view)
        spans: list[Span] = [("▶" if is_chosen else " ", "key"), (f"{sign} ", style)]
        spans.append((f"{fit(shorten(view.name, name), name)} ", "bold" if is_chosen else ""))
        spans += [(f"{fit(value(view), size, right=True)} ", "") for _, size, value in columns]
        rows.append(line(*spans, *diagnosis(view), chosen=is_chosen))
    return rows


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
    if width < _WIDE:
        return step, loss, curve
    val: Column = ("VAL", _NUMBER, lambda view: _last(view, signals.VAL_LOSS))
    lr: Column = ("LR", _NUMBER, lambda view: _last(view, signals.LR))
    pace: Column = ("SPEED", 9, speed)
    used = [one for one in (val, lr, pace) if any(one[2](v) not in ("", MISSING) for v in views)]
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


def _curve(view: RunView) -> str:
    if view.points is None:
        return ""
    from lossmon.tui.raster import sparkline  # numpy, which the first frame does without

    return sparkline(view.points, _CURVE, growing=view.is_growing)


def _began(view: RunView) -> float:
    loss = view.run.scalar(signals.LOSS)
    if loss is not None and len(loss):
        return float(loss.wall_times[0])
    return view.run.meta.start_wall if view.run.meta is not None else 0.0
