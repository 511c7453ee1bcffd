"""What happened in a run, in the order of its steps: findings that opened and went, marks, gaps.

Everything comes from the log and the verdict; what a log says passes `printable` here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lossmon import signals
from lossmon.diagnosis.finding import Report
from lossmon.numfmt import fmt, fmt_duration, plural, printable
from lossmon.records import Mark, Run, Series
from lossmon.report.curve import non_finite
from lossmon.report.happenings import MOST, jumps
from lossmon.report.words import job_words
from lossmon.tui.filtering import matches
from lossmon.tui.snapshot import RunView

KINDS = ("all", "findings", "run")
"""Which events are listed, in turn."""
_SENTENCE = 300


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a step."""

    step: int
    sign: str
    style: str
    kind: str
    text: str
    rule: str = ""
    """The rule whose verdict changed; "" for what is no verdict."""
    wall_time: float = 0.0
    """0 where it is not known."""


def events_of(view: RunView) -> tuple[Event, ...]:
    """Return what happened, the newest first."""
    found = [*_verdicts(view.report), *_marks(view.run), *_rates(view.run), *_bad(view.run)]
    found += _ends(view)
    return tuple(sorted(found, key=lambda event: event.step, reverse=True))


def listed(events: tuple[Event, ...], kind: str, words: str) -> tuple[Event, ...]:
    """Return the events of a kind whose words match the filter."""
    return tuple(
        one
        for one in events
        if (kind == "all" or bool(one.rule) == (kind == "findings"))
        and matches(words, f"{one.kind} {one.text}")
    )


def _verdicts(report: Report | None) -> Iterator[Event]:
    if report is None:
        return
    severities = {finding.rule: finding.severity for finding in report.findings}
    claims = {finding.rule: finding.claim for finding in report.findings}
    signs = {"opened": ("✗", "error"), "worsened": ("✗", "error"), "resolved": ("✓", "good")}
    for entry in report.history:
        sign, style = signs[entry.event]
        severity = severities.get(entry.rule)
        if entry.event != "resolved" and severity in ("warning", "info"):
            sign, style = ("!", "warning") if severity == "warning" else ("i", "info")
        claim = claims.get(entry.rule, "")
        text = f"{entry.rule}  {printable(claim, _SENTENCE)}".rstrip()
        yield Event(entry.step, sign, style, entry.event, text, entry.rule)


def _marks(run: Run) -> Iterator[Event]:
    for mark in run.marks:
        sign, style = _SIGNS.get(mark.kind, ("·", "dim"))
        kind = printable(mark.kind, 24)
        yield Event(mark.step, sign, style, kind, _words(mark), wall_time=mark.wall_time)


_SIGNS = {
    "exception": ("✕", "error"),
    signals.RANK_LOST: ("✕", "error"),
    "collector-off": ("!", "warning"),
    "not-recorded": ("!", "warning"),
    "dropped": ("!", "warning"),
    "resumed": ("▶", "info"),
    "closed": ("○", "dim"),
}


def _words(mark: Mark) -> str:
    """Return what a mark carries, in a few words."""
    say = _SAID.get(mark.kind, _pairs)
    return printable(say(mark.detail), _SENTENCE)


def _pairs(detail: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in detail.items())


def _inputs(detail: Mapping[str, Any]) -> str:
    tensors = detail.get("tensors")
    known = [one for one in tensors if isinstance(one, dict)] if isinstance(tensors, list) else []
    return "the model is given " + ", ".join(
        f"{one.get('dtype', '?')} {one.get('shape', '?')} on {one.get('device', '?')}"
        for one in known
    )


def _criterion(detail: Mapping[str, Any]) -> str:
    shapes = f"{detail.get('prediction_shape', '?')} and targets {detail.get('target_shape', '?')}"
    return f"the loss is {detail.get('name', '?')} of {shapes}"


_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "exception": lambda detail: str(detail.get("error", "")),
    "collector-off": lambda detail: (
        f"{detail.get('collector', '?')} is not recorded: {detail.get('error', '?')}"
    ),
    "dropped": lambda detail: f"{detail.get('records', '?')} records could not be written",
    "interval": lambda detail: f"layers are sampled every {detail.get('every', '?')} steps",
    "resumed": lambda detail: ", ".join(
        filter(None, ("the training goes on from here", job_words(detail)))
    ),
    "closed": lambda _: "the training ended",
    signals.HOLD_OUT: lambda detail: (
        f"{detail.get('examples', '?')} of {detail.get('of', '?')} examples teach nothing"
    ),
    signals.INPUTS: _inputs,
    signals.CRITERION: _criterion,
    signals.CONTESTED: lambda _: "another training moves parameters that this loss depends on",
}


def _rates(run: Run) -> Iterator[Event]:
    """Yield the steps at which a learning rate changed at once."""
    tag = signals.LR.tag or ""
    for name, series in run.series.items():
        if name != tag and not name.startswith(f"{tag}/"):
            continue
        rows = jumps(series)
        if len(rows) > MOST:  # a warm-up, or a cycle: one event says it
            first, last = int(series.steps[rows[0]]), int(series.steps[rows[-1]])
            yield Event(first, "~", "dim", "lr", f"{name} changes at {len(rows)} steps to {last}")
            continue
        for row in rows:
            yield _rate(name, series, row)


def _rate(name: str, series: Series, row: int) -> Event:
    before, after = fmt(float(series.values[row - 1]), 3), fmt(float(series.values[row]), 3)
    text = f"{printable(name, 40)} {before} → {after}"
    wall = float(series.wall_times[row])
    return Event(int(series.steps[row]), "~", "info", "lr", text, wall_time=wall)


def _bad(run: Run) -> Iterator[Event]:
    """Yield the stretches of losses that are not finite."""
    loss = run.scalar(signals.LOSS)
    for first, last in non_finite(loss, limit=20) if loss is not None else ():
        until = f" to {last}" if last > first else ""
        yield Event(
            first, "×", "error", "nan/inf", f"the loss is not finite at step {first}{until}"
        )


def _ends(view: RunView) -> Iterator[Event]:
    """Yield that the process is gone, where it left no word."""
    kinds = {mark.kind for mark in view.run.marks}
    if view.life == "dead" and "exception" not in kinds:
        since = f", {view.age} ago" if view.age else ""
        text = f"no heartbeat any more{since}: the process is gone, or cannot write"
        yield Event(view.run.last_step, "✕", "error", "dead", text)
    damage = view.run.damage
    if damage.records:
        text = f"{plural(damage.records, 'damaged record')} in the log"
        yield Event(view.run.last_step, "!", "warning", "damage", text)


def clock_text(event: Event, start: float) -> str:
    """Return how long after the run's first point it happened; "" where that is not known."""
    if not event.wall_time or not start or event.wall_time < start:
        return ""
    return fmt_duration(event.wall_time - start)
