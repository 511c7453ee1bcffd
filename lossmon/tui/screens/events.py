"""Screen 4: what happened in a run: verdicts that came and went, rates, resumes, losses of data."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from lossmon.tui.messages import FindingOpened, ScreenAsked
from lossmon.tui.screens.ofrun import RunScreens
from lossmon.tui.screens.prompt import PromptScreen
from lossmon.tui.sight import jumped
from lossmon.tui.snapshot import Snapshot
from lossmon.tui.timeline import KINDS, Event, events_of, listed
from lossmon.tui.widgets.event_list import event_detail, event_lines, first_event
from lossmon.tui.widgets.header import run_header
from lossmon.tui.widgets.keys import EVENTS, key_line
from lossmon.tui.widgets.lines import Lines
from lossmon.tui.widgets.problem import show_problem


class EventsScreen(RunScreens):
    """A chosen event is where the cursor is: the charts of the other screens show its step."""

    NAME = "events"
    BINDINGS: ClassVar = [
        Binding("j,down", "move(1)"),
        Binding("k,up", "move(-1)"),
        Binding("g,home", "edge(0)"),
        Binding("G,end", "edge(-1)"),
        Binding("enter", "open"),
        Binding("o", "kind"),
        Binding("slash", "filter"),
    ]

    def __init__(self, key: tuple[str, int]) -> None:
        super().__init__(key)
        self._at: Event | None = None
        self._kind = KINDS[0]
        self._words = ""

    def compose(self) -> ComposeResult:
        """Lay out the list, and below it the chosen event in full."""
        yield Lines(id="header")
        yield Lines(id="problem")
        yield Lines(id="events")
        yield Lines(id="facts")
        yield Lines(id="keys")

    @property
    def events(self) -> tuple[Event, ...]:
        """What is listed, the newest first."""
        view = self.view
        return () if view is None else listed(events_of(view), self._kind, self._words)

    @property
    def copied(self) -> str:
        """The events that are listed, a line each."""
        return "".join(f"{one.step}\t{one.kind}\t{one.text}\n" for one in self.events)

    def show(self, snapshot: Snapshot) -> None:
        """Bring the list up to date."""
        view, owner, events = self.view, self.owner, self.events
        if view is None:
            return
        at = self._place(events)
        self.rows("header").draw(
            lambda width, _: [run_header(view, frozen=owner.frozen, width=width, screen=3)]
        )
        show_problem(self.rows("problem"), snapshot)
        height = self.size.height
        self.rows("facts").styles.height = min(max(height // 3, 0), 12) if height >= 16 else 0
        kind = self._kind
        self.rows("events").draw(
            lambda width, rows: event_lines(view, events, at, kind, width, rows)
        )
        chosen = events[at] if events else None
        self.rows("facts").draw(partial(event_detail, view, chosen))
        self.rows("keys").draw(lambda width, _: [key_line(EVENTS, width)])

    def on_resize(self) -> None:
        """Share the rows out anew; Textual 6 shows a screen before it has its size."""
        self.redraw()

    def clicked(self, name: str, column: int, row: int) -> None:
        """Choose the event that was clicked."""
        events, room = self.events, self.rows("events").size.height - 1
        at = first_event(len(events), self._place(events), room) + row - 1
        if name == "events" and row > 0 and at < len(events):
            self._choose(events[at])

    def action_move(self, by: int) -> None:
        """Choose an older or a newer event."""
        events = self.events
        if events:
            self._choose(events[min(max(self._place(events) + by, 0), len(events) - 1)])

    def action_edge(self, at: int) -> None:
        """Choose the newest or the oldest event."""
        if self.events:
            self._choose(self.events[at])

    def action_finding(self, by: int) -> None:
        """Choose the next or the previous change of a verdict."""
        events = self.events
        at = self._place(events)
        order = range(at + 1, len(events)) if by > 0 else range(at - 1, -1, -1)
        found = next((events[number] for number in order if events[number].rule), None)
        if found is not None:
            self._choose(found)

    def action_open(self) -> None:
        """Explain the finding that still stands, else show the step in the chart."""
        events, view = self.events, self.view
        if not events or view is None:
            return
        event = events[self._place(events)]
        if any(finding.rule == event.rule for finding in view.findings):
            self.post_message(FindingOpened(self.key, event.rule))
            return
        self.look(jumped(self.sight, (event.step, event.step + self._around), self.whole))
        self.post_message(ScreenAsked("run", self.key))

    def action_kind(self) -> None:
        """List other kinds of events: all, findings alone, all but findings."""
        self._kind = KINDS[(KINDS.index(self._kind) + 1) % len(KINDS)]
        self.redraw()

    def action_filter(self) -> None:
        """List only the events whose words match what is typed."""
        self.app.push_screen(PromptScreen("events with", self._words, self._filter))

    def action_cursor(self, by: int) -> None:
        """Choose another event: the cursor of this screen is its list."""
        self.action_move(-1 if by > 0 else 1)

    @property
    def _around(self) -> int:
        first, last = self.whole
        return (last - first) // 20

    def _filter(self, words: str) -> None:
        self._words = words
        self.redraw()

    def _choose(self, event: Event) -> None:
        self._at = event
        self.look(replace(self.sight, cursor=min(max(event.step, self.whole[0]), self.whole[1])))

    def _place(self, events: tuple[Event, ...]) -> int:
        return events.index(self._at) if self._at in events else 0
