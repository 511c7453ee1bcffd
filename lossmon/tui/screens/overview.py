"""Screen 1: all runs of the logdir, and the losses of the chosen one and of those marked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from lossmon.tui.messages import FindingOpened, ScreenAsked
from lossmon.tui.runlist import Choice, arranged, filtered, ordered
from lossmon.tui.screens.live import LiveScreen
from lossmon.tui.sight import Focus
from lossmon.tui.snapshot import Key, RunView, Snapshot
from lossmon.tui.widgets.chart import Chart, no_loss
from lossmon.tui.widgets.empty import empty_lines
from lossmon.tui.widgets.findings import index_of
from lossmon.tui.widgets.header import overview_header
from lossmon.tui.widgets.keys import OVERVIEW, WAITING, key_line
from lossmon.tui.widgets.legend import legend_line
from lossmon.tui.widgets.lines import Lines
from lossmon.tui.widgets.problem import show_problem
from lossmon.tui.widgets.run_table import table_lines, visible
from lossmon.tui.widgets.strips import Strips
from lossmon.tui.widgets.summary import chosen_finding, panel_lines, summary_lines
from lossmon.tui.words import WELL, urgency

if TYPE_CHECKING:
    from lossmon.tui.raster import Picture
    from lossmon.tui.scale import Axis

_MOST_ROWS = 9
_WIDE, _HIGH, _STRIP_ROWS = 140, 36, 4
_SMALL = 20
"""Rows of a screen that is too low for a table and a chart."""
REST_S = 5.0
"""The runs keep their places for so long after a key: nobody walks a list that shuffles."""


class OverviewScreen(LiveScreen):
    """The table decides which run is drawn; Enter opens it."""

    NAME = "overview"
    BINDINGS: ClassVar = [
        Binding("j,down", "move(1)"),
        Binding("k,up", "move(-1)"),
        Binding("pagedown", "move(10)"),
        Binding("pageup", "move(-10)"),
        Binding("g,home", "edge(0)"),
        Binding("G,end", "edge(-1)"),
        Binding("n", "trouble(1)"),
        Binding("N", "trouble(-1)"),
        Binding("enter", "open"),
        Binding("space", "mark"),
        Binding("a", "mark_all"),
        Binding("p", "pin"),
        Binding("o", "order"),
        Binding("slash", "filter"),
        Binding("tab,shift+tab", "pane"),
        Binding("b", "side"),
        Binding("e", "expand"),
    ]

    _picked: Key | None = None
    """The run that was chosen by a key; until then it is the one on top."""
    _order: tuple[Key, ...] = ()
    """The runs as they were last sorted."""
    _known: tuple[object, tuple[RunView, ...]] = (None, ())
    """The runs in that order, and what they were of: a thousand are not sorted thrice a key."""
    _rest: Timer | None = None
    """Runs while they keep their places."""
    _in_findings = False
    """Whether keys walk the findings of the chosen run instead of the runs."""
    _expanded = False
    """Whether the chart has the whole screen."""

    @property
    def chosen(self) -> Key | None:
        """The run that is drawn; None where there is none."""
        runs = self._runs
        if any(view.key == self._picked for view in runs):
            return self._picked
        return runs[0].key if runs else None

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
        snapshot, words = self.owner.snapshot, self.owner.choice.words
        known, runs = self._known
        if known != (snapshot, words, self._order):
            runs = arranged(filtered(snapshot.runs, words), self._order)
            self._known = (snapshot, words, self._order), runs
        return runs

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
                yield Strips(id="strips")
                yield Lines(id="summary")
            yield Lines(id="side")
        yield Lines(id="keys")

    def show(self, snapshot: Snapshot) -> None:
        """Bring table, chart and diagnosis up to date."""
        owner = self.owner
        if self._rest is None:
            self._order = tuple(one.key for one in ordered(snapshot.runs, owner.choice.order))
        runs = self._runs
        choice = owner.choice
        self.rows("header").draw(
            lambda width, _: [
                overview_header(
                    snapshot, owner.source.shown, frozen=owner.frozen, width=width, choice=choice
                )
            ]
        )
        self.rows("keys").draw(lambda w, _: [key_line(OVERVIEW if snapshot.runs else WAITING, w)])
        show_problem(self.rows("problem"), snapshot)
        self.query_one("#body").display = bool(runs)
        self.rows("empty").display = not runs
        if not runs:
            self.rows("empty").draw(
                partial(empty_lines, owner.source.shown, snapshot.problem, words=choice.words)
            )
            return
        self._table(runs)
        view = snapshot.find(self.chosen)
        assert view is not None
        self._preview(view)

    def clicked(self, name: str, column: int, row: int) -> None:
        """Choose the run that was clicked."""
        runs = self._runs
        _, shown = visible(runs, self.chosen, self.rows("table").size.height - 1)
        if name == "table" and 1 <= row <= len(shown):
            self._in_findings = False
            self._choose(shown[row - 1].key)

    def action_move(self, by: int) -> None:
        """Choose another run, or another finding of the chosen one."""
        runs, view = self._runs, self.owner.snapshot.find(self.chosen)
        if self._in_findings and view is not None:
            self._walk_findings(view, by)
        elif runs:
            at = next((n for n, view in enumerate(runs) if view.key == self.chosen), 0)
            self._choose(runs[min(max(at + by, 0), len(runs) - 1)].key)

    def action_edge(self, at: int) -> None:
        """Choose the first or the last run."""
        if self._runs:
            self._choose(self._runs[at].key)

    def action_trouble(self, by: int) -> None:
        """Choose the next run that needs attention, around the end.

        Where there is no other, open the chosen one at its next finding.
        """
        runs = [view for view in self._runs if urgency(view) < WELL]
        keys = [view.key for view in runs]
        if set(keys) - {self.chosen}:
            at = keys.index(self.chosen) if self.chosen in keys else -1 if by > 0 else 0
            self._choose(keys[(at + by) % len(keys)])
        else:
            self._open_finding(by)

    def action_open(self) -> None:
        """Show the chosen run on its own screen, or explain the chosen finding."""
        key = self.subject
        if key is None:
            return
        if self._in_findings:
            self.post_message(FindingOpened(key, self._rule(key)))
        else:
            self.post_message(ScreenAsked("run", key))

    def action_mark(self) -> None:
        """Draw the chosen run together with others, or no more; go on to the next."""
        key = self.subject
        if key is not None:
            self._have(self.owner.choice.marked(key))
            self.action_move(1)

    def action_mark_all(self) -> None:
        """Draw all runs together, or none."""
        self._have(self.owner.choice.all_marked([view.key for view in self._runs]))

    def action_pin(self) -> None:
        """Draw the chosen run under all others, or no more."""
        key = self.subject
        if key is not None:
            self._have(self.owner.choice.pinned(key))

    def action_order(self) -> None:
        """Sort by another column."""
        self._picked = self.chosen
        self._rested()
        self._have(self.owner.choice.sorted_next())

    def action_filter(self) -> None:
        """List only the runs whose name, state or diagnosis match what is typed."""
        from lossmon.tui.screens.prompt import PromptScreen

        def changed(words: str) -> None:
            self._have(replace(self.owner.choice, words=words))

        self.app.push_screen(PromptScreen("runs with", self.owner.choice.words, changed))

    def action_pane(self) -> None:
        """Have the keys walk the findings of the chosen run, or the runs again."""
        self._picked, self._in_findings = self.chosen, not self._in_findings
        self.redraw()

    def action_side(self) -> None:
        """Hide the panel beside the chart, or show it again."""
        self.set_class(not self.has_class("-no-side"), "-no-side")

    def action_expand(self) -> None:
        """Give the chart the whole screen, or take it back."""
        self._expanded = not self._expanded
        self.redraw()

    def _open_finding(self, by: int) -> None:
        """Show the chosen run, cursor and zoom on the evidence of its next finding."""
        key = self.subject
        view = self.owner.snapshot.find(key)
        if key is None or view is None or not view.findings:
            return
        from lossmon.tui.screens.ofrun import next_finding, steps_in

        sight = self.owner.sights.get(key, Focus())
        self.owner.sights[key] = next_finding(sight, view.findings, steps_in(view), by)
        self.post_message(ScreenAsked("run", key))

    def _have(self, choice: Choice) -> None:
        self.owner.choice = choice
        self.redraw()

    def _choose(self, key: Key) -> None:
        self._picked = key
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_S, self._rested)
        self.redraw()

    def _rested(self) -> None:
        """Sort the runs anew."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = None
        self.redraw()

    def _walk_findings(self, view: RunView, by: int) -> None:
        if view.findings:
            finding = chosen_finding(view, self._rule(view.key))
            at = index_of(view.findings, finding.rule if finding is not None else "") + by
            rule = view.findings[min(max(at, 0), len(view.findings) - 1)].rule
            sight = self.owner.sights.get(view.key, Focus())
            self.owner.sights[view.key] = replace(sight, rule=rule)
            self.redraw()

    def _rule(self, key: Key) -> str:
        return self.owner.sights.get(key, Focus()).rule

    def _table(self, runs: tuple[RunView, ...]) -> None:
        table = self.rows("table")
        height = min(len(runs), max(_MOST_ROWS, self.size.height // 3)) + 1
        if self.size.height < _SMALL:
            height = min(height, 4)
        table.styles.height = height
        table.display = not self._expanded
        table.draw(partial(table_lines, runs, self.chosen, choice=self.owner.choice))

    def _preview(self, view: RunView) -> None:
        chart, owner = self.query_one(Chart), self.owner
        axes, choice, views = owner.axes, owner.choice, owner.snapshot.runs

        def picture(before: Axis | None) -> Picture | None:
            from lossmon.tui.shared import shared_picture

            return shared_picture(view, views, choice, axes, before)

        subject = (view.key, axes.log_y, choice.marks, choice.baseline)
        chart.draw(subject, picture, no_loss(view))
        self.rows("legend").draw(lambda width, _: [legend_line(view, chart.picture, width)])
        self._strips(view)
        rule = self._rule(view.key)
        self.rows("summary").draw(partial(summary_lines, view, rule))
        self.rows("side").draw(partial(panel_lines, view, rule))

    def _strips(self, view: RunView) -> None:
        """Draw what goes with the loss of the chosen run, where there is room for it."""
        strips = self.query_one(Strips)
        width, height = self.size
        roomy = width >= _WIDE and height >= _HIGH and not self._expanded
        if roomy and view.points is not None:
            from lossmon.tui.strips import strip_picture, strips_of

            shown = strips_of(view.run)[:2]
            axes = self.owner.axes
            strips.styles.height = _STRIP_ROWS * len(shown)
            strips.draw(
                view.name,
                [(one.title, partial(strip_picture, one, view, axes, Focus())) for one in shown],
            )
        else:
            strips.styles.height = 0
