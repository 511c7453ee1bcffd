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

    def read(self, seconds: float, *, until: str | bytes = "", bytes_per_s: float = 0) -> float:
        """Read for so long, or until the pattern `until` has come; return the seconds it took.

        `bytes_per_s` reads no faster than that, as a slow line would.
        """
        began, from_here = time.perf_counter(), len(self.sent)
        pattern = until.encode() if isinstance(until, str) else until
        awaited = re.compile(pattern) if pattern else None
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
        """Return the CPU seconds so far of the program and of those that it began, all threads."""
        return sum(int(f[11]) + int(f[12]) for f in map(_stat, self._family())) * _TICK_S

    def memory(self) -> int:
        """Return the bytes in memory of the program and of those that it began."""
        return sum(int(_stat(pid)[21]) for pid in self._family()) * os.sysconf("SC_PAGE_SIZE")

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

    def _family(self) -> list[int]:
        """Return the program and all below it that still run."""
        known = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        above = {pid: int(fields[1]) for pid in known if (fields := _stat(pid))}
        family = [self.pid]
        for pid in family:
            family += [child for child, parent in above.items() if parent == pid]
        return [pid for pid in family if _stat(pid)]

    def _take(self, most: int) -> None:
        try:
            self.sent += os.read(self._fd, most)
        except OSError:  # Linux says EIO once the program has closed its end
            time.sleep(0.01)


def _stat(pid: int) -> list[str]:
    """Return the fields of a process behind its name; none where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
