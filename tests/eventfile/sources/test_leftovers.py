"""What a killed process left is removed by the next; what a living one uses is not."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.eventfile.sources.leftovers import hold, release, sweep

HOLDER = """
import sys, time
from pathlib import Path
from lossmon.eventfile.sources.leftovers import hold
hold(Path(sys.argv[1]))
Path(sys.argv[2]).touch()
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "lossmon-abc"
    (made / "copy").mkdir(parents=True)
    return made


def test_folder_of_a_killed_process_is_removed(
    folder: Path, tmp_path: Path, until: Callable[[Callable[[], bool]], None]
) -> None:
    ready = tmp_path / "ready"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder), str(ready)])
    until(ready.exists)
    sweep(tmp_path)
    assert folder.exists()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    sweep(tmp_path)
    assert not folder.exists()


def test_folder_in_use_stays(folder: Path, tmp_path: Path) -> None:
    held = hold(folder)
    sweep(tmp_path)
    assert folder.exists()
    release(held)


@pytest.mark.parametrize("lock", [None, "symlink"])
def test_what_is_no_folder_of_ours_stays(folder: Path, tmp_path: Path, lock: str | None) -> None:
    if lock:
        (tmp_path / "target").touch()
        (folder / "in-use").symlink_to(tmp_path / "target")
    sweep(tmp_path)
    assert folder.exists()
