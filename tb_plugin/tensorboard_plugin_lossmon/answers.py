"""What each route answers that needs no drawing: plain dictionaries from the store."""

from __future__ import annotations

from importlib import import_module
from threading import Thread
from typing import Any

from lossmon.diagnosis.finding import SEVERITIES
from lossmon.numfmt import printable
from lossmon.report.json import number, report_dict
from lossmon.report.overtime import METRICS
from lossmon.report.words import about, losses, verdict
from tensorboard_plugin_lossmon.asked import Query, RefusedError, given, names, text
from tensorboard_plugin_lossmon.assets import bokeh_version
from tensorboard_plugin_lossmon.store import Entry, Store

PALETTE = {
    "light": ("#425066", "#12b5cb", "#e52592", "#f9ab00", "#9334e6", "#7cb342", "#e8710a"),
    "dark": ("#8e98a3", "#12b5cb", "#f06eb4", "#f9ab00", "#b47cf2", "#7cb342", "#e8710a"),
}
"""TensorBoard's own colours, in its order, so that a run looks the same in every tab.

But for pink and purple on a dark page, which are lighter: single losses could not be seen there.
"""
MOST_RUNS = 20
"""Runs of one chart, the one whose findings are shown among them."""
DRAWING = "tensorboard_plugin_lossmon.drawing"


def about_us(_store: Store, _query: Query) -> dict[str, Any]:
    """Answer `/about`: what does not change while the server runs."""
    version = bokeh_version()
    if version:
        # The page asks for a figure next; by then Bokeh's half second of importing is under way.
        Thread(target=import_module, args=[DRAWING], daemon=True).start()
    metrics = [{"name": metric.name, "label": metric.label} for metric in METRICS]
    return {"palette": PALETTE, "bokeh": version, "metrics": metrics, "most_runs": MOST_RUNS}


def runs(store: Store, query: Query) -> dict[str, Any]:
    """Answer `/runs[?v=TOKEN]`: every run with its status, cause and steps.

    Without a token somebody waits for a first verdict: then what is read already is told soon.
    """
    held = text(query, "v")
    listing = store.listing(soon=not held)
    if held == listing.token:
        return {"unchanged": True}
    return {
        "v": listing.token,
        "runs": [_line(entry) for entry in listing.entries],
        "pending": [printable(name) for name in listing.pending],
        "outside": [printable(name) for name in listing.outside],
        "notes": list(listing.notes),
    }


def report(store: Store, query: Query) -> dict[str, Any]:
    """Answer `/report?run=NAME[&v=TOKEN]`: the report of `lossmon check --json`, and its text."""
    entry = entry_called(store, given(query, "run"))
    if text(query, "v") == entry.token:
        return {"unchanged": True}
    return {
        "v": entry.token,
        "run": entry.place.name,
        "report": report_dict(entry.report) if entry.report else None,
        "verdict": verdict(entry.report) if entry.report else None,
        "error": printable(entry.error, 600),
        "about": about(entry.run, entry.liveness),
        "losses": losses(entry.run, entry.report),
        "layers": entry.run.parameters is not None,
    }


def rule(_store: Store, query: Query) -> dict[str, Any]:
    """Answer `/rule?id=SLUG`: what `lossmon explain --json` prints."""
    from lossmon.diagnosis.rules import load_rules
    from lossmon.report.rules import rule_dict

    slug = given(query, "id")
    for one in load_rules():
        if one.id == slug:
            return rule_dict(one)
    raise RefusedError(404, f"no such rule: {printable(slug)}")


def entries(store: Store, query: Query) -> list[Entry]:
    """Return the runs that a request names, the main one first."""
    given(query, "run")
    return [entry_called(store, name) for name in names(query, "run", MOST_RUNS)]


def entry_called(store: Store, name: str) -> Entry:
    """Return the run of a name, brought up to date."""
    entry = store.entry(name)
    if entry is None:
        raise RefusedError(404, f"no such run: {printable(name)}")
    return entry


def _line(entry: Entry) -> dict[str, Any]:
    found = entry.report
    severities = {finding.severity for finding in found.findings} if found else set()
    return {
        "run": entry.place.name,
        "label": printable(entry.place.name),
        "status": found.status if found else "unreadable",
        "cause": found.cause if found else None,
        "severity": next((s for s in SEVERITIES if s in severities), None),
        "findings": len(found.findings) if found else 0,
        "steps": found.steps if found else 0,
        "liveness": entry.liveness,
        "last_wall": number(entry.run.last_wall),
        "hosts": list(entry.place.hosts),
        "v": entry.token,
    }
