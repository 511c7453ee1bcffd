"""The process beside a training that judges its log: `python -m lossmon.alerts.lookout PID`.

Each line on stdin names a run as JSON, an empty one is the end; each line on stdout is a finding.
It ends with its parent, also where that was killed, and never writes a file.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lossmon.alerts.episodes import Episodes
from lossmon.diagnosis.engine import Fold
from lossmon.diagnosis.finding import Finding, Report
from lossmon.diagnosis.rules import load_rules
from lossmon.eventfile.reader import RunReader
from lossmon.livefinding import LiveFinding
from lossmon.records import Run

POLL_S = 0.1
"""Half of what the writer waits between two flushes."""
SHARE = 0.1
"""Share of one core that reading and judging may take: 15 ms a look at a small model's run."""
CONFIRM_S = 0.05
"""After so long a finding is looked at again: the writer may have been between its two files."""
NICE = 5
"""At 10 a machine with nothing to spare let a look wait for seconds."""

Lines = queue.Queue[str | None]


@dataclass(slots=True)
class _Watched:
    reader: RunReader
    start_id: str
    fold: Fold
    episodes: Episodes
    seen: Run | None = None


class Judge:
    """Reads runs that grow, and tells every finding once an episode."""

    def __init__(self, pause: Callable[[float], object] = time.sleep) -> None:
        self._pause = pause
        self._runs: list[_Watched] = []
        self.has_judged = False

    def add(self, logdir: str, start_id: str) -> None:
        """Judge the run in `logdir` once its start `start_id` has written something."""
        reader = RunReader(logdir, Path(logdir).name)
        self._runs.append(_Watched(reader, start_id, Fold(), Episodes()))

    def look(self) -> Iterator[LiveFinding]:
        """Yield what is new in the runs that have grown."""
        for watched in self._runs:
            report = self._judged(watched)
            if report is None:
                continue
            if any(watched.episodes.is_new(f.rule, f.severity) for f in report.findings):
                self._pause(CONFIRM_S)
                report = self._judged(watched) or report
            yield from self._news(watched, report)

    def _judged(self, watched: _Watched) -> Report | None:
        """Return the verdict; None where nothing has changed, or only older starts are there."""
        run = watched.reader.poll()
        if run is watched.seen or run.meta is None or run.meta.start_id != watched.start_id:
            return None
        watched.seen, self.has_judged = run, True
        try:
            return watched.fold.advance(run)
        except Exception:  # a rule that fails on one state of a log must not end the watch
            watched.fold = Fold()
            return None

    def _news(self, watched: _Watched, report: Report) -> Iterator[LiveFinding]:
        now, run = time.monotonic(), watched.seen
        watched.episodes.settle({*report.clear, *report.overruled}, now)
        for finding in report.findings:
            if run is not None and watched.episodes.opens(finding.rule, finding.severity, now):
                yield _told(str(watched.reader.path), finding, run.last_step)


def _told(logdir: str, finding: Finding, step: int) -> LiveFinding:
    return LiveFinding(
        logdir,
        finding.rule,
        finding.severity,
        finding.since_step,
        step,
        finding.claim,
        finding.culprits,
        finding.fixes,
        finding.consequence_of,
    )


def main(parent: int) -> None:
    """Judge until stdin says so or ends, or the parent has ended."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    lines: Lines = queue.Queue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    load_rules()  # now, and not when there is something to judge
    judge, ends, spent = Judge(), False, 0.0
    while not ends and (os.name == "nt" or os.getppid() == parent):
        ends = not _take(judge, lines, max(POLL_S, spent / SHARE))
        began, is_first = time.process_time(), not judge.has_judged
        for finding in judge.look():
            sys.stdout.write(finding.line())
            sys.stdout.flush()
        # What is done only once counts for nothing: it takes thirty times as long.
        spent = 0.0 if is_first else time.process_time() - began


def _take(judge: Judge, lines: Lines, rest: float) -> bool:
    """Wait, or until a run is named; return whether more may come."""
    try:
        line = lines.get(timeout=rest)
    except queue.Empty:
        return True
    if line is None or not line.strip():
        return False
    told = json.loads(line)
    judge.add(told["logdir"], told["start"])
    return True


def _read(lines: Lines) -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put(None)


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the parent went away between two looks
        main(int(sys.argv[1]))
    # The interpreter's own end would wait for the lock of a stdin that somebody still holds open.
    os._exit(0)
