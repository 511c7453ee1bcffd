"""Ends the program where its terminal has gone, whatever it waits for by then.

Textual's writing thread dies of a terminal that is gone, and whoever writes on waits for ever for
room in its queue, on a busy machine.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

GRACE_S = 2.0
"""How long the program has to end by itself."""


@contextmanager
def ended_by_hangup(grace_s: float = GRACE_S) -> Iterator[None]:
    """Exit with 129 where what is inside has not ended `grace_s` after the terminal has.

    Costs a thread that sleeps. Does nothing where stdin is no terminal, or cannot be waited for.
    """
    if not hasattr(select, "poll") or not os.isatty(0):
        yield
        return
    ended, wakes = os.pipe()
    is_over = threading.Event()
    words = (ended, is_over, grace_s)
    threading.Thread(target=_wait, args=words, daemon=True, name="lossmon-hangup").start()
    try:
        yield
    finally:
        is_over.set()
        os.close(wakes)


def _wait(ended: int, is_over: threading.Event, grace_s: float) -> None:
    poll = select.poll()
    # Not for input: only what cannot be refused, that the other end is gone.
    poll.register(0, 0)
    poll.register(ended, 0)
    gone = any(fd == 0 and event & select.POLLHUP for fd, event in poll.poll())
    if gone and not is_over.wait(grace_s):
        os._exit(128 + signal.SIGHUP)
    is_over.wait()
    os.close(ended)
