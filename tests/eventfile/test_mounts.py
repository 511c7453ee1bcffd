"""Which file system holds a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.eventfile import mounts
from lossmon.eventfile.mounts import file_system, is_on_network

TABLE = r"""
/dev/vda / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
tmpfs /home/me/fast tmpfs rw 0 0
me@host:/data /mnt/two\040words fuse.sshfs rw 0 0
auto /lustre autofs rw 0 0
mds:/fs /lustre lustre rw 0 0
//nas/x /homes cifs rw 0 0
half a
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/var/log", "ext4"),
        ("/home", "nfs4"),
        ("/home/me/runs", "nfs4"),
        ("/home/me/fast/runs", "tmpfs"),
        ("/homes/runs", "cifs"),
        ("/homestead", "ext4"),
        ("/mnt/two words/runs", "fuse.sshfs"),
        ("/lustre/runs", "lustre"),
    ],
)
def test_the_deepest_mount_tells_and_of_two_on_one_place_the_later(folder: str, kind: str) -> None:
    assert file_system(Path(folder), TABLE) == kind


def test_where_nothing_is_known_the_type_is_empty() -> None:
    assert file_system(Path("/x"), "") == ""


@pytest.mark.parametrize(("kind", "network"), [("nfs4", True), ("9p", True), ("ext4", False)])
def test_network_file_systems_are_told_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, network: bool
) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"x / {kind} rw 0 0\n")
    monkeypatch.setattr(mounts, "_TABLE", table)
    assert is_on_network(tmp_path) is network


def test_without_a_table_a_folder_counts_as_local(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "_TABLE", tmp_path / "none")
    assert not is_on_network(tmp_path)
