"""The step at which all ranks of a run stop: one that stopped alone would leave others waiting.

The first rank, whose log is judged, names a step that nobody has reached, in a small file beside
the log, and every rank stops there. A process alone stops at once. Where ranks do not share the
folder, or a network mount shows the file too late, those that have not read it go on, and fail or
wait as if the others had crashed: that is for the launcher to end.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lossmon.capture.guard import warn
from lossmon.capture.ranks import process_rank
from lossmon.capture.start import Start
from lossmon.eventfile.place import FOLDER
from lossmon.livefinding import LiveFinding, live_finding

AHEAD_S = 5.0
"""How long before its step the file is written: a network mount may hide it for 3 s."""
AHEAD_STEPS = 10
POLL_S = 0.25


class Agreement:
    """When one run is to stop."""

    def __init__(self, start: Start, newest: Callable[[], int]) -> None:
        """`newest` tells the number of the newest step made."""
        # Absolute: the training may change the working directory.
        logdir, job = start.logdir.absolute(), start.run_id
        self.logdir = str(logdir)
        self.start_id = start.start_id
        self.is_first_rank = process_rank()[0] == 0
        self.told: Callable[[Agreement], object] = lambda _: None
        """Called once there is something to agree on."""
        self._file = logdir / FOLDER / f".stop-{job}" if job else None
        self._newest = newest
        self._began = newest(), time.monotonic()
        self._asked: tuple[int, LiveFinding] | None = None
        self._ended = threading.Event()

    def due(self) -> LiveFinding | None:
        """Return the finding once its step is reached."""
        if self._asked is None or self._newest() < self._asked[0]:
            return None
        return self._asked[1]

    def ask(self, finding: LiveFinding) -> None:
        """Have every rank stop for `finding`."""
        step = self._newest() + self._ahead() if self._file is not None else -1
        if self._file is not None:
            try:
                _write_whole(self._file, json.dumps({"at": step, "finding": finding.line()}))
            except OSError as error:
                warn(f"lossmon: the other ranks cannot be told to stop ({error.strerror})")
        self._take(step, finding)

    def listen(self) -> None:
        """Look for what the first rank has written, from a thread, until `close`."""
        if self._file is not None:
            threading.Thread(target=self._look, name="lossmon-agreement", daemon=True).start()

    def close(self) -> None:
        """End the thread."""
        self._ended.set()

    def _look(self) -> None:
        while not self._ended.wait(POLL_S):
            found = _read(self._file)
            if found is not None:
                self._take(*found)
                return

    def _take(self, step: int, finding: LiveFinding) -> None:
        self._asked = step, finding
        self.told(self)

    def _ahead(self) -> int:
        """Return how many steps the file needs to be seen by all."""
        first, since = self._began
        pace = (self._newest() - first) / max(1e-9, time.monotonic() - since)
        return max(AHEAD_STEPS, math.ceil(AHEAD_S * pace))


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(text, encoding="ascii")
    part.replace(path)


def _read(path: Path | None) -> tuple[int, LiveFinding] | None:
    try:
        told = json.loads(path.read_text(encoding="ascii")) if path is not None else None
        return None if told is None else (int(told["at"]), live_finding(told["finding"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
