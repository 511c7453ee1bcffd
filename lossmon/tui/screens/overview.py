"""Screen 1: all runs of the logdir, and the loss of the chosen one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from lossmon.tui.screens.live import LiveScreen
from lossmon.tui.snapshot import Key, RunView, Snapshot
from lossmon.tui.widgets.chart import Chart, no_loss
from lossmon.tui.widgets.empty import empty_lines
from lossmon.tui.widgets.header import overview_header
from lossmon.tui.widgets.keys import OVERVIEW, WAITING, key_line
from lossmon.tui.widgets.legend import legend_line
from lossmon.tui.widgets.lines import Lines
from lossmon.tui.widgets.problem import show_problem
from lossmon.tui.widgets.run_table import arranged, ordered, table_lines
from lossmon.tui.widgets.summary import panel_lines, summary_lines
from lossmon.tui.words import WELL, urgency

if TYPE_CHECKING:
    from lossmon.tui.raster import Picture
    from lossmon.tui.scale import Axis

_MOST_ROWS = 9
REST_S = 5.0
"""The runs keep their places for so long after a key: nobody walks a list that shuffles."""


class OverviewScreen(LiveScreen):
    """The table decides which run is drawn; Enter opens it."""

    BINDINGS: ClassVar = [
        Binding("j,down", "move(1)"),
        Binding("k,up", "move(-1)"),
        Binding("g,home", "edge(0)"),
        Binding("G,end", "edge(-1)"),
        Binding("n", "trouble(1)"),
        Binding("N", "trouble(-1)"),
        Binding("enter", "go('run')"),
    ]

    _picked: Key | None = None
    """The run that was chosen by a key; until then it is the one on top."""
    _order: tuple[Key, ...] = ()
    """The runs as they were last sorted."""
    _rest: Timer | None = None
    """Runs while they keep their places."""

    @property
    def chosen(self) -> Key | None:
        """The run that is drawn; None where there is none."""
        if self.owner.snapshot.find(self._picked) is not None:
            return self._picked
        return self._runs[0].key if self._runs else None

    @property
    def subject(self) -> Key | None:
        """The run that is drawn: it stays the chosen one when another screen shows it."""
        self._picked = self.chosen
        return self.chosen

    @property
    def copied(self) -> str:
        """The verdict on the chosen run."""
        view = self.owner.snapshot.find(self.chosen)
        if view is None or view.report is None:
            return ""
        from lossmon.report.text import render_text

        return render_text([view.report])

    @property
    def _runs(self) -> tuple[RunView, ...]:
        """The runs in the order in which they are shown."""
        return arranged(self.owner.snapshot.runs, self._order)

    def compose(self) -> ComposeResult:
        """Lay out the rows, from the top."""
        yield Lines(id="header")
        yield Lines(id="problem")
        yield Lines(id="empty")
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield Lines(id="table")
                yield Lines(id="legend")
                yield Chart(id="chart")
                yield Lines(id="summary")
            yield Lines(id="side")
        yield Lines(id="keys")

    def show(self, snapshot: Snapshot) -> None:
        """Bring table, chart and diagnosis up to date."""
        if self._rest is None:
            self._order = tuple(view.key for view in ordered(snapshot.runs))
        owner, runs = self.owner, self._runs
        self.rows("header").draw(
            lambda width, _: [
                overview_header(snapshot, owner.source.shown, frozen=owner.frozen, width=width)
            ]
        )
        self.rows("keys").draw(lambda w, _: [key_line(OVERVIEW if runs else WAITING, w)])
        show_problem(self.rows("problem"), snapshot)
        self.query_one("#body").display = bool(runs)
        self.rows("empty").display = not runs
        if not runs:
            self.rows("empty").draw(partial(empty_lines, owner.source.shown, snapshot.problem))
            return
        self._table(runs)
        view = snapshot.find(self.chosen)
        assert view is not None
        self._preview(view)

    def action_move(self, by: int) -> None:
        """Choose another run."""
        runs = self._runs
        if runs:
            at = next((n for n, view in enumerate(runs) if view.key == self.chosen), 0)
            self._choose(runs[min(max(at + by, 0), len(runs) - 1)].key)

    def action_edge(self, at: int) -> None:
        """Choose the first or the last run."""
        if self._runs:
            self._choose(self._runs[at].key)

    def action_trouble(self, by: int) -> None:
        """Choose the next run that needs attention, around the end."""
        runs = [view for view in self._runs if urgency(view) < WELL]
        if not runs:
            return
        at = next(
            (n for n, view in enumerate(runs) if view.key == self.chosen), -1 if by > 0 else 0
        )
        self._choose(runs[(at + by) % len(runs)].key)

    def _choose(self, key: Key) -> None:
        self._picked = key
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_S, self._rested)
        self.redraw()

    def _rested(self) -> None:
        """Sort the runs anew."""
        self._rest = None
        self.redraw()

    def _table(self, runs: tuple[RunView, ...]) -> None:
        table = self.rows("table")
        height = min(len(runs), max(_MOST_ROWS, self.size.height // 3)) + 1
        if self.size.height < 20:
            height = min(height, 4)
        table.styles.height = height
        table.draw(partial(table_lines, runs, self.chosen))

    def _preview(self, view: RunView) -> None:
        chart = self.query_one(Chart)
        axes = self.owner.axes

        def picture(before: Axis | None) -> Picture | None:
            from lossmon.tui.picture import picture_of

            return picture_of(view, axes=axes, before=before)

        chart.draw((view.key, axes.log_y), picture, no_loss(view))
        self.rows("legend").draw(lambda width, _: [legend_line(view, chart.picture, width)])
        self.rows("summary").draw(partial(summary_lines, view))
        self.rows("side").draw(partial(panel_lines, view))
