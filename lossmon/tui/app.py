"""The application: one reading thread, a stack of screens, and a terminal that is always restored.

The first frame is on the screen before anything is read. Nothing is drawn unless something changed
or a key was pressed; nothing moves by itself.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding

from lossmon.eventfile.sources.address import is_remote
from lossmon.tui.charset import CHARSETS, Charset, find_charset
from lossmon.tui.messages import FindingOpened, ScreenAsked, Updated
from lossmon.tui.runlist import Choice
from lossmon.tui.screens.live import LiveScreen
from lossmon.tui.screens.overview import OverviewScreen
from lossmon.tui.sight import Axes, Focus
from lossmon.tui.snapshot import Key, Snapshot
from lossmon.tui.tailer import Tailer
from lossmon.tui.thrifty import ThriftyApp

if TYPE_CHECKING:
    from lossmon.eventfile.sources import Source

INTERRUPTED = 130
_LOCAL_S, _REMOTE_S = 0.5, 1.0
"""Least time between two updates, where all is here and where a line lies between."""


class LossmonApp(ThriftyApp):
    """Shows the runs at and below a folder until it is told to quit."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [
        Binding("q", "leave(0)"),
        Binding("ctrl+c", f"leave({INTERRUPTED})", priority=True),
        Binding("question_mark,f1", "help"),
        Binding("f", "freeze"),
        Binding("M", "charset"),
        Binding("ctrl+p,colon", "commands"),
        Binding("ctrl+z", "suspend_process"),
    ]

    def __init__(
        self,
        source: Source,
        *,
        interval_s: float | None = None,
        charset: Charset | None = None,
    ) -> None:
        super().__init__()
        self.charset: Charset = charset or find_charset()
        self.animation_level = "none"
        self.source = source
        self.frozen = False
        self.axes = Axes()
        self.sights: dict[Key, Focus] = {}
        """What was looked at in each run."""
        self.choice = Choice()
        self.snapshot = Snapshot()
        """What the screens show; while frozen, `latest` runs ahead of it."""
        self.latest = self.snapshot
        self.fault: Exception | None = None
        if interval_s is None:
            is_far = os.environ.get("SSH_CONNECTION") or is_remote(source.shown)
            interval_s = _REMOTE_S if is_far else _LOCAL_S
        self._tailer = Tailer(source, self._publish, interval_s=interval_s)

    def get_default_screen(self) -> OverviewScreen:
        """Return the overview: an empty screen below it would be laid out and styled too."""
        return OverviewScreen()

    def on_mount(self) -> None:
        """Read once the overview is on the screen."""
        self.set_class(self.charset == "ascii", "-ascii")
        self.call_after_refresh(self._begin)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.action_leave, 128 + number)

    def on_unmount(self) -> None:
        """Let the thread end."""
        self._tailer.stop()

    def on_updated(self, message: Updated) -> None:
        """Take a snapshot; show it unless the screen is frozen."""
        self.latest = message.snapshot
        if not self.frozen:
            self._show_latest()

    def on_screen_asked(self, message: ScreenAsked) -> None:
        """Show a screen: go back to it where it is open, else open it."""
        wanted = _screen(message.name)
        for screen in reversed(self.screen_stack):
            if isinstance(screen, wanted):
                while self.screen is not screen:
                    self.pop_screen()
                return
        if message.key is not None:
            self.push_screen(wanted(message.key))

    def on_finding_opened(self, message: FindingOpened) -> None:
        """Explain a finding, or the whole verdict."""
        from lossmon.tui.explanation import finding_page, report_page
        from lossmon.tui.screens.text import TextScreen

        view = self.snapshot.find(message.key)
        if view is None or view.report is None:
            return
        finding = next((one for one in view.findings if one.rule == message.rule), None)
        if finding is None:
            self.push_screen(TextScreen(view.name, partial(report_page, view.report)))
        else:
            self.push_screen(TextScreen(finding.rule, partial(finding_page, finding)))

    def action_leave(self, code: int) -> None:
        """Quit with an exit code."""
        self.exit(code, code)

    def action_help(self) -> None:
        """Show the keys."""
        from lossmon.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self._place))

    def action_commands(self) -> None:
        """Show what can be done on the screen in front, to be chosen by its words."""
        from lossmon.tui.screens.commands import CommandsScreen

        self.push_screen(CommandsScreen(self._place))

    def action_charset(self) -> None:
        """Draw in another set of characters."""
        self.charset = CHARSETS[(CHARSETS.index(self.charset) + 1) % len(CHARSETS)]
        self.set_class(self.charset == "ascii", "-ascii")
        for widget in self.screen.query("*"):
            widget.refresh()

    def action_freeze(self) -> None:
        """Hold what is on the screen, or let go of it."""
        self.frozen = not self.frozen
        if not self.frozen:
            self.snapshot = self.latest
        self._redraw()

    def _fatal_error(self) -> None:
        """Keep the exception for the caller, who says it in one line; Textual would print pages."""
        self.fault = self._exception
        self.panic()

    def _begin(self) -> None:
        """Read; what was needed up to the first frame is there to stay."""
        gc.freeze()
        gc.enable()
        self._tailer.start()

    def _publish(self, snapshot: Snapshot) -> None:
        self.post_message(Updated(snapshot))

    def _show_latest(self) -> None:
        first, self.snapshot = not self.snapshot.runs, self.latest
        self._redraw()
        if first and self._is_one_run() and isinstance(self.screen, OverviewScreen):
            self.push_screen(_screen("run")(self.snapshot.runs[0].key))
        if first and self.snapshot.runs:
            self.call_after_refresh(self._tailer.go_on)

    @property
    def _place(self) -> str:
        """The name of the screen in front, or of the one below a page of text."""
        live = (one for one in reversed(self.screen_stack) if isinstance(one, LiveScreen))
        return next(live).NAME

    def _is_one_run(self) -> bool:
        """Return whether the folder that was named is itself the only run."""
        runs = self.snapshot.runs
        own = self.source.root.resolve().name
        return len(runs) == 1 and runs[0].run.name == own

    def _redraw(self) -> None:
        """Bring the screens that can be seen up to date."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, LiveScreen):
                screen.redraw()
            if not screen.is_modal:
                break


def _screen(name: str) -> Any:
    """Return the class of a screen by the name that keys ask for it by.

    Each is imported when it is first asked for: the first frame needs none but the overview.
    """
    if name == "overview":
        return OverviewScreen
    if name == "layers":
        from lossmon.tui.screens.layers import LayersScreen

        return LayersScreen
    if name == "events":
        from lossmon.tui.screens.events import EventsScreen

        return EventsScreen
    from lossmon.tui.screens.run import RunScreen

    return RunScreen
