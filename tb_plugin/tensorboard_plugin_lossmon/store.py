"""Every run that the tab shows, read and diagnosed as far as its log goes.

All reading happens here, inside a request, under one lock. A run costs what was added to its log
since the last request; one that did not change costs a look at its folder. Of very many that are
over some are looked at in each request for the list, and all whenever they are asked for by name.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from lossmon.diagnosis.engine import Fold
from lossmon.diagnosis.finding import Report
from lossmon.eventfile.liveness import Liveness, liveness
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.widenumbers import Kept
from lossmon.records import Run
from tensorboard_plugin_lossmon.places import Found, Place, Root, is_inside, look

_PATIENCE = 2
"""Polls that a record which looks damaged gets to become whole, while its run is being written."""
_FIRST_S, _SOON_S, _BUDGET_S = 1.0, 0.1, 1.0
"""Seconds of reading in the first request for the list, in that of a page which shows nothing yet,
and in each of the others. One run is read in any case; whoever asks for another meanwhile waits."""
_MANY = 100
"""Of more runs than these not all that are over are looked at in each request for the list."""
_SCAN_SHARE = 0.05
"""Share of the time that looking for new runs among so many may take."""
_OVER = ("finished", "dead", "unknown")


@dataclass(frozen=True, slots=True)
class Entry:
    """A run as it was last read."""

    place: Place
    run: Run
    report: Report | None
    """None where the diagnosis failed; `error` then says how."""
    token: str
    """Another one whenever the run has changed, or the server was started anew."""
    liveness: Liveness
    error: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """All runs, at one moment."""

    entries: tuple[Entry, ...]
    pending: tuple[str, ...]
    """Runs found and not read yet: the time was up."""
    outside: tuple[str, ...]
    notes: tuple[str, ...]
    token: str


class _Watched:
    """One run, polled."""

    def __init__(self, place: Place, kept: Kept) -> None:
        self.place = place
        self.entry: Entry | None = None
        self.seen = 0
        """The request in which it was last looked at."""
        self._reader = RunReader(place.path, place.name, patience=_PATIENCE, kept=kept)
        self._fold = Fold()

    def poll(self, new_token: Callable[[], str], now: float) -> Entry | None:
        """Return the run as it stands; None where its files hold nothing yet."""
        run = self._read()
        if not (run.series or run.marks or run.meta or run.parameters or run.totals):
            return None
        alive = liveness(run, now)
        if self.entry and self.entry.run is run and self.entry.liveness == alive:
            return self.entry
        if self.entry and self.entry.run is run:
            report, error = self.entry.report, self.entry.error
        else:
            report, error = self._diagnose(run)
        self.entry = Entry(self.place, run, report, new_token(), alive, error)
        return self.entry

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be expected of it."""
        return self.entry is not None and self.entry.liveness in _OVER

    def _read(self) -> Run:
        """Return the run as it stands; at first without patience, as `lossmon check` reads."""
        if self.entry is None:
            for _ in range(_PATIENCE):
                self._reader.poll()
        return self._reader.poll()

    def _diagnose(self, run: Run) -> tuple[Report | None, str]:
        try:
            return self._fold.advance(run), ""
        except Exception as error:  # one run must not take the others out of the tab
            self._fold = Fold()
            return None, f"{type(error).__name__}: {error}"


class Store:
    """The runs below some folders."""

    def __init__(self, roots: Sequence[Root], notes: Sequence[str] = ()) -> None:
        self._roots = tuple(roots)
        self._notes = tuple(notes)
        self._lock = Lock()
        self._kept = Kept()
        self._watched: dict[str, _Watched] = {}
        self._start = secrets.token_hex(4)
        self._count = 0
        self._listed: Listing | None = None
        self._found = Found((), (), ())
        self._next_scan = 0.0
        self._requests = 0

    def listing(self, *, budget_s: float | None = None, soon: bool = False) -> Listing:
        """Return all runs, brought up to date until the budget is spent, at least one of them.

        What is left over is pending; the next call goes on with it. Unless a budget is given, a
        call that is to answer `soon` takes less time where some runs are read already.
        """
        with self._lock:
            if budget_s is None:
                later_s = _SOON_S if soon else _BUDGET_S
                budget_s = _FIRST_S if self._listed is None else later_s
            found = self._found if time.monotonic() < self._next_scan else self._discover()
            entries, pending = self._poll_all(budget_s)
            return self._as_listing(found, entries, pending)

    def entry(self, name: str) -> Entry | None:
        """Return one run, brought up to date, or None where there is no such run."""
        with self._lock:
            watched = self._watched.get(name)
            if watched is None or not is_inside(watched.place.path, watched.place.root):
                self._discover()
                watched = self._watched.get(name)
            return watched.poll(self._new_token, time.time()) if watched else None

    def _discover(self) -> Found:
        began = time.monotonic()
        found = self._found = look(self._roots)
        now = time.monotonic()
        rest = (now - began) / _SCAN_SHARE if len(found.places) > _MANY else 0.0
        self._next_scan = now + rest
        known, self._watched = self._watched, {}
        for place in found.places:
            old = known.get(place.name)
            fresh = old is None or old.place != place
            if fresh or old is None:
                old = _Watched(place, self._kept)
            self._watched[place.name] = old
        return found

    def _poll_all(self, budget_s: float) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
        until, now = time.monotonic() + budget_s, time.time()
        entries: list[Entry] = []
        pending: list[str] = []
        resting = self._resting()
        for name, watched in self._watched.items():
            late = bool(entries) and time.monotonic() > until
            rests = late or name in resting
            entry = watched.entry if rests else self._poll(watched, now)
            if entry is not None:
                entries.append(entry)
            elif late:
                pending.append(watched.place.name)
        return tuple(entries), tuple(pending)

    def _resting(self) -> frozenset[str]:
        """Return the runs to leave alone: those that are over, but for the longest unseen."""
        self._requests += 1
        over = [name for name, watched in self._watched.items() if watched.is_over]
        over.sort(key=lambda name: self._watched[name].seen)
        return frozenset(over[_MANY:])

    def _poll(self, watched: _Watched, now: float) -> Entry | None:
        """Return a run as it stands; as it was where its files have come to lie elsewhere."""
        watched.seen = self._requests
        if self._next_scan and not is_inside(watched.place.path, watched.place.root):
            self._next_scan = 0.0
            return watched.entry
        return watched.poll(self._new_token, now)

    def _as_listing(
        self, found: Found, entries: tuple[Entry, ...], pending: tuple[str, ...]
    ) -> Listing:
        notes = (*self._notes, *found.notes)
        last = self._listed
        token = last.token if last else ""
        listing = Listing(entries, pending, found.outside, notes, token)
        if listing != last:
            listing = Listing(entries, pending, found.outside, notes, self._new_token())
        self._listed = listing
        return listing

    def _new_token(self) -> str:
        self._count += 1
        return f"{self._start}.{self._count}"
