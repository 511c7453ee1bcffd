"""Runs on the remote host, sent there through ssh: lists event files and reads ranges of them.

Needs Python 3.6 and its standard library. Answers requests, one a line; ends when they end.
    root PATH                       no answer
    list                            what is new or has changed: `s SIZE PATH`, `i IDENTITY PATH`;
                                    then `end STATE MILLISECONDS`
    get OFFSET LENGTH MARK PATH     `data LENGTH IDENTITY`, so many bytes, `whole` or `void`;
                                    or `gone`, or `other` where MARK does not stand before OFFSET
A line `.` says that it is still at work. Opens files rather than trust `stat`: a network mount
answers that from memory.
"""

import os
import stat
import sys
import time

SKIPPED = (b"__pycache__", b"node_modules")
MOST_FOLDERS = 100000
BEAT_S = 2.0
BLOCK = 262144
QUIET = 60.0
LONGEST_REST_S = 10.0

out = sys.stdout.buffer
known = {}  # type: ignore[var-annotated]
last_said = [0.0]


def say(*words: bytes) -> None:
    """Answer with a line."""
    out.write(b" ".join(words) + b"\n")
    last_said[0] = time.time()


def beat() -> None:
    """Say that it goes on, now and then."""
    if time.time() - last_said[0] > BEAT_S:
        say(b".")
        out.flush()


def number(value: int) -> bytes:
    """Write a number."""
    return str(value).encode()


def open_file(path: bytes):  # type: ignore[no-untyped-def]
    """Return descriptor and status of a plain file; a pipe is not waited for."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise OSError("not a plain file")
    return fd, status


def identity(status: os.stat_result) -> bytes:
    """Tell a file from others."""
    return b"%d:%d" % (status.st_dev, status.st_ino)


def is_event_file(name: bytes) -> bool:
    """Tell by the name."""
    return b"tfevents" in name or (name.startswith(b"lossmon.") and name.endswith(b".stats"))


def event_files(root: bytes):  # type: ignore[no-untyped-def]
    """Yield relative paths; links are followed, no folder twice."""
    seen = set()  # type: ignore[var-annotated]
    waiting = [b""]
    while waiting and len(seen) < MOST_FOLDERS:
        below = waiting.pop()
        folder = os.path.join(root, below) if below else root
        try:
            status = os.stat(folder)
            with os.scandir(folder) as found:
                entries = list(found)
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        beat()
        for entry in entries:
            path = os.path.join(below, entry.name)
            if entry.is_dir():
                if entry.name not in SKIPPED and not entry.name.startswith(b"."):
                    waiting.append(path)
            elif is_event_file(entry.name) and b"\n" not in path:
                yield path


def look(root: bytes, path: bytes) -> None:
    """List one file where it changed; one that is quiet for long is opened less often."""
    now = time.time()
    before, due = known.get(path, (None, 0.0))
    if due > now >= due - LONGEST_REST_S:
        return
    try:
        fd, status = open_file(os.path.join(root, path))
    except OSError:
        return
    os.close(fd)
    found = (status.st_size, identity(status))
    rest = min(max(now - status.st_mtime, 0.0) / QUIET, LONGEST_REST_S)
    known[path] = (found, now + rest if rest > 1.0 else 0.0)
    if found != before:
        say(b"s", number(found[0]), path)
        say(b"i", found[1], path)


def state(root: bytes) -> bytes:
    """Say whether the folder can be listed."""
    try:
        os.listdir(root)
    except FileNotFoundError:
        return b"missing"
    except NotADirectoryError:
        return b"file"
    except OSError:
        return b"denied"
    return b"ok"


def list_files(root: bytes) -> None:
    """Answer `list`."""
    begun = time.time()
    found = state(root)
    if found == b"ok":
        for path in event_files(root):
            look(root, path)
    say(b"end", found, number(int(1000 * (time.time() - begun))))


def get(root: bytes, offset: int, length: int, mark: bytes, path: bytes) -> None:
    """Answer `get`."""
    try:
        fd, status = open_file(os.path.join(root, path))
    except OSError:
        say(b"gone")
        return
    try:
        before = b"" if mark == b"-" else bytes.fromhex(mark.decode())
        if before and os.pread(fd, len(before), offset - len(before)) != before:
            say(b"other")
            return
        length = max(0, min(length, status.st_size - offset))
        say(b"data", number(length), identity(status))
        say(b"whole" if send(fd, offset, length) else b"void")
    finally:
        os.close(fd)


def send(fd: int, offset: int, length: int) -> bool:
    """Write so many bytes, zeros where the file has been cut meanwhile; return whether it was."""
    end = offset + length
    while offset < end:
        data = os.pread(fd, min(BLOCK, end - offset), offset)
        if not data:
            while offset < end:
                offset += out.write(bytes(min(BLOCK, end - offset)))
            return False
        out.write(data)
        offset += len(data)
    return True


def main() -> None:
    """Answer until there is no more to answer."""
    say(b"lossmon-agent 1 python")
    out.flush()
    root = b"."
    while True:
        line = sys.stdin.buffer.readline()
        if not line.endswith(b"\n"):
            return
        word, _, rest = line[:-1].partition(b" ")
        if word == b"root":
            root = rest
        elif word == b"list":
            list_files(root)
        elif word == b"get":
            offset, length, mark, path = rest.split(b" ", 3)
            get(root, int(offset), int(length), mark, path)
        out.flush()


if __name__ == "__main__":
    try:
        main()
    except (OSError, KeyboardInterrupt):
        os._exit(1)  # nobody listens any more
