"""How a person looks at a run: axes, which steps are in view, where the cursor is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Range = tuple[int, int]
"""First and last step, inclusive."""
XKind = Literal["step", "time", "log"]
X_KINDS: tuple[XKind, ...] = ("step", "time", "log")

_LEAST = 8
"""Steps that are in view at least."""
_MARGIN = 0.25
"""Steps on each side of evidence that are in view with it, as a share of its length."""
_MOST_SMOOTHING = 6


@dataclass(frozen=True, slots=True)
class Axes:
    """What holds for the charts of all runs."""

    log_y: bool | None = None
    """None lets the values decide."""
    x: XKind = "step"
    smooth: int = 0
    """Doublings of the usual span of the moving average; below 0 halvings."""

    def next_x(self) -> Axes:
        """Return the axes with the next kind of horizontal axis."""
        return replace(self, x=X_KINDS[(X_KINDS.index(self.x) + 1) % len(X_KINDS)])

    def smoother(self, by: int) -> Axes:
        """Return the axes with so many doublings more."""
        return replace(self, smooth=min(max(self.smooth + by, -_MOST_SMOOTHING), _MOST_SMOOTHING))


@dataclass(frozen=True, slots=True)
class Focus:
    """What a person looks at in one run; all its screens share it."""

    rule: str = ""
    """The chosen finding."""
    cursor: int | None = None
    """The step that values are read out at; None: no cursor is shown."""
    window: Range | None = None
    """The steps in view; None: all of them."""
    row: str = ""
    """The chosen layer."""


def zoomed(focus: Focus, whole: Range, *, inwards: bool) -> Focus:
    """Return half, or twice, as many steps in view, around the cursor, else at the newest ones."""
    first, last = focus.window or whole
    span = last - first + 1
    wanted = max(span // 2, _LEAST) if inwards else 2 * span
    middle = last if focus.cursor is None else min(max(focus.cursor, first), last)
    share = (middle - first) / max(last - first, 1)
    return _viewed(focus, round(middle - share * (wanted - 1)), wanted, whole)


def panned(focus: Focus, whole: Range, by: int) -> Focus:
    """Return the view moved by quarters of its width; where all is in view, as it is."""
    if focus.window is None:
        return focus
    first, last = focus.window
    span = last - first + 1
    return _viewed(focus, first + by * max(span // 4, 1), span, whole)


def jumped(focus: Focus, steps: Range, whole: Range) -> Focus:
    """Return the focus with some steps in the middle of the view, and the cursor at the first."""
    first, last = steps
    margin = max(round(_MARGIN * (last - first + 1)), _LEAST)
    moved = _viewed(focus, first - margin, last - first + 1 + 2 * margin, whole)
    return replace(moved, cursor=min(max(first, whole[0]), whole[1]))


def _viewed(focus: Focus, first: int, span: int, whole: Range) -> Focus:
    low, high = whole
    if span >= high - low + 1:
        return replace(focus, window=None)
    first = min(max(first, low), high - span + 1)
    cursor = focus.cursor
    if cursor is not None:
        cursor = min(max(cursor, first), first + span - 1)
    return replace(focus, window=(first, first + span - 1), cursor=cursor)
