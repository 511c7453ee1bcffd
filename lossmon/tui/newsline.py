"""News as a line: of text for a person, of JSON for a program. Text from a log is made inert."""

from __future__ import annotations

import math

from lossmon import signals
from lossmon.numfmt import printable
from lossmon.report.json import SCHEMA, dump, finding_dict, number
from lossmon.tui.line import Span, cells, fit
from lossmon.tui.news import News
from lossmon.tui.plain import spans_text
from lossmon.tui.snapshot import RunView
from lossmon.tui.words import SEVERITY, STATUS, death, last_loss, life, speed, status_word

_PADDED = 32
"""Columns up to which names are padded; none is cut: lines are searched for them."""
_CLAIM = 300


def text_line(news: News, *, name_width: int = 0, colour: bool = False) -> str:
    """Return one line without line feed; what follows the name stands at `name_width` columns."""
    name = news.view.name
    name = fit(name, max(min(name_width, _PADDED), cells(name)))
    spans = _state(news.view, news.event) if news.finding is None else _finding(news)
    parts = [(name, "bold"), *((f"  {text}", style) for text, style in spans)]
    return spans_text(parts, colour=colour)


def json_line(news: News) -> str:
    """Return one line of JSON with its line feed; every line has the same keys."""
    run, report = news.view.run, news.view.report
    loss = _last(news.view, signals.LOSS)
    document = {
        "schema": SCHEMA,
        "event": news.event,
        "run": run.name,
        "step": run.last_step if run.last_step >= 0 else None,
        "wall_time": number(run.last_wall),
        "loss": loss,
        "lr": _last(news.view, signals.LR),
        "steps_per_s": None if math.isnan(news.view.speed) else number(news.view.speed),
        "liveness": news.view.life,
        "status": None if report is None else report.status,
        "cause": None if report is None else report.cause,
        "finding": None if news.finding is None else finding_dict(news.finding),
        "error": death(news.view) or None,
    }
    return dump(document, indent=None)


def _state(view: RunView, event: str) -> list[Span]:
    """Return how the run stands; whether it lives only where that is the news."""
    step = view.run.last_step
    spans = [life(view)] if event == "life" else []
    spans.append((f"step {step}" if step >= 0 else "no step yet", ""))
    if view.points is not None:
        spans.append((f"loss {last_loss(view)}", ""))
    spans.append((speed(view), ""))
    if view.report is not None:
        sign, style = STATUS[view.report.status]
        spans.append((f"{sign} {status_word(view.report.status)}", style))
    elif view.problem:
        spans.append((f"? cannot be judged: {view.problem}", "warning"))
    if event == "life" and death(view):
        spans.append((death(view), "error"))
    return [span for span in spans if span[0]]


def _finding(news: News) -> list[Span]:
    finding, step = news.finding, news.view.run.last_step
    assert finding is not None
    if news.event == "resolved":
        return [("✓ resolved", "good"), (finding.rule, "bold"), (f"at step {step}", "")]
    since = f"since step {finding.since_step}"
    worse = [("worsened", finding.severity)] if news.event == "worsened" else []
    sign = f"{SEVERITY[finding.severity]} {finding.severity}"
    claim = printable(finding.claim, _CLAIM)
    cause = [(f"(from {finding.consequence_of})", "dim")] if finding.consequence_of else []
    told = [(sign, finding.severity), *worse, (finding.rule, "bold"), (f"{since}: {claim}", "")]
    return told + cause


def _last(view: RunView, signal: signals.Signal) -> float | str | None:
    series = view.run.scalar(signal)
    return None if series is None or not len(series) else number(float(series.values[-1]))
