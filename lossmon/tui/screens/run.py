"""Screen 2: one run, its loss and what goes with it, its findings, and the evidence of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from lossmon.tui.scale import GUTTER
from lossmon.tui.screens.ofrun import RunScreens
from lossmon.tui.snapshot import RunView, Snapshot
from lossmon.tui.widgets.chart import Chart, no_loss
from lossmon.tui.widgets.evidence import evidence_lines
from lossmon.tui.widgets.findings import findings_lines, first_shown, index_of, verdict_lines
from lossmon.tui.widgets.header import run_header
from lossmon.tui.widgets.keys import RUN, key_line
from lossmon.tui.widgets.legend import legend_line
from lossmon.tui.widgets.lines import Lines
from lossmon.tui.widgets.notes import note_count, note_lines
from lossmon.tui.widgets.problem import show_problem
from lossmon.tui.widgets.strips import Strips

if TYPE_CHECKING:
    from lossmon.tui.raster import Picture
    from lossmon.tui.scale import Axis
    from lossmon.tui.strips import Strip

_MOST_FINDINGS = 4
_MOST_NOTES = 2
_WIDE = 140
_STRIP_ROWS = 4
_MOST_STRIPS = 4


class RunScreen(RunScreens):
    """The chosen finding shades its steps in the chart; Enter explains it."""

    NAME = "run"
    BINDINGS: ClassVar = [
        Binding("j,down", "move(1)"),
        Binding("k,up", "move(-1)"),
        Binding("g,home", "edge(0)"),
        Binding("G,end", "edge(-1)"),
        Binding("tab,shift+tab", "pane"),
        Binding("enter", "explain"),
        Binding("v", "strip(1)"),
        Binding("V", "strip(-1)"),
        Binding("b,e", "expand"),
    ]

    _strip: int | None = None
    """The first strip; None: none where there is little room, the first ones where there is."""
    _expanded = False
    """Whether the chart has the whole screen."""
    _reading: int | None = None
    """Rows of the evidence that are above it; None while keys walk the findings."""

    def compose(self) -> ComposeResult:
        """Lay out the rows: findings below the chart, or beside it where there is room."""
        yield Lines(id="header")
        yield Lines(id="problem")
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield Lines(id="legend")
                yield Chart(id="chart")
                yield Strips(id="strips")
            with Vertical(id="panel"):
                yield Lines(id="verdict")
                yield Lines(id="notes")
                yield Lines(id="findings")
                yield Lines(id="evidence")
        yield Lines(id="keys")

    @property
    def plot_columns(self) -> int:
        """Columns of the plot that the cursor moves in."""
        return self.query_one(Chart).size.width - GUTTER

    def show(self, snapshot: Snapshot) -> None:
        """Bring chart, findings and evidence up to date."""
        view, owner = self.view, self.owner
        if view is None:
            return
        self.rows("header").draw(
            lambda width, _: [run_header(view, frozen=owner.frozen, width=width)]
        )
        show_problem(self.rows("problem"), snapshot)
        self._fit(view)
        self._charts(view)
        finding = self.finding
        rule = "" if finding is None else finding.rule
        self.rows("verdict").draw(partial(verdict_lines, view))
        self.rows("notes").draw(partial(note_lines, view))
        self.rows("findings").draw(partial(findings_lines, view, rule))
        self.rows("evidence").draw(partial(evidence_lines, view, finding, above=self._reading or 0))
        self.rows("keys").draw(lambda width, _: [key_line(RUN, width)])

    def clicked(self, name: str, column: int, row: int) -> None:
        """Choose the finding, or put the cursor at the step, that was clicked."""
        view = self.view
        if name in ("chart", "strips"):
            self.point_at(column - GUTTER)
        elif name == "findings" and view is not None:
            at = index_of(view.findings, "" if self.finding is None else self.finding.rule)
            start = first_shown(len(view.findings), at, self.rows("findings").size.height)
            if row > 0 and start + row - 1 < len(view.findings):
                self._choose(view, start + row - 1)

    def action_move(self, by: int) -> None:
        """Choose the next or the previous finding, or scroll its evidence."""
        view = self.view
        if view is None or not view.findings:
            return
        if self._reading is not None:
            self._reading = max(self._reading + by, 0)
            self.redraw()
            return
        at = index_of(view.findings, self.sight.rule) + by
        self._choose(view, min(max(at, 0), len(view.findings) - 1))

    def action_edge(self, at: int) -> None:
        """Choose the first or the last finding."""
        view = self.view
        if view is not None and view.findings:
            self._choose(view, at)

    def action_pane(self) -> None:
        """Have the keys scroll the evidence, or walk the findings again."""
        self._reading = 0 if self._reading is None else None
        self.redraw()

    def action_strip(self, by: int) -> None:
        """Show other strips below the chart."""
        view = self.view
        if view is None:
            return
        from lossmon.tui.strips import strips_of

        last = len(strips_of(view.run)) - 1
        at = (-1 if self.size.width < _WIDE else 0) if self._strip is None else self._strip
        at += by
        self._strip = None if not 0 <= at <= last else at
        self.redraw()

    def action_expand(self) -> None:
        """Give the chart the whole screen, or take it back."""
        self._expanded = not self._expanded
        self.redraw()

    def on_resize(self) -> None:
        """Share the rows out anew."""
        self.redraw()

    def _choose(self, view: RunView, at: int) -> None:
        self._reading = None
        finding = view.findings[at]
        row = finding.culprits[0] if finding.culprits else self.sight.row
        self.look(replace(self.sight, rule=finding.rule, row=row))

    def _charts(self, view: RunView) -> None:
        from lossmon.tui.strips import strip_picture, validation

        axes, focus, finding = self.owner.axes, self.sight, self.finding
        chart, strips = self.query_one(Chart), self.query_one(Strips)
        others = validation(view, axes)

        def picture(before: Axis | None) -> Picture | None:
            from lossmon.tui.picture import picture_of

            return picture_of(
                view, axes=axes, focus=focus, finding=finding, before=before, others=others
            )

        chart.draw((view.key, axes.log_y), picture, no_loss(view))
        self.rows("legend").draw(
            lambda width, _: [legend_line(view, chart.picture, width, cursor=focus.cursor)]
        )
        strips.draw(
            view.name,
            [
                (strip.title, partial(strip_picture, strip, view, axes, focus))
                for strip in self._shown(view)
            ],
        )

    def _shown(self, view: RunView) -> Sequence[Strip]:
        """Return the strips for which there is room, from the chosen one on."""
        from lossmon.tui.strips import strips_of

        if view.points is None or (self._strip is None and not self._is_roomy):
            return ()
        start, count = self._strip or 0, self._room
        return strips_of(view.run)[start : start + count]

    @property
    def _is_roomy(self) -> bool:
        return self.size.width >= _WIDE and self.size.height >= 30

    @property
    def _room(self) -> int:
        """Strips for which there is room."""
        if self._is_roomy:
            return min(self.size.height // 2 // _STRIP_ROWS, _MOST_STRIPS)
        return 1 if self.size.height >= 20 else 0

    def _fit(self, view: RunView) -> None:
        """Give each part its rows."""
        width, height = self.size
        wide = width >= _WIDE
        shown = max(len(view.findings), 1) if wide else min(len(view.findings), _MOST_FINDINGS)
        notes = min(note_count(view), _MOST_NOTES)
        strips = len(self._shown(view))
        evidence = max(min(5, height - 16), 0)
        rows: dict[str, int | str] = {
            "verdict": 4 if wide else 1 if view.findings else 2,
            "notes": notes,
            "findings": min(shown, height // 3) + 1,
            "evidence": "1fr" if wide else evidence,
        }
        for name, count in rows.items():  # each once: a height that changes sends all rows again
            self.rows(name).styles.height = count
        self.query_one(Strips).styles.height = strips * _STRIP_ROWS
        self.query_one("#panel").display = not self._expanded
