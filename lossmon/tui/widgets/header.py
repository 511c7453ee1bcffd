"""The first row of every screen: where one is, whether the run lives, how far it got."""

from __future__ import annotations

from lossmon import signals
from lossmon.numfmt import fmt, printable
from lossmon.tui.line import Line, Span, cells, ends, shorten
from lossmon.tui.runlist import Choice
from lossmon.tui.snapshot import RunView, Snapshot
from lossmon.tui.words import WELL, life, speed, urgency

_NAME: Span = (" lossmon  ", "title")
_FROZEN: Span = ("frozen: f goes on ", "warning")
_SCREENS = ("1 Overview", "2 Run", "3 Layers", "4 Events")
_NOTHING = Choice()
_LEAST_NAME = 16
_WIDE = 120


def overview_header(
    snapshot: Snapshot, root: str, *, frozen: bool, width: int, choice: Choice = _NOTHING
) -> Line:
    """Return the header of the overview."""
    runs = snapshot.runs
    live = sum(view.life == "live" and not view.silence for view in runs)
    urgent = sum(urgency(view) < WELL for view in runs)
    states: list[Span] = [(f"  {len(runs)} run{'s' * (len(runs) != 1)}  {live} live", "")]
    if urgent:
        states.append((f"  {urgent} need{'s' * (urgent == 1)} attention", "warning"))
    if choice.words:
        states.append((f"  with {printable(choice.words, 24)}", "key"))
    if choice.order != "severity":
        states.append((f"  by {choice.order}", "key"))
    return _header(root, states, 0, frozen=frozen, width=width)


def run_header(view: RunView, *, frozen: bool, width: int, screen: int = 1) -> Line:
    """Return the header of one run's screen."""
    step = view.run.last_step
    states: list[Span] = [("  ", ""), life(view)]
    states.append((f"  step {step}" if step >= 0 else "  no step yet", ""))
    states.append((f"  {speed(view)}" if speed(view) else "", ""))
    states += _cost(view) if width >= _WIDE else []
    return _header(view.name, states, screen, frozen=frozen, width=width)


def _header(name: str, states: list[Span], screen: int, *, frozen: bool, width: int) -> Line:
    """Return the parts with as much of the name and of the screens' names as there is room for."""
    frozen_part = [_FROZEN] if frozen else []
    fixed = sum(cells(text) for text, _ in (_NAME, *states, *frozen_part)) + 1
    room = width - fixed
    for screens in (_screens(screen), _screens(screen, short=True), []):
        taken = sum(cells(text) for text, _ in screens)
        if room - taken >= min(cells(name), _LEAST_NAME):
            break
    left = [_NAME, (shorten(printable(name), max(room - taken, 4)), "bold"), *states]
    return ends(left, [*frozen_part, *screens], width)


def _cost(view: RunView) -> list[Span]:
    """Return what the monitor takes of the run's time."""
    overhead = view.run.scalar(signals.OVERHEAD)
    if overhead is None or not len(overhead):
        return []
    return [(f"  monitor {fmt(float(overhead.values[-1]), 2)} %", "dim")]


def _screens(screen: int, *, short: bool = False) -> list[Span]:
    """Return the screens with their keys, or the keys alone."""
    spans: list[Span] = []
    for number, name in enumerate(_SCREENS):
        here, word = number == screen, "" if short else name[1:]
        spans.append(
            (f"[{name[0]}]{word[1:]} " if here else f"{name[0]}{word} ", "key" if here else "dim")
        )
    return spans
