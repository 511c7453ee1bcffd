"""The report as one HTML file that needs nothing else: no network, no server, no other file.

It holds the findings and figures of the panel. Every text from a log is escaped; a policy in the
file forbids it to load anything, and to run scripts that are not its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from bokeh.embed import json_item

from lossmon.diagnosis.finding import Report
from lossmon.numfmt import fmt, plural, printable
from lossmon.records import Run
from lossmon.report.figures import loss_figure
from lossmon.report.heatfigure import ROW_PX, heat_figure, palette
from lossmon.report.heatmap import LOWEST, MOST_ROWS, SCALES, Heat, heat, rows_of
from lossmon.report.htmlparts import SCRIPT, STYLES
from lossmon.report.json import dump
from lossmon.report.look import DARK, LIGHT, Look
from lossmon.report.losscurve import Other, drawn, whole
from lossmon.report.machine import dials, machine_facts
from lossmon.report.machinefigure import machine_figure
from lossmon.report.overtime import DEAD, GRAD, UPDATE, WEIGHT
from lossmon.report.words import about, evidence_spans, losses, verdict
from lossmon.report.xaxis import IDENTITY, Span

FIGURES = 40
"""Runs whose figures are in the file; of the others the findings are."""
_LEFT = 150
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'"
_MARKS = {"error": "✕", "warning": "!", "info": "i"}
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<title>lossmon: {title}</title>
<style>{style}</style>
</head>
<body>
"""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One run of the file."""

    run: Run
    report: Report
    liveness: str


def render_html(pages: Sequence[Page], *, title: str, script: str, dark: bool = False) -> str:
    """Return the file; `script` is the source of BokehJS, of the version that is installed."""
    look = DARK if dark else LIGHT
    style = STYLES["dark" if dark else "light"]
    head = _HEAD.format(policy=escape(_POLICY), title=_text(title), style=style)
    figures: list[Any] = []
    body = "\n".join(_run(page, number, look, figures) for number, page in enumerate(pages))
    data = dump(figures, indent=None).replace("<", "\\u003c")
    return (
        f"{head}<h1>{_text(title)}</h1>\n{_contents(pages)}{body}\n"
        f'<script type="application/json" id="figures">{data}</script>\n'
        f"<script>{script}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _contents(pages: Sequence[Page]) -> str:
    """Return the list of the runs, where there are several."""
    if len(pages) < 2:
        return ""
    lines = (
        f'<li><a href="#run-{number}">{_text(page.report.run)}</a> {_status(page.report)} '
        f"{_text(page.report.cause or '')}</li>"
        for number, page in enumerate(pages)
    )
    return f"<nav><ol>{''.join(lines)}</ol></nav>\n"


def _run(page: Page, number: int, look: Look, figures: list[Any]) -> str:
    report, words = page.report, verdict(page.report)
    facts = " · ".join([words["steps"], *about(page.run, page.liveness)])
    lines = [
        f'<section class="run" id="run-{number}">',
        f"<h2>{_text(report.run)} {_status(report)}</h2>",
        f"<p>{_text(words['reads'])}</p>",
        f'<p class="soft">{_text(facts)}</p>',
        *(f'<p class="problem">{_text(text)}</p>' for text in losses(page.run, report)),
        *_findings(words),
    ]
    if number < FIGURES:
        lines += [*_loss(page, look, figures), *_layers(page, look, figures)]
        lines += _machine(page, look, figures)
    return "\n".join([*lines, "</section>"])


def _findings(words: dict[str, Any]) -> Iterator[str]:
    if not words["findings"]:
        yet = " yet: more steps are needed" if words["status"] == "not-enough-evidence" else ""
        yield f"<p>No findings{yet}.</p>"
    for one in words["findings"]:
        yield f'<details class="finding depth-{min(one["depth"], 3)}" {_open(one)}><summary>'
        yield f'<b class="{one["severity"]}">{_MARKS[one["severity"]]}</b> {_text(one["claim"])}'
        after = f"follows from {one['consequence_of']}" if one["role"] == "consequence" else ""
        role = "primary cause" if one["role"] == "cause" else after
        facts = " · ".join(filter(None, [role, one["severity"], one["since"], one["rule"]]))
        yield f' <span class="soft">{_text(facts)}</span></summary>'
        yield from _details(one)
        yield "</details>"
    yield from (
        f'<p class="soft">{_text(text)}</p>' for text in (*words["resolved"], *words["undecided"])
    )
    tally = ", ".join(f"{len(group['rules'])} {group['name']}" for group in words["others"])
    yield f'<p class="soft">Other rules: {_text(tally)}</p>'


def _details(one: dict[str, Any]) -> Iterator[str]:
    if one["culprits"]:
        more = f" and {one['more_culprits']} more" if one["more_culprits"] else ""
        names = ", ".join(f"<code>{_text(name)}</code>" for name in one["culprits"])
        yield f"<p>Where: {names}{more}</p>"
    seen = (
        f"<li>{_text(each['reads'])} "
        f"({_text(each['where'] + (', limit ' + each['limit'] if each['limit'] else ''))})</li>"
        for each in one["evidence"]
    )
    yield f"<ul>{''.join(seen)}</ul>"
    if one["fixes"]:
        yield f"<ol>{''.join(f'<li>{_text(fix)}</li>' for fix in one['fixes'])}</ol>"


def _open(one: dict[str, Any]) -> str:
    return "open" if one["role"] in ("cause", "note") else ""


def _loss(page: Page, look: Look, figures: list[Any]) -> Iterator[str]:
    primary = page.report.primary
    focus = [(float(a), float(b)) for a, b in evidence_spans(primary)] if primary else []
    plot = loss_figure(page.run, page.report, look=look, left=_LEFT, focus=focus)
    if plot is not None:
        yield f"<h3>Loss</h3>{_place(plot, figures)}"


def _layers(page: Page, look: Look, figures: list[Any]) -> Iterator[str]:
    """Yield each metric that was recorded; the first is seen at once."""
    run = page.run
    if run.meta is None or not run.meta.parameters:
        return
    rows, _ = rows_of(run.meta.parameters)
    found = [
        heat(run, metric, rows[:MOST_ROWS], view=_seen(run), ruler=IDENTITY)
        for metric in (GRAD, UPDATE, WEIGHT, DEAD)
    ]
    for number, one in enumerate([one for one in found if one is not None]):
        summary = f"Layers: {one.metric.label}, {plural(len(one.rows), 'row')}"
        names = "".join(f'<div title="{_text(r.name)}">{_text(r.name)}</div>' for r in one.rows)
        yield f"<details {'' if number else 'open'}><summary>{summary}</summary>{_scale(one, look)}"
        yield f'<div class="heat"><div class="rows" style="line-height:{ROW_PX}px">{names}</div>'
        yield f"{_place(heat_figure(one, look=look, left=_LEFT), figures)}</div></details>"


def _machine(page: Page, look: Look, figures: list[Any]) -> Iterator[str]:
    """Yield what the training took, folded."""
    facts = [f"{word} {value}" for word, value in machine_facts(page.run)]
    if not facts:
        return
    yield f"<details><summary>Machine: {_text(', '.join(facts))}</summary>"
    for dial in dials(page.run):
        plot = machine_figure(dial, view=_seen(page.run), look=look, left=_LEFT)
        yield f"<p>{_text(dial.title)}</p>{_place(plot, figures)}"
    yield "</details>"


def _seen(run: Run) -> Span:
    """Return what the chart of the loss shows."""
    curves = drawn([Other(run, "")], across="step", view=None, smooth=0.0)
    return whole(curves) if curves else (-0.5, max(run.last_step, 0) + 0.5)


def _scale(found: Heat, look: Look) -> str:
    low, high = SCALES[found.metric.name]
    colours = palette(look)
    ramp = ", ".join(colours[LOWEST::36])
    return (
        f'<p class="soft">{fmt(low)} <i class="ramp" style="background:linear-gradient(90deg,'
        f'{ramp})"></i> {fmt(high)} · dots: zero · crosses: not finite · blank: not measured</p>'
    )


def _place(plot: Any, figures: list[Any]) -> str:
    figures.append(json_item(plot))
    return f'<div class="figure" data-figure="{len(figures) - 1}"></div>'


def _status(report: Report) -> str:
    good = "good" if report.status in ("learning", "converged") else "bad"
    return f'<span class="{good}">{report.status.replace("-", " ")}</span>'


def _text(text: str) -> str:
    """Return text from a log as text of a page."""
    return escape(printable(text, 600))
