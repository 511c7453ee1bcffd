"""One connection of the system's ssh, with an agent at its other end that was sent through it.

Nothing has to be installed over there and nothing is written there. The command line is the same
for every address; path and requests travel as data. Several requests are under way at a time,
so that a slow line stays full; how much is asked for is the caller's to decide.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from lossmon.errors import RemoteError
from lossmon.eventfile.sources.address import SshAddress
from lossmon.eventfile.sources.remote import (
    FinalError,
    FolderError,
    Listed,
    Piece,
    ProtocolError,
    Sink,
)
from lossmon.eventfile.sources.replies import Replies
from lossmon.eventfile.sources.signals import signals_wait
from lossmon.eventfile.sources.sshfailure import failure
from lossmon.numfmt import printable

_OPTIONS = {
    "BatchMode": "yes",
    "ConnectTimeout": "15",
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
    "LogLevel": "ERROR",
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "RequestTTY": "no",
}
# Reads two programs, each up to a line `#end`, and becomes the first where Python is at hand. Kept
# to one line without `!`, so that csh and fish too hand it to sh as it is.
_COMMAND = (
    """exec sh -c 'n=$(printf "\\n."); n=${n%.}; take() { s=; while IFS= read -r l; do """
    """case $l in "#end") return;; esac; s=$s$l$n; done; exit 1; }; take; p=$s; take; """
    """if python3 -I -c "import sys; sys.exit(sys.version_info < (3, 6))" """
    """</dev/null >/dev/null 2>&1; then exec python3 -I -S -c "$p"; fi; eval "$s"'"""
)
_END = "#end\n"
_AHEAD = 16
"""Requests under way; so many fit into a pipe, so that writing one never waits."""
_BLOCK = 64 << 10
_SILENCE_S = 30.0
"""The agent shows a sign of life every 2 s; a shared connection may have no keep-alive of its
own."""
_CONNECTING_S = 60.0
"""ssh itself gives up a host after 15 s, but may pass several on its way."""


class SshRemote:
    """A connection; opened by the first request, over after the first error."""

    def __init__(self, address: SshAddress) -> None:
        """Start ssh; returns at once.

        Raises:
            RemoteError: ssh cannot be started.
        """
        self.cost_s = math.nan
        self._address = address
        self._replies = Replies(self._receive)
        self._greeted = False
        with contextlib.ExitStack() as undo:
            with signals_wait():
                self._process = _started(address)
                undo.callback(self.close)
            self._send(_agents() + f"root {address.path}\n".encode("utf-8", "surrogateescape"))
            undo.pop_all()

    def changes(self) -> Iterator[Listed]:
        """Yield what is new or has changed; see `Remote`."""
        self._greet()
        begun = time.monotonic()
        self._send(b"list\n")
        yield from self._replies.listing()
        spent = time.monotonic() - begun
        self.cost_s = spent if math.isnan(self._replies.cost_s) else self._replies.cost_s
        if self._replies.state != "ok":
            raise _no_folder(self._address, self._replies.state)

    def read(self, pieces: Sequence[Piece], sink: Sink) -> None:
        """Read pieces; see `Remote`."""
        waiting, asked = deque(pieces), deque[Piece]()
        while waiting or asked:
            while waiting and len(asked) < _AHEAD:
                piece = waiting.popleft()
                asked.append(piece)
                self._send(_request(piece))
            piece = asked.popleft()
            outcome = self._replies.data(piece, partial(sink.block, piece))
            sink.ended(piece, outcome)

    def cut(self) -> None:
        """End ssh, by its id."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(1.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """End ssh and close the pipes to it."""
        self.cut()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _greet(self) -> None:
        """Wait for the agent, which tells whether there is a connection at all."""
        if self._greeted:
            return
        try:
            self._replies.greeting()
        except ProtocolError:
            raise
        except RemoteError as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)  # it may still be saying why
            self.cut()
            raise failure(self._address, self._said() or str(error)) from error
        self._greeted = True

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        # A broken line is met where its answer is read.
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def _receive(self) -> bytes:
        assert self._process.stdout is not None
        fd = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        patience_s = _SILENCE_S if self._greeted else _CONNECTING_S
        if not poll.poll(1000 * patience_s):
            raise RemoteError(f"ssh: no answer for {patience_s:.0f} s")
        return os.read(fd, _BLOCK)

    def _said(self) -> str:
        """Return what ssh has printed, without waiting: a shared connection may outlive it."""
        assert self._process.stderr is not None
        fd = self._process.stderr.fileno()
        os.set_blocking(fd, False)
        try:
            return os.read(fd, _BLOCK).decode("utf-8", "replace")
        except OSError:
            return ""


def _started(address: SshAddress) -> subprocess.Popen[bytes]:
    if not hasattr(select, "poll"):
        raise FinalError("ssh:// addresses work on Linux and macOS only; copy the logdir here")
    words = ["ssh", "-T"]
    for name, value in _OPTIONS.items():
        words += ["-o", f"{name}={value}"]
    words += ["-p", str(address.port)] if address.port else []
    words += ["-l", address.user] if address.user else []
    pipe = subprocess.PIPE
    try:
        # In a session of its own: Ctrl+C and Ctrl+Z are meant for us, and it may ask no terminal.
        return subprocess.Popen(
            [*words, "--", address.host, _COMMAND],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise FinalError("ssh is not installed here; install the OpenSSH client") from error
    except OSError as error:
        raise FinalError(f"ssh cannot be started: {error.strerror}") from error


@cache
def _agents() -> bytes:
    """Return both programs, as the command expects them."""
    here = Path(__file__).parent
    texts = [(here / name).read_text(encoding="utf-8") for name in ("agent.py", "agent.sh")]
    return "".join(text + _END for text in texts).encode()


def _request(piece: Piece) -> bytes:
    words = f"get {piece.offset} {piece.length} {piece.mark.hex() or '-'} "
    return words.encode() + os.fsencode(piece.path) + b"\n"


def _no_folder(address: SshAddress, state: str) -> FolderError:
    shown = printable(address.shown)
    if state == "missing":
        return FolderError(f"no such logdir: {shown}; pass the folder given as logdir=")
    if state == "file":
        return FolderError(f"{shown} is a file; pass the folder given as logdir=")
    return FolderError(f"cannot open {shown}: Permission denied")
