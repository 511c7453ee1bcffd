"""What every screen with live content has in common: it shows snapshots, unless frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from lossmon.tui.snapshot import Snapshot

if TYPE_CHECKING:
    from lossmon.tui.app import LossmonApp


class LiveScreen(Screen[None]):
    """A screen that is redrawn from the app's snapshot: when one comes, and when it is shown."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]  # noqa: RUF012 Textual declares it so
    AUTO_FOCUS = ""

    @property
    def owner(self) -> LossmonApp:
        """The app, by its own type."""
        return cast("LossmonApp", self.app)

    def show(self, snapshot: Snapshot) -> None:
        """Bring what is on the screen up to date."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Show the app's snapshot again: something was chosen or switched."""
        if self.is_mounted:
            self.show(self.owner.snapshot)

    def on_screen_resume(self) -> None:
        """Catch up with what came while another screen was in front."""
        self.redraw()
