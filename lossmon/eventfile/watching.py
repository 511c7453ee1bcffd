"""A whole tree of runs, watched: what grows is read at every poll, what rests ever more seldom.

By polling alone: network mounts tell no changes. A thousand finished runs cost some thirty opens a
second, and a run that goes on is found at once by its new file, or half a minute later.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lossmon.errors import NoDataError
from lossmon.eventfile.logdir import RunSource, find_runs, trainings
from lossmon.eventfile.reader import Enough, RunReader
from lossmon.eventfile.widenumbers import Kept
from lossmon.naturalorder import natural_path
from lossmon.records import Run

LONGEST_REST_S = 30.0
_REST_SHARE = 0.1
"""A run is left alone for this part of the time for which it has been silent."""
_RESTING_AT_ONCE = 50
"""So many resting runs are looked at in one poll, so that they do not all come due together."""
_SCAN_SHARE = 0.01
"""Share of the time that looking for new runs may take."""

Clock = Callable[[], float]


@dataclass(slots=True)
class _Watched:
    reader: RunReader
    changed: int
    run: Run | None = None
    due: float = 0.0
    """When it is to be looked at again; 0: at the next poll."""
    changed_at: float = -math.inf
    """When it was last seen to change, by our own clock: its writer's may be wrong."""

    @property
    def is_whole(self) -> bool:
        """Whether it was read to its end."""
        return self.run is not None and not self.reader.is_cut_short


class LogdirReader:
    """All runs at and below a folder, polled; a folder that does not exist yet is waited for."""

    def __init__(
        self, root: str | Path, *, clock: Clock = time.time, timer: Clock = time.perf_counter
    ) -> None:
        """`clock`: seconds since 1970, to be compared with the times in the logs; `timer`: by
        which the cost of looking for new runs is measured."""
        self.root = Path(root)
        self._clock, self._timer = clock, timer
        self._watched: dict[Path, _Watched] = {}
        self._kept = Kept()
        self._next_scan = 0.0
        self._runs: tuple[Run, ...] = ()

    @property
    def is_behind(self) -> bool:
        """Whether runs were found that were not read yet, or not to their ends."""
        return not all(one.is_whole for one in self._watched.values())

    @property
    def half_read(self) -> Mapping[Run, float]:
        """The runs that the next poll goes on with, and the share of their bytes that was read."""
        return {
            one.run: one.reader.share_read
            for one in self._watched.values()
            if one.run is not None and one.reader.is_cut_short
        }

    def poll(self, *, patience_s: float = math.inf) -> tuple[Run, ...]:
        """Return the runs as they stand now, sorted by path; the same tuple where none changed.

        Runs that were deleted stay as they were last read. Of what is new that is returned which
        can be read in `patience_s`, of one run a few megabytes at least; the next poll goes on
        with the rest.
        """
        now = self._clock()
        if not self._watched or not self._next_scan - LONGEST_REST_S <= now < self._next_scan:
            self._scan(now)
        changed, new, begun = False, 0, self._timer()

        def is_over() -> bool:
            return self._timer() - begun > patience_s

        for watched in self._due(now):
            if watched.run is None or watched.reader.is_cut_short:
                if new and is_over():
                    break
                new += 1
            changed |= self._read(watched, now, is_over)
        if changed:
            self._runs = self._shown()
        return self._runs

    def _shown(self) -> tuple[Run, ...]:
        ordered = [self._watched[path] for path in sorted(self._watched, key=natural_path)]
        shown = trainings([one.reader for one in ordered])
        return tuple(one.run for one in ordered if one.run is not None and one.reader.path in shown)

    def _scan(self, now: float) -> None:
        began = self._timer()
        try:
            sources = find_runs(self.root)
        except NoDataError:
            sources = ()
        for source in sources:
            self._note(source)
        cost = self._timer() - began
        self._next_scan = now + min(LONGEST_REST_S, cost / _SCAN_SHARE)

    def _note(self, source: RunSource) -> None:
        watched = self._watched.get(source.path)
        if watched is None:
            reader = RunReader(source.path, source.name, kept=self._kept)
            self._watched[source.path] = _Watched(reader, source.changed)
        elif watched.changed != source.changed:
            watched.changed, watched.due = source.changed, 0.0

    def _due(self, now: float) -> list[_Watched]:
        """Return the runs to look at: all that are new or grow, and the longest due at rest."""
        at_once = [one for one in self._watched.values() if not one.due]
        at_once.sort(key=lambda one: not one.is_whole)
        # A clock that was set back must not let a run rest for hours.
        resting = [
            one
            for one in self._watched.values()
            if one.due and not now < one.due <= now + LONGEST_REST_S
        ]
        resting.sort(key=lambda one: one.due)
        return at_once + resting[:_RESTING_AT_ONCE]

    def _read(self, watched: _Watched, now: float, enough: Enough) -> bool:
        """Look at one run, decide when to do so again; return whether it changed."""
        reader, before, is_known = watched.reader, watched.run, watched.is_whole
        watched.run = reader.poll(enough)
        changed = before is not watched.run
        if changed and (is_known or not watched.run.last_wall):
            watched.changed_at = now
        silent = now - max(watched.run.last_wall, watched.changed_at)
        rest = min(LONGEST_REST_S, _REST_SHARE * silent)
        is_soon = reader.is_pending or reader.is_cut_short or rest <= 1.0
        watched.due = 0.0 if is_soon else now + rest
        return changed
