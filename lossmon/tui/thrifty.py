"""An app that sends a terminal nothing that it shows already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import COLOR_SYSTEMS
from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.binding import Binding
from textual.strip import Strip

from lossmon.tui.cellwise import changes

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from textual.screen import Screen


class _Sequence(CompositorUpdate):
    """Bytes that are ready to be sent."""

    def __init__(self, text: str) -> None:
        self.text = text

    def render_segments(self, console: Console) -> str:
        """Return them."""
        return self.text


class ThriftyApp(App[int]):
    """Compares each frame with the one before it, and sends the cells that differ."""

    BINDINGS: ClassVar = [Binding("ctrl+l", "redraw")]

    _frame: list[Strip] | None = None
    """What the terminal shows; None where that is not known."""

    def __init__(self) -> None:
        super().__init__()
        # There are none, and without their widgets every screen opens sooner.
        self._disable_tooltips = self._disable_notifications = True

    def forget_frame(self) -> None:
        """Send the next frame whole: something else may have written on the terminal."""
        self._frame = None

    def action_redraw(self) -> None:
        """Send the whole screen again, where something else has written on it."""
        self.forget_frame()
        self.screen.refresh()

    def on_mount(self) -> None:
        """Send the frame whole after the program was suspended."""
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())

    def on_resize(self, _: events.Resize) -> None:
        """Terminals do as they like with what they show when their size changes."""
        self.forget_frame()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if renderable is None or self._batch_count or not self._running or self.is_headless:
            super()._display(screen, renderable)
            return
        if not isinstance(renderable, CompositorUpdate):
            self.forget_frame()
            super()._display(screen, renderable)
            return
        frame = screen._compositor.render_strips()
        shown = self._frame
        if shown is not None and len(shown) != len(frame):
            shown = None
        system = self.console.color_system
        text = changes(shown, frame, None if system is None else COLOR_SYSTEMS[system])
        self._frame = frame
        sequence: Any = (
            _Sequence(text) if text else None
        )  # no type of Rich's, but sent all the same
        super()._display(screen, sequence)
