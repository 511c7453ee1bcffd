"""Whether a folder lies on another machine, as the kernel's table of mounts tells it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_TABLE = Path("/proc/self/mounts")
_NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs"}
    | {"nfs", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3", "smbfs", "virtiofs", "wekafs"}
    | {"fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.juicefs", "fuse.mfs", "fuse.rclone"}
    | {"fuse.s3fs", "fuse.sshfs"}
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


def is_on_network(folder: Path) -> bool:
    """Return whether `folder` lies on a network file system; False where nobody can tell."""
    try:
        table = _TABLE.read_text("utf-8", "surrogateescape")
        return file_system(folder.resolve(), table) in _NETWORK
    except (OSError, RuntimeError):  # no such table on this system; links in a circle
        return False


def file_system(folder: Path, table: str) -> str:
    """Return the type of the file system that holds `folder`, an absolute path; "" if unknown."""
    best, found = -1, ""
    for place, kind in _mounts(table):
        # Of two mounts on one place the later one hides the other.
        if len(place.parts) >= best and PurePosixPath(folder).is_relative_to(place):
            best, found = len(place.parts), kind
    return found


def _mounts(table: str) -> Iterator[tuple[PurePosixPath, str]]:
    for line in table.splitlines():
        words = line.split(" ")
        if len(words) >= 3:
            place = _ESCAPE.sub(lambda escape: chr(int(escape[1], 8)), words[1])
            yield PurePosixPath(place), words[2]
