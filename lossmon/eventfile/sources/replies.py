"""What comes from the agent, which is to say from anybody: every word and length is checked.

Nothing is kept but the line or the block at hand, so that no answer, however long, takes memory.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from lossmon.errors import RemoteError
from lossmon.eventfile.sources.paths import remote_path
from lossmon.eventfile.sources.remote import Listed, Outcome, Piece, ProtocolError

_LONGEST_LINE = 4096
_MOST_NOISE = 64 << 10
"""Bytes that start-up files over there may print before the agent speaks."""
_MOST_LINES = 250_000
_GREETING = re.compile(rb"lossmon-agent 1 (python|shell)")
_ENTRY = re.compile(rb"(s) (\d{1,16}) (.+)|(i) (\d{1,20}(?::\d{1,20})?) (.+)")
_END = re.compile(rb"end (ok|missing|file|denied) (-|\d{1,9})")
_DATA = re.compile(rb"data (\d{1,16}) (\d{1,20}(?::\d{1,20})?)")
_OUTCOMES: dict[bytes, Outcome] = {b"whole": "whole", b"void": "void"}
_REFUSALS: dict[bytes, Outcome] = {b"gone": "gone", b"other": "other"}


class Replies:
    """Reads answers from `receive`, which returns the next bytes, or none at the end."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self.state = ""
        """Whether the folder could be listed: ok, missing, file or denied."""
        self.cost_s = math.nan
        """Seconds that the last listing took over there; NaN where it did not say."""
        self._receive = receive
        self._buffer = b""

    def greeting(self) -> str:
        """Return which agent answers, past whatever else was printed.

        Raises:
            RemoteError: It never does.
        """
        passed = 0
        while passed < _MOST_NOISE:
            line = self._line(_MOST_NOISE)
            if found := _GREETING.fullmatch(line):
                return found[1].decode()
            passed += len(line) + 1
        raise ProtocolError("ssh: the host prints too much before it answers")

    def listing(self) -> Iterator[Listed]:
        """Yield what changed, and set `state`; names that must not come here are left out."""
        for _ in range(_MOST_LINES):
            line = self._answer()
            if entry := _ENTRY.fullmatch(line):
                if listed := _listed(entry):
                    yield listed
            elif end := _END.fullmatch(line):
                self.state = end[1].decode()
                self.cost_s = math.nan if end[2] == b"-" else int(end[2]) / 1000
                return
            elif line:
                raise _nonsense(line)
        raise ProtocolError("ssh: the host lists too many files")

    def data(self, piece: Piece, take: Callable[[bytes], None]) -> Outcome:
        """Hand over the bytes of a piece as they come; return how it ended."""
        line = self._answer()
        if line in _REFUSALS:
            return _REFUSALS[line]
        head = _DATA.fullmatch(line)
        if head is None or int(head[1]) > piece.length:
            raise _nonsense(line)
        is_other = head[2].decode() != piece.identity
        left = int(head[1])
        while left:
            block = self._some(left)
            left -= len(block)
            if not is_other:
                take(block)
        end = self._answer()
        if end not in _OUTCOMES:
            raise _nonsense(end)
        return "gone" if is_other else _OUTCOMES[end]

    def _answer(self) -> bytes:
        """Return the next line that is more than a sign of life."""
        while (line := self._line(_LONGEST_LINE)) == b".":
            pass
        return line

    def _line(self, longest: int) -> bytes:
        while (at := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > longest:
                raise ProtocolError("ssh: the host sends a line without end")
            self._buffer += self._more()
        line, self._buffer = self._buffer[:at], self._buffer[at + 1 :]
        return line

    def _some(self, most: int) -> bytes:
        if not self._buffer:
            self._buffer = self._more()
        block, self._buffer = self._buffer[:most], self._buffer[most:]
        return block

    def _more(self) -> bytes:
        data = self._receive()
        if not data:
            raise RemoteError("ssh: connection lost")
        return data


def _listed(entry: re.Match[bytes]) -> Listed | None:
    kind, value, raw = (group for group in entry.groups() if group is not None)
    path = remote_path(raw)
    if path is None:
        return None
    if kind == b"s":
        return Listed(path, size=int(value))
    return Listed(path, identity=value.decode())


def _nonsense(line: bytes) -> ProtocolError:
    text = line[:40].decode("ascii", "backslashreplace")
    return ProtocolError(f"ssh: the host answers {text!r}, which makes no sense")
