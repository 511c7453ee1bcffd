"""Signals that wait: of a process that is being started nobody knows yet what there is to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = ("SIGTERM", "SIGHUP", "SIGINT")


@contextmanager
def signals_wait() -> Iterator[None]:
    """Have signals that would end the program do so after the block.

    The child that is started in it inherits no mask. Other threads than the main one get none.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        waiting.append(number)

    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    before = {n: handler for n in numbers if (handler := signal.getsignal(n)) is not None}
    for number in before:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number in waiting:
        signal.raise_signal(number)
