from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lossmon.errors import RemoteError
from lossmon.eventfile.sources.mirror import Mirror


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Mirror("runs")


def test_copies_are_nobody_elses(mirror: Mirror) -> None:
    mirror.append("a/x.tfevents", b"1")
    assert stat.S_IMODE(mirror.root.parent.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((mirror.root / "a/x.tfevents").stat().st_mode) == 0o600


def test_bytes_are_added_to_the_end(mirror: Mirror) -> None:
    assert mirror.append("a/x.tfevents", b"12")
    assert mirror.append("a/x.tfevents", b"34")
    assert (mirror.root / "a/x.tfevents").read_bytes() == b"1234"


def test_a_replaced_file_appears_whole_and_is_another_one(mirror: Mirror) -> None:
    copy = mirror.root / "x.tfevents"
    mirror.append("x.tfevents", b"old")
    before = copy.stat().st_ino
    mirror.replace("x.tfevents")
    mirror.append("x.tfevents", b"ne")
    mirror.append("x.tfevents", b"w")
    assert copy.read_bytes() == b"old"
    mirror.settle("x.tfevents")
    assert copy.read_bytes() == b"new"
    assert copy.stat().st_ino != before
    mirror.append("x.tfevents", b"er")
    assert copy.read_bytes() == b"newer"


def test_a_file_that_has_caught_up_gives_its_folder_a_new_time(mirror: Mirror) -> None:
    mirror.append("a/x.tfevents", b"1")
    os.utime(mirror.root / "a", (1, 1))
    mirror.append("a/x.tfevents", b"2")
    assert (mirror.root / "a").stat().st_mtime == 1
    mirror.settle("a/x.tfevents")
    assert (mirror.root / "a").stat().st_mtime > 1


def test_a_file_where_another_needs_a_folder_is_left_out(mirror: Mirror) -> None:
    assert mirror.append("a.tfevents", b"1")
    assert not mirror.append("a.tfevents/b.tfevents", b"1")
    assert not mirror.append(f"{'ü' * 200}.tfevents", b"1")


def test_nothing_is_left_when_it_is_removed(mirror: Mirror, tmp_path: Path) -> None:
    mirror.append("a/x.tfevents", b"1")
    mirror.replace("a/x.tfevents")
    mirror.remove()
    mirror.remove()
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_temporary_files_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(RemoteError, match="TMPDIR"):
        Mirror("runs")
