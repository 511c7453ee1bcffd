"""One file: when it is synced, and who waits for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from lossmon.eventfile import sink
from lossmon.eventfile.sink import SYNC_LOCAL_S, SYNC_NETWORK_S, Sink
from lossmon.eventfile.writer import RunWriter
from lossmon.records import RunMeta

Syncs = list[str]


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """The name of the thread of each sync; none reaches a disk."""
    found: Syncs = []
    monkeypatch.setattr(sink, "_sync", lambda fd: found.append(threading.current_thread().name))
    return found


def flushes(path: Path, times: Iterable[float], monkeypatch: pytest.MonkeyPatch) -> Sink:
    """Write and flush a record at each of these times."""
    one = Sink(path, lambda: [b"header"])
    for now in times:
        monkeypatch.setattr(sink.time, "monotonic", lambda now=now: now)
        one.append([b"record"])
        assert one.flush()
    return one


def on(network: bool) -> Callable[[Path], bool]:
    return lambda folder: network


@pytest.mark.parametrize(
    ("network", "times", "count"),
    [
        (True, np.arange(0, 10, 0.2), 16),
        (True, np.arange(0, 10, 2.0), 4),
        (False, np.arange(0, 29, 0.2), 0),
        (False, np.arange(0, 91, 0.5), 3),
    ],
)
def test_a_network_file_is_synced_twice_a_second_and_a_local_one_twice_a_minute(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    syncs: Syncs,
    network: bool,
    times: Iterable[float],
    count: int,
) -> None:
    monkeypatch.setattr(sink, "is_on_network", on(network))
    one = flushes(tmp_path / "x", times, monkeypatch)
    assert len(syncs) == count
    one.close()
    assert len(syncs) == count + network, "what is left goes to the others at the close"
    assert SYNC_NETWORK_S < SYNC_LOCAL_S


def test_a_file_that_did_not_grow_is_not_synced_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, syncs: Syncs
) -> None:
    monkeypatch.setattr(sink, "is_on_network", on(True))
    one = flushes(tmp_path / "x", [0.0, 1.0], monkeypatch)
    monkeypatch.setattr(sink.time, "monotonic", lambda: 9.0)
    assert one.flush()
    assert len(syncs) == 1


@pytest.mark.parametrize("error", [22, 95])
def test_a_file_system_that_cannot_sync_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refuse(fd: int) -> None:
        raise OSError(error, "not here")

    monkeypatch.setattr(sink, "_sync", refuse)
    monkeypatch.setattr(sink, "is_on_network", on(True))
    one = flushes(tmp_path / "x", [0.0, 1.0, 2.0], monkeypatch)
    assert (one.pending, one.error) == (0, "")
    one.close()


def test_the_training_thread_never_syncs(
    tmp_path: Path, meta: RunMeta, monkeypatch: pytest.MonkeyPatch, syncs: Syncs
) -> None:
    monkeypatch.setattr(sink, "is_on_network", on(True))
    monkeypatch.setattr(sink, "SYNC_NETWORK_S", 0.0)
    writer = RunWriter(tmp_path, meta, flush_s=0.01)
    for step in range(1000):
        writer.scalars(step, 1e9, {"train/loss": 1.0})
    writer.close()
    assert set(syncs) == {"lossmon-writer"}


def test_a_pipe_or_a_link_under_the_name_is_neither_waited_for_nor_followed(
    tmp_path: Path,
) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("pipe", "link"):
        one = Sink(tmp_path / name, lambda: [b"header"])
        one.append([b"record"])
        assert not one.flush()
        assert one.pending == 1
    assert not (tmp_path / "elsewhere").exists()
