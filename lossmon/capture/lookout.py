"""A process beside the training that judges its log: the training's end of it.

Judging costs the training nothing: a process of its own, of low priority, reads the log as any
viewer does, and a thread here waits for what it says. It ends with the training, however that ends.
The training asks for the answer by looking at one attribute. Nothing here raises but `check`, for
which the user has asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from lossmon.capture.agreement import Agreement
from lossmon.capture.guard import warn
from lossmon.errors import RunStopped
from lossmon.eventfile.forks import generation
from lossmon.livefinding import LiveFinding, live_finding
from lossmon.stopon import ends

MODULE = "lossmon.alerts.lookout"
"""What the process runs. By name: a training does not load what judges it."""
LAST_WORDS_S = 2.0
"""How long a close waits for findings on the last steps, where somebody wants to hear of them."""

OnFinding = Callable[[LiveFinding], object]


class Lookout:
    """Judges runs while they are made."""

    def __init__(self, stop_on: Collection[str] = (), on_finding: OnFinding | None = None) -> None:
        """`stop_on`: see `lossmon.stopon`; `on_finding` is called from a thread of ours."""
        self._stop_on = tuple(stop_on)
        self._on_finding = on_finding
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._agreements: dict[str, Agreement] = {}
        self._born = generation()
        self._is_closed = False
        self._has_warned = False
        self.asked: Agreement | None = None
        """What has asked the training to stop, maybe at a later step; None for nothing."""

    @property
    def finding(self) -> LiveFinding | None:
        """The finding for which the training is to stop now, or None."""
        return None if self.asked is None else self.asked.due()

    def check(self) -> None:
        """Stop the training where it is to stop now.

        Raises:
            RunStopped: It is.
        """
        if self.asked is not None and (finding := self.asked.due()) is not None:
            raise RunStopped(finding)

    def watch(self, agreement: Agreement) -> None:
        """Judge one more run from now on."""
        self._born = generation()
        self._agreements[agreement.logdir] = agreement
        agreement.told = self._ask
        if not agreement.is_first_rank:
            agreement.listen()
            return
        try:
            if self._process is None:
                self._start()
            assert self._process is not None
            assert self._process.stdin is not None
            line = json.dumps({"logdir": agreement.logdir, "start": agreement.start_id})
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            self._warn(f"cannot be started ({error})")

    def close(self) -> None:
        """End the process and the threads; findings on the last steps are waited for. Idempotent"""
        for agreement in self._agreements.values():
            agreement.close()
        process, thread = self._process, self._thread
        if self._is_closed or process is None or generation() != self._born:
            return
        self._is_closed = True
        with suppress(OSError, ValueError):
            if process.stdin is not None:
                # A word, for workers that were forked may hold the pipe open too.
                process.stdin.write("\n")
                process.stdin.close()
        if self._on_finding is not None and thread is not None:
            thread.join(LAST_WORDS_S)
        process.kill()
        if thread is not None and thread is not threading.current_thread():
            thread.join(LAST_WORDS_S)

    def _start(self) -> None:
        # From the folder that holds our package: a file of the user's must not stand for a module.
        root = Path(__file__).resolve().parents[2]
        self._process = subprocess.Popen(
            [sys.executable or "python3", "-m", MODULE, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            encoding="ascii",
            # A ctrl+c that the training survives must not end its judge.
            start_new_session=True,
        )
        self._thread = threading.Thread(
            target=self._hear, args=(self._process,), name="lossmon-lookout", daemon=True
        )
        self._thread.start()

    def _hear(self, process: subprocess.Popen[str]) -> None:
        """Take what the process says until it ends."""
        assert process.stdout is not None
        with process.stdout, suppress(OSError, ValueError):
            for line in process.stdout:
                self._take(live_finding(line))
        code = process.wait()
        if not self._is_closed:
            self._warn(f"has ended (exit code {code})")

    def _take(self, finding: LiveFinding) -> None:
        if ends(self._stop_on, finding.rule, finding.severity) and self.asked is None:
            agreement = self._agreements.get(finding.logdir)
            if agreement is not None:
                agreement.ask(finding)
        if self._on_finding is None:
            return
        try:
            self._on_finding(finding)
        # It is the user's, and may do anything; this thread must go on.
        except (Exception, SystemExit) as error:
            warn(f"lossmon: on_finding failed ({type(error).__name__}: {error})")

    def _ask(self, agreement: Agreement) -> None:
        self.asked = self.asked or agreement

    def _warn(self, what: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            warn(f"lossmon: what judges the run {what}: stop_on and on_finding do nothing")
