from __future__ import annotations

import os
import signal
import threading

import pytest

from lossmon.eventfile.sources.signals import signals_wait


def test_a_signal_waits_until_the_process_is_known() -> None:
    known: list[str] = []

    def start() -> None:
        with signals_wait():
            os.kill(os.getpid(), signal.SIGINT)
            known.append("process")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert known == ["process"]


def test_handlers_are_as_they_were_also_after_an_error() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(OSError, match="no such"), signals_wait():
        raise OSError("no such program")
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_wait():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_leave_signals_alone() -> None:
    entered: list[bool] = []

    def work() -> None:
        with signals_wait():
            entered.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [True]
