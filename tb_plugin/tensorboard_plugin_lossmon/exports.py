"""What can be saved of a run: its findings, and the values behind the charts."""

from __future__ import annotations

import re
from itertools import chain

from lossmon.diagnosis.finding import Report
from lossmon.layersignals import DEAD_SHARE
from lossmon.records import Run
from lossmon.report.csv import HEADER, render_csv
from lossmon.report.json import render_json
from lossmon.report.markdown import render_markdown
from lossmon.report.rows import Selection, blocks
from lossmon.signals import GRAD_NORM, UPDATE_NORM, WEIGHT_NORM
from tensorboard_plugin_lossmon.answers import entry_called
from tensorboard_plugin_lossmon.asked import Query, RefusedError, given, one_of
from tensorboard_plugin_lossmon.ready import Ready
from tensorboard_plugin_lossmon.store import Store

MOST_ROWS = 1_000_000
"""Rows of a file, about 60 MB: an answer is held whole."""
_FORMS = ("json", "md", "csv", "layers")
_LAYERS = Selection((), (GRAD_NORM, UPDATE_NORM, WEIGHT_NORM, DEAD_SHARE))


def export(store: Store, query: Query) -> Ready:
    """Answer `/export?run=NAME&as=FORM`: a file to save."""
    form = one_of(query, "as", _FORMS)
    entry = entry_called(store, given(query, "run"))
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", entry.place.name)[:80].strip(".") or "run"
    report = entry.report or Report(entry.place.name, "not-enough-evidence", 0, None)
    if form == "json":
        content = render_json([report])
        return Ready(content.encode(), "application/json", f"{name}.json")
    if form == "md":
        return Ready(render_markdown([report]).encode(), "text/markdown", f"{name}.md")
    selection, ending = (Selection(), "") if form == "csv" else (_LAYERS, "-layers")
    return Ready(_table(entry.run, selection).encode(), "text/csv", f"{name}{ending}.csv")


def _table(run: Run, selection: Selection) -> str:
    rows, parts = 0, []
    for block in blocks(run, selection):
        rows += len(block)
        if rows > MOST_ROWS:
            raise RefusedError(400, f"more than {MOST_ROWS:,} rows: save them by lossmon export")
        parts.append(render_csv(block))
    return "".join(chain([HEADER], parts))
