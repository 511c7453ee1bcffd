"""One folder and every way to reach it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Address = Callable[[Path], str]


@pytest.fixture(params=["python", "shell", "fsspec"])
def address(request: pytest.FixtureRequest) -> Address:
    """Give a folder's address, for ssh with either agent and for fsspec."""
    if request.param == "fsspec":
        pytest.importorskip("fsspec")
        return lambda folder: folder.as_uri()
    return _ssh_address(request.getfixturevalue("sshd"), request.param)


@pytest.fixture(params=["python", "shell"])
def ssh_address(request: pytest.FixtureRequest, sshd: Any) -> Address:
    """Give a folder's address, for ssh with either agent."""
    return _ssh_address(sshd, request.param)


def _ssh_address(sshd: Any, agent: str) -> Address:
    sshd.use_python(agent == "python")
    return lambda folder: sshd.address(folder)


@pytest.fixture
def files() -> Callable[[Path], dict[str, bytes]]:
    """Read every file below a folder, by its path."""
    return lambda root: {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def runs(tmp_path: Path, write_run: Callable[..., object]) -> Callable[..., Path]:
    """Write runs with scalars and wide records: `runs("a", "b") -> the folder that holds them`."""

    def write(*names: str) -> Path:
        for name in names:
            write_run(tmp_path / "runs" / name)
        return tmp_path / "runs"

    return write
