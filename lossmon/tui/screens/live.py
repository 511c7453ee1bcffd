"""What every screen with live content has in common: it shows snapshots, unless frozen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from lossmon.numfmt import plural
from lossmon.tui.line import line
from lossmon.tui.messages import ScreenAsked
from lossmon.tui.snapshot import Key, Snapshot
from lossmon.tui.widgets.chart import Chart
from lossmon.tui.widgets.lines import Lines

if TYPE_CHECKING:
    from lossmon.tui.app import LossmonApp
    from lossmon.tui.sight import Axes


class LiveScreen(Screen[None]):
    """A screen that is redrawn from the app's snapshot: when one comes, and when it is shown."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]  # noqa: RUF012 Textual declares it so
    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    NAME: ClassVar[str]
    """What keys call the screen."""
    BINDINGS: ClassVar = [
        Binding("1", "go('overview')"),
        Binding("2", "go('run')"),
        Binding("3", "go('layers')"),
        Binding("4", "go('events')"),
        Binding("y", "log"),
        Binding("x", "across"),
        Binding("s", "smooth(-1)"),
        Binding("S", "smooth(1)"),
        Binding("c", "copy"),
    ]

    @property
    def owner(self) -> LossmonApp:
        """The app, by its own type."""
        return cast("LossmonApp", self.app)

    @property
    def subject(self) -> Key | None:
        """The run that the screen is about; None where there is none."""
        raise NotImplementedError

    @property
    def copied(self) -> str:
        """What `c` copies."""
        raise NotImplementedError

    def show(self, snapshot: Snapshot) -> None:
        """Bring what is on the screen up to date."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Show the app's snapshot again: something was chosen or switched."""
        if self.is_mounted and self.app.is_running:  # else its widgets are being taken down
            self.show(self.owner.snapshot)

    def rows(self, name: str) -> Lines:
        """Return the rows of that name."""
        return self.query_one(f"#{name}", Lines)

    def on_screen_resume(self) -> None:
        """Catch up with what came while another screen was in front."""
        self.redraw()

    def clicked(self, name: str, column: int, row: int) -> None:
        """Do what a click on a cell of the widget of that name means."""

    def on_click(self, event: events.Click) -> None:
        """Tell the screen where it was clicked."""
        widget = event.widget
        while widget is not None and widget.id is None:
            parent = widget.parent
            widget = parent if isinstance(parent, Widget) else None
        if widget is not None and widget.id is not None and not event.shift:
            offset = event.screen_offset - widget.region.offset
            self.clicked(widget.id, offset.x, offset.y)

    async def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Choose the next row."""
        event.stop()
        await self.run_action("move(1)")

    async def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Choose the previous row."""
        event.stop()
        await self.run_action("move(-1)")

    def action_go(self, name: str) -> None:
        """Show another screen, of the run that this one is about."""
        self.post_message(ScreenAsked(name, self.subject))

    def action_log(self) -> None:
        """Switch between a linear and a log value axis."""
        charts = self.query(Chart)
        picture = charts.first().picture if charts else None
        if picture is not None:
            self._turn(replace(self.owner.axes, log_y=not picture.y.log))

    def action_across(self) -> None:
        """Switch the horizontal axis between steps, time, and the logarithm of steps."""
        self._turn(self.owner.axes.next_x())

    def action_smooth(self, by: int) -> None:
        """Halve or double the span of the moving average."""
        self._turn(self.owner.axes.smoother(by))

    def action_copy(self) -> None:
        """Put what is chosen on the clipboard of the terminal, which may be another machine's."""
        text = self.copied
        if text:
            self.owner.copy_to_clipboard(text)
            said = f" copied {plural(text.count(chr(10)), 'line')}, if the terminal takes OSC 52"
            self.rows("keys").draw(lambda *_: [line((said, "good"))])

    def _turn(self, axes: Axes) -> None:
        self.owner.axes = axes
        self.redraw()
