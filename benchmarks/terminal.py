"""A program in a pseudo-terminal of known size: what it sends, when, and the CPU it takes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Terminal:
    """Runs `words` until `close`; answers no question, as a plain terminal does."""

    def __init__(self, words: Sequence[str], *, columns: int, rows: int, **env: str) -> None:
        self.began = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(env, TERM="xterm-256color", COLORTERM="truecolor")
            for name in ("COLUMNS", "LINES", "NO_COLOR"):
                os.environ.pop(name, None)
            os.execvp(words[0], list(words))
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)
        self._code: int | None = None
        self.sent = bytearray()
        """All that came so far."""

    def read(self, seconds: float, *, until: str = "", bytes_per_s: float = 0) -> float:
        """Read for so long, or until the pattern `until` has come; return the seconds it took.

        `bytes_per_s` reads no faster than that, as a slow line would.
        """
        began, from_here = time.perf_counter(), len(self.sent)
        awaited = re.compile(until.encode()) if until else None
        while (spent := time.perf_counter() - began) < seconds:
            if awaited and awaited.search(self.sent, from_here):
                break
            if select.select([self._fd], [], [], min(0.02, seconds - spent))[0]:
                self._take(256 if bytes_per_s else 65536)
                if bytes_per_s:
                    time.sleep(256 / bytes_per_s)
        return time.perf_counter() - began

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._fd, keys.encode())

    def cpu(self) -> float:
        """Return the CPU seconds of the program so far, all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S

    def memory(self) -> int:
        """Return the bytes of the program that lie in memory, shared libraries included."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024  # type: ignore[index]

    def send_signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    def wait(self, seconds: float) -> int | None:
        """Read until the program has ended; return its exit code, None where it goes on."""
        deadline = time.perf_counter() + seconds
        while self._code is None and time.perf_counter() < deadline:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read(0.05)
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def close(self) -> int:
        """Type q where it goes on, and wait; return the exit code."""
        if self._code is None:
            self.press("q")
            if self.wait(5) is None:
                self.send_signal(signal.SIGKILL)
                self.wait(5)
        os.close(self._fd)
        return -signal.SIGKILL if self._code is None else self._code

    def _take(self, most: int) -> None:
        try:
            self.sent += os.read(self._fd, most)
        except OSError:  # Linux says EIO once the program has closed its end
            time.sleep(0.01)
