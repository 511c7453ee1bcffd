"""The first row of every screen: where one is, whether the run lives, how far it got."""

from __future__ import annotations

from lossmon import signals
from lossmon.numfmt import fmt, printable
from lossmon.tui.line import Line, Span, ends
from lossmon.tui.snapshot import RunView, Snapshot
from lossmon.tui.words import life, speed, urgency

_NAME: Span = (" lossmon  ", "title")
_FROZEN: Span = ("frozen, f goes on ", "warning")
_SCREENS = ("1 Overview", "2 Run")
_LONGEST_NAME = 28


def overview_header(snapshot: Snapshot, root: str, *, frozen: bool, width: int) -> Line:
    """Return the header of the overview."""
    runs = snapshot.runs
    live = sum(view.life == "live" for view in runs)
    urgent = sum(urgency(view) < 4 for view in runs)
    counts = f"{len(runs)} run{'s' * (len(runs) != 1)}"
    left = [_NAME, (_short(root), "bold"), (f"  {counts}  {live} live", "")]
    if urgent:
        left.append((f"  {urgent} need{'s' * (urgent == 1)} attention", "warning"))
    return ends(left, _right(0, frozen=frozen), width)


def run_header(view: RunView, *, frozen: bool, width: int) -> Line:
    """Return the header of one run's screen."""
    left = [_NAME, (_short(view.name), "bold"), ("  ", ""), life(view)]
    step = view.run.last_step
    left.append((f"  step {step}" if step >= 0 else "  no step yet", ""))
    left.append((f"  {speed(view)}" if speed(view) else "", ""))
    left += _cost(view) if width >= 120 else []
    return ends(left, _right(1, frozen=frozen), width)


def _cost(view: RunView) -> list[Span]:
    """Return what the monitor takes, and what it had to drop."""
    spans: list[Span] = []
    overhead, dropped = view.run.scalar(signals.OVERHEAD), view.run.scalar(signals.DROPPED)
    if overhead is not None and len(overhead):
        spans.append((f"  monitor {fmt(float(overhead.values[-1]), 2)} %", "dim"))
    if dropped is not None and len(dropped) and dropped.values[-1] > 0:
        spans.append((f"  {fmt(float(dropped.values[-1]))} records dropped", "warning"))
    return spans


def _right(screen: int, *, frozen: bool) -> list[Span]:
    spans = [_FROZEN] if frozen else []
    for number, name in enumerate(_SCREENS):
        here = number == screen
        spans.append((f"[{name[0]}]{name[2:]} " if here else f"{name} ", "key" if here else "dim"))
    return spans


def _short(name: str) -> str:
    """Return a name that leaves room for the rest; its end tells runs apart."""
    name = printable(name)
    return name if len(name) <= _LONGEST_NAME else "…" + name[-_LONGEST_NAME + 1 :]
