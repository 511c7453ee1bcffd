"""Commands of lossmon in forks of processes that have imported PyTorch, one process a thread.

Starting Python and importing PyTorch take as long as a short training.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from subprocess import PIPE

TRAINER = Path(__file__).with_name("trainer.py")


class Trainer:
    """A process that waits for commands, and runs one at a time."""

    def __init__(self) -> None:
        words = [sys.executable, str(TRAINER)]
        self._process = subprocess.Popen(words, stdin=PIPE, stdout=PIPE, text=True)

    def run(self, words: list[str], out: Path, err: Path, cwd: Path | None = None) -> int:
        """Return the exit code of `lossmon` with these words, its output in files.

        Raises:
            RuntimeError: The process itself has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"words": words, "out": str(out), "err": str(err), "cwd": str(cwd or Path.cwd())}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the trainer has ended with code {self._process.wait()}")
        return int(answer)

    def close(self) -> None:
        """End the process. Idempotent."""
        self._process.communicate()


_OWN = threading.local()


def in_fork(words: list[str], out: Path, err: Path, cwd: Path) -> int:
    """Return the exit code of `lossmon` with these words, in a fork of the thread's own trainer.

    The trainer ends with this process.
    """
    if not hasattr(_OWN, "trainer"):
        _OWN.trainer = Trainer()
    code: int = _OWN.trainer.run(words, out, err, cwd)
    return code
