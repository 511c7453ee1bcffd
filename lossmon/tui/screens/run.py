"""Screen 2: one run, its loss, its findings, and the evidence for the chosen one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from lossmon.tui.messages import FindingOpened
from lossmon.tui.screens.live import LiveScreen
from lossmon.tui.snapshot import Key, RunView, Snapshot
from lossmon.tui.widgets.chart import Chart
from lossmon.tui.widgets.evidence import evidence_lines
from lossmon.tui.widgets.findings import findings_lines, index_of, verdict_lines
from lossmon.tui.widgets.header import run_header
from lossmon.tui.widgets.keys import RUN, key_line
from lossmon.tui.widgets.legend import legend_line
from lossmon.tui.widgets.lines import Lines
from lossmon.tui.widgets.notes import note_count, note_lines
from lossmon.tui.widgets.problem import show_problem

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding

_MOST_FINDINGS = 4
_MOST_NOTES = 2
_WIDE = 140


class RunScreen(LiveScreen):
    """The chosen finding shades its steps in the chart; Enter explains it."""

    BINDINGS: ClassVar = [
        Binding("j,down,n", "move(1)"),
        Binding("k,up,N", "move(-1)"),
        Binding("g,home", "edge(0)"),
        Binding("G,end", "edge(-1)"),
        Binding("enter", "explain"),
        Binding("y", "log"),
        Binding("escape,1", "back"),
    ]

    def __init__(self, key: Key) -> None:
        super().__init__()
        self.key = key
        self.chosen = ""

    def compose(self) -> ComposeResult:
        """Lay out the rows: findings below the chart, or beside it where there is room."""
        yield Lines(id="header")
        yield Lines(id="problem")
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield Lines(id="legend")
                yield Chart(id="chart")
            with Vertical(id="panel"):
                yield Lines(id="verdict")
                yield Lines(id="notes")
                yield Lines(id="findings")
                yield Lines(id="evidence")
        yield Lines(id="keys")

    def show(self, snapshot: Snapshot) -> None:
        """Bring chart, findings and evidence up to date."""
        view, owner = snapshot.find(self.key), self.owner
        if view is None:
            return
        finding = self._finding(view)
        self.chosen = finding.rule if finding is not None else ""
        self._lines("header").draw(
            lambda width, _: [run_header(view, frozen=owner.frozen, width=width)]
        )
        show_problem(self._lines("problem"), snapshot)
        chart = self.query_one(Chart)
        chart.draw(view, log=owner.log_y, finding=finding)
        self._lines("legend").draw(lambda width, _: [legend_line(view, chart.picture, width)])
        self._fit(view)
        self._lines("verdict").draw(partial(verdict_lines, view))
        self._lines("notes").draw(partial(note_lines, view))
        self._lines("findings").draw(partial(findings_lines, view, self.chosen))
        self._lines("evidence").draw(partial(evidence_lines, view, finding))
        self._lines("keys").draw(lambda width, _: [key_line(RUN, width)])

    def action_move(self, by: int) -> None:
        """Choose the next or the previous finding."""
        view = self.owner.snapshot.find(self.key)
        if view is not None and view.findings:
            at = index_of(view.findings, self.chosen) + by
            self._choose(view.findings[min(max(at, 0), len(view.findings) - 1)])

    def action_edge(self, at: int) -> None:
        """Choose the first or the last finding."""
        view = self.owner.snapshot.find(self.key)
        if view is not None and view.findings:
            self._choose(view.findings[at])

    def action_explain(self) -> None:
        """Show all there is to say about the chosen finding, or about the verdict."""
        self.post_message(FindingOpened(self.key, self.chosen))

    def action_log(self) -> None:
        """Switch between a linear and a log value axis."""
        self.owner.toggle_log(self.query_one(Chart).picture)

    def action_back(self) -> None:
        """Return to the overview."""
        self.app.pop_screen()

    def on_resize(self) -> None:
        """Share the rows out anew."""
        self.redraw()

    def _choose(self, finding: Finding) -> None:
        if finding.rule != self.chosen:
            self.chosen = finding.rule
            self.redraw()

    def _finding(self, view: RunView) -> Finding | None:
        findings = view.findings
        return findings[index_of(findings, self.chosen)] if findings else None

    def _fit(self, view: RunView) -> None:
        """Give each part its rows."""
        width, height = self.size
        wide = width >= _WIDE
        shown = max(len(view.findings), 1) if wide else min(len(view.findings), _MOST_FINDINGS)
        notes = min(note_count(view), _MOST_NOTES)
        rows: dict[str, int | str] = {
            "verdict": 4 if wide else 1 if view.findings else 2,
            "notes": notes,
            "findings": min(shown, height // 3) + 1,
            "evidence": "1fr" if wide else max(min(5, height - 16), 0),
        }
        for name, count in rows.items():  # each once: a height that changes sends all rows again
            self._lines(name).styles.height = count

    def _lines(self, name: str) -> Lines:
        return self.query_one(f"#{name}", Lines)
