"""One poll: read what is new, judge what has changed. Knows neither threads nor screens.

Only runs that changed are judged, and a run that is slow to judge is judged less often. A first
snapshot comes before the first verdicts: curves are on the screen while rules still think, and of a
long log while the rest is read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lossmon import signals
from lossmon.eventfile.liveness import liveness, silence
from lossmon.eventfile.sources import Source
from lossmon.eventfile.watching import LogdirReader
from lossmon.numfmt import printable
from lossmon.records import Run, Series
from lossmon.tui.hostclock import HostClock
from lossmon.tui.points import condense
from lossmon.tui.snapshot import Key, RunView, Snapshot

if TYPE_CHECKING:
    from lossmon.diagnosis.engine import Fold
    from lossmon.diagnosis.finding import Report

_FIRST_S, _PATIENCE_S = 0.05, 0.5
"""So long are runs, and then verdicts, collected before those at hand are shown: first, and then.

Of a run of a million steps the first 100,000 or so are on the screen before all are read.
"""
_JUDGING_SHARE = 0.05
"""Share of a processor that judging one run may take."""
_RECENT = 200
"""Steps behind the speed."""

Clock = Callable[[], float]


class Poller:
    """Turns successive states of a logdir into snapshots."""

    def __init__(self, source: Source, *, clock: Clock = time.time) -> None:
        self._source = source
        self._clock = clock
        self._reader = LogdirReader(source.root)
        self._views: dict[Key, RunView] = {}
        self._folds: dict[Key, Fold] = {}
        self._owed: dict[Key, float] = {}
        """Runs whose verdict is behind, and since when it may be renewed."""
        self._rest: dict[Key, float] = {}
        """When a run may be judged again."""
        self._problem: str | None = None
        self._in_touch = 0.0
        """When the source was last in touch."""
        self._hosts: dict[Key, HostClock] = {}

    def poll(self) -> Iterator[Snapshot]:
        """Yield snapshots while reading and judging; none where nothing has changed."""
        changed, is_reading = False, True
        while is_reading:
            changed |= self._read()
            is_reading = self._reader.is_behind
            if changed and (is_reading or self._lacks_verdicts):
                yield self._snapshot()
                changed = False
        shown = time.monotonic()
        for key in self._due():
            self._judge(key)
            changed = True
            if time.monotonic() - shown > _PATIENCE_S:
                yield self._snapshot()
                changed, shown = False, time.monotonic()
        if changed:
            yield self._snapshot()

    @property
    def _lacks_verdicts(self) -> bool:
        return any(view.report is None for view in self._views.values())

    def _read(self) -> bool:
        """Take in what was written; return whether anything that is shown has changed."""
        clock, changed = self._as_of(), False
        patience = _PATIENCE_S if self._views else _FIRST_S
        runs = dict(_keyed(self._reader.poll(patience_s=patience)))
        half_read = self._reader.half_read
        for key in self._views.keys() - runs.keys():
            self._forget(key)
            changed = True
        for key, run in runs.items():
            before = self._views.get(key)
            if run in half_read:
                self._views[key] = _unread(key, run, before, half_read[run])
                changed = True
                continue
            host = self._hosts.setdefault(key, HostClock(run.last_wall, clock))
            now = host.at(run.last_wall, clock)
            if before is None or before.run is not run or before.share_read < 1:
                self._views[key] = view_of(key, run, before, now)
                self._owed[key] = self._rest.get(key, 0.0)
                changed = True
                continue
            life, age, quiet = liveness(run, now), _age(run, now), _silence(run, now)
            if (life, age, quiet) != (before.life, before.age, before.silence):
                speed = before.speed if life == "live" and not quiet else math.nan
                self._views[key] = replace(before, life=life, age=age, silence=quiet, speed=speed)
                changed = True
        problem = self._source.problem or ("" if self._views else _problem(self._source.root))
        changed |= problem != self._problem
        self._problem = problem
        return changed

    def _forget(self, key: Key) -> None:
        """Let go of a run that turned out to be none: a folder of settings inside another."""
        for known in (self._views, self._folds, self._owed, self._rest, self._hosts):
            known.pop(key, None)

    def _as_of(self) -> float:
        """Return the time that the logs are as of: a run does not die of our lost connection."""
        if self._source.is_in_touch or not self._in_touch:
            self._in_touch = self._clock()
        return self._in_touch

    def _due(self) -> list[Key]:
        now = time.monotonic()
        return [key for key, since in self._owed.items() if since <= now]

    def _judge(self, key: Key) -> None:
        # Time of the processor: on a busy machine a verdict waits for it, and costs no more.
        view, now, begun = self._views[key], time.monotonic(), time.thread_time()
        del self._owed[key]
        # The first time loads the rules and goes through all of the past: the next costs far less.
        is_first = key not in self._folds
        report, problem = self._report(view)
        cost = time.thread_time() - begun
        self._rest[key] = now + (0.0 if is_first and not problem else cost / _JUDGING_SHARE)
        self._views[key] = replace(view, report=report, problem=problem)

    def _report(self, view: RunView) -> tuple[Report | None, str]:
        # Here and not above: it takes as long as reading a run, and the first curve needs it not.
        from lossmon.diagnosis.engine import Fold

        try:
            return self._folds.setdefault(view.key, Fold()).advance(view.run), ""
        except Exception as error:  # a rule that fails on one log must not end the display of all
            self._folds.pop(view.key, None)
            return view.report, printable(f"{type(error).__name__}: {error}")

    def _snapshot(self) -> Snapshot:
        return Snapshot(tuple(self._views.values()), self._problem or "", self._is_behind)

    @property
    def _is_behind(self) -> bool:
        return bool(self._owed) or self._reader.is_behind


def _keyed(runs: Iterable[Run]) -> Iterator[tuple[Key, Run]]:
    """Yield runs with keys: a root and a folder below it may have the same name."""
    seen: dict[str, int] = {}
    for run in runs:
        seen[run.name] = seen.get(run.name, -1) + 1
        yield (run.name, seen[run.name]), run


def view_of(key: Key, run: Run, before: RunView | None, now: float) -> RunView:
    """Return what is shown of a run at wall time `now`; its verdict is the one of `before`."""
    loss = run.scalar(signals.LOSS)
    life, quiet = liveness(run, now), _silence(run, now)
    moves = life == "live" and not quiet
    return RunView(
        key=key,
        name=printable(run.name),
        run=run,
        life=life,
        points=None if loss is None or not len(loss) else condense(loss),
        report=None if before is None else before.report,
        speed=_speed(loss) if moves and loss is not None else math.nan,
        age=_age(run, now),
        silence=quiet,
    )


def _unread(key: Key, run: Run, before: RunView | None, share: float) -> RunView:
    """Return what is shown of a run of which the rest is still to be read."""
    view = view_of(key, run, before, run.last_wall)
    return replace(view, life="unknown", speed=math.nan, share_read=share)


def _speed(loss: Series) -> float:
    """Return the recent steps a second; NaN for fewer than two, or where clocks ran backwards."""
    steps, times = loss.steps[-_RECENT:], loss.wall_times[-_RECENT:]
    spent = float(times[-1] - times[0]) if len(times) else 0.0
    return float(steps[-1] - steps[0]) / spent if spent > 0 else math.nan


def _age(run: Run, now: float) -> str:
    """Return how long ago the last record was written, in its largest unit; no seconds."""
    seconds = now - run.last_wall
    for unit, sign in ((86400, "d"), (3600, "h"), (60, "m")):
        if run.last_wall and seconds >= unit:
            return f"{int(seconds // unit)}{sign}"
    return ""


def _silence(run: Run, now: float) -> str:
    """Return for how long heartbeats are missing, in steps of 5 s; "" where none are."""
    seconds = silence(run, now)
    return f"{int(seconds // 5 * 5)} s" if seconds else ""


def _problem(root: Path) -> str:
    """Return why no run is found, for a person who waits for one."""
    try:
        next(root.iterdir(), None)
    except FileNotFoundError:
        return "this folder does not exist yet"
    except NotADirectoryError:
        return "this is a file, not a folder"
    except OSError as error:
        return f"this folder cannot be opened: {error.strerror}"
    return "no event files in this folder yet"
