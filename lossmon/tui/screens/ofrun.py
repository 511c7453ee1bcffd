"""What the screens of one run have in common: the cursor, the steps in view, the chosen finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from lossmon.tui.messages import FindingOpened
from lossmon.tui.scale import GUTTER
from lossmon.tui.screens.live import LiveScreen
from lossmon.tui.sight import Focus, Range, jumped, panned, zoomed
from lossmon.tui.snapshot import Key, RunView
from lossmon.tui.widgets.findings import index_of

if TYPE_CHECKING:
    from lossmon.diagnosis.finding import Finding

FAST = 10


class RunScreens(LiveScreen):
    """A screen of one run; what is chosen on it holds on the others too."""

    BINDINGS: ClassVar = [
        Binding("h,left", "cursor(-1)"),
        Binding("l,right", "cursor(1)"),
        Binding("H,shift+left", f"cursor({-FAST})"),
        Binding("L,shift+right", f"cursor({FAST})"),
        Binding("plus,equals_sign", "zoom(True)"),
        Binding("minus", "zoom(False)"),
        Binding("left_square_bracket", "pan(-1)"),
        Binding("right_square_bracket", "pan(1)"),
        Binding("0", "fit"),
        Binding("n", "finding(1)"),
        Binding("N", "finding(-1)"),
        Binding("escape", "back"),
    ]

    def __init__(self, key: Key) -> None:
        super().__init__()
        self.key = key

    @property
    def subject(self) -> Key | None:
        """The run that the screen is about."""
        return self.key

    @property
    def view(self) -> RunView | None:
        """The run as it is shown; None once it has gone."""
        return self.owner.snapshot.find(self.key)

    @property
    def sight(self) -> Focus:
        """What the person looks at in this run."""
        return self.owner.sights.get(self.key, Focus())

    @property
    def whole(self) -> Range:
        """First and last step that there is."""
        return (0, 0) if self.view is None else steps_in(self.view)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that keys walk, the cause first."""
        view = self.view
        return () if view is None else view.findings

    @property
    def finding(self) -> Finding | None:
        """The chosen finding; until one is chosen, the first."""
        findings = self.findings
        return findings[index_of(findings, self.sight.rule)] if findings else None

    def point_at(self, column: int) -> None:
        """Put the cursor at a column of the plot."""
        from lossmon.tui.across import ruler_of, under

        view = self.view
        ruler = None if view is None else ruler_of(view)
        if view is not None and ruler is not None and column >= 0:
            share = (column + 0.5) / max(self.plot_columns, 1)
            growing, axes = view.is_growing, self.owner.axes
            step = under(ruler, axes.x, self.sight.window, share, growing=growing)
            first, last = self.sight.window or self.whole
            self.look(replace(self.sight, cursor=min(max(step, first), last)))

    @property
    def plot_columns(self) -> int:
        """Columns of the plot that the cursor moves in."""
        return self.size.width - GUTTER

    @property
    def copied(self) -> str:
        """The chosen finding, its evidence and its fixes."""
        from lossmon.tui.explanation import finding_text

        return "" if self.finding is None else finding_text(self.finding)

    def look(self, focus: Focus) -> None:
        """Have the screens of this run look at something else."""
        self.owner.sights[self.key] = focus
        self.redraw()

    def action_cursor(self, by: int) -> None:
        """Move the cursor by columns; the first key shows it at the newest step in view."""
        from lossmon.tui.across import beside, ruler_of

        view = self.view
        ruler = None if view is None else ruler_of(view)
        if view is None or ruler is None:
            return
        width = max(self.plot_columns, 2)
        axes, focus = self.owner.axes, self.sight
        step = beside(ruler, axes.x, focus, by, width, growing=view.is_growing)
        first, last = focus.window or self.whole
        self.look(replace(focus, cursor=min(max(step, first), last)))

    def action_zoom(self, inwards: bool) -> None:
        """Show half as many steps, or twice as many."""
        self.look(zoomed(self.sight, self.whole, inwards=inwards))

    def action_pan(self, by: int) -> None:
        """Move the view by a quarter of its width."""
        self.look(panned(self.sight, self.whole, by))

    def action_fit(self) -> None:
        """Show all steps, and no cursor."""
        self.look(replace(self.sight, window=None, cursor=None))

    def action_finding(self, by: int) -> None:
        """Choose the next or the previous finding; go to its evidence."""
        if self.findings:
            self.look(next_finding(self.sight, self.findings, self.whole, by))

    def action_explain(self) -> None:
        """Show all there is to say about the chosen finding, or about the verdict."""
        finding = self.finding
        self.post_message(FindingOpened(self.key, "" if finding is None else finding.rule))

    def action_back(self) -> None:
        """Return to the screen one came from."""
        self.app.pop_screen()


def steps_in(view: RunView) -> Range:
    """Return the first and last step that there is; (0, 0) for a run without any."""
    first = 0 if view.points is None else view.points.first_step
    return first, max(view.run.last_step, first)


def next_finding(focus: Focus, findings: Sequence[Finding], whole: Range, by: int) -> Focus:
    """Return what to look at next: the evidence and first culprit of the next finding.

    Until a finding is chosen, of the first one. There is at least one.
    """
    from lossmon.tui.picture import steps_of

    at = index_of(findings, focus.rule)
    if focus.rule:
        at = min(max(at + by, 0), len(findings) - 1)
    finding = findings[at]
    there = jumped(focus, steps_of(finding), whole)
    row = finding.culprits[0] if finding.culprits else there.row
    return replace(there, rule=finding.rule, row=row)
