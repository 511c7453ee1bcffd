"""What each route answers: plain dictionaries from the store, and a reason for every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from threading import Thread
from typing import Any

from lossmon.diagnosis.finding import SEVERITIES
from lossmon.numfmt import printable
from lossmon.report.json import number, report_dict
from lossmon.report.look import LOOKS
from tensorboard_plugin_lossmon.assets import INSTALL, bokeh_version
from tensorboard_plugin_lossmon.store import Entry, Store
from tensorboard_plugin_lossmon.view import about, losses, verdict

PALETTE = {
    "light": ("#425066", "#12b5cb", "#e52592", "#f9ab00", "#9334e6", "#7cb342", "#e8710a"),
    "dark": ("#8e98a3", "#12b5cb", "#f06eb4", "#f9ab00", "#b47cf2", "#7cb342", "#e8710a"),
}
"""TensorBoard's own colours, in its order, so that a run looks the same in every tab.

But for pink and purple on a dark page, which are lighter: single losses could not be seen there.
"""

DRAWING = "tensorboard_plugin_lossmon.drawing"
Query = Mapping[str, str]


class RefusedError(Exception):
    """A request that cannot be answered, with the HTTP status and one line for the caller."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def about_us(_store: Store, _query: Query) -> dict[str, Any]:
    """Answer `/about`: what does not change while the server runs."""
    version = bokeh_version()
    if version:
        # The page asks for a figure next; by then Bokeh's half second of importing is under way.
        Thread(target=import_module, args=[DRAWING], daemon=True).start()
    return {"palette": PALETTE, "bokeh": version}


def runs(store: Store, query: Query) -> dict[str, Any]:
    """Answer `/runs[?v=TOKEN]`: every run with its status, cause and steps."""
    listing = store.listing()
    if query.get("v") == listing.token:
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
    entry = _entry(store, query)
    if query.get("v") == entry.token:
        return {"unchanged": True}
    return {
        "v": entry.token,
        "run": entry.place.name,
        "report": report_dict(entry.report) if entry.report else None,
        "verdict": verdict(entry.report) if entry.report else None,
        "error": printable(entry.error, 600),
        "about": about(entry.run, entry.liveness),
        "losses": losses(entry.run, entry.report),
    }


def figure(store: Store, query: Query) -> dict[str, Any]:
    """Answer `/figure?run=NAME[&v][&look][&y][&hue][&first&last]`: a Bokeh item to embed."""
    look_name = _one_of(query, "look", ("light", "dark"))
    scale = _one_of(query, "y", ("auto", "linear", "log"))
    hue = _whole(query, "hue", len(PALETTE["light"]) - 1)
    first, last = _whole(query, "first", 2**62), _whole(query, "last", 2**62)
    if (first is None) != (last is None) or (first or 0) > (last or 0):
        raise RefusedError(400, "first and last go together, first not above last")
    entry = _entry(store, query)
    if query.get("v") == entry.token:
        return {"unchanged": True}
    try:
        from tensorboard_plugin_lossmon.drawing import draw
    except ImportError:  # no Bokeh, or one too old
        return {"v": entry.token, "item": None, "reason": INSTALL}
    return {"v": entry.token} | draw(
        entry,
        look=LOOKS[look_name],
        curve=PALETTE[look_name][hue] if hue is not None else "",
        log_y={"auto": None, "linear": False, "log": True}[scale],
        steps=None if first is None or last is None else (first, last),
    )


def rule(store: Store, query: Query) -> dict[str, Any]:
    """Answer `/rule?id=SLUG`: what `lossmon explain --json` prints."""
    from lossmon.diagnosis.rules import load_rules
    from lossmon.report.rules import rule_dict

    slug = _given(query, "id")
    for one in load_rules():
        if one.id == slug:
            return rule_dict(one)
    raise RefusedError(404, f"no such rule: {printable(slug)}")


ROUTES = {"/about": about_us, "/runs": runs, "/report": report, "/figure": figure, "/rule": rule}


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


def _entry(store: Store, query: Query) -> Entry:
    name = _given(query, "run")
    entry = store.entry(name)
    if entry is None:
        raise RefusedError(404, f"no such run: {printable(name)}")
    return entry


def _given(query: Query, key: str) -> str:
    if not query.get(key):
        raise RefusedError(400, f"the parameter {key} is missing")
    return query[key]


def _one_of(query: Query, key: str, choices: tuple[str, ...]) -> str:
    value = query.get(key, choices[0])
    if value not in choices:
        raise RefusedError(400, f"{key} must be one of {', '.join(choices)}")
    return value


def _whole(query: Query, key: str, most: int) -> int | None:
    text = query.get(key)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= most):
        raise RefusedError(400, f"{key} must be a whole number from 0 to {most}")
    return int(text)
