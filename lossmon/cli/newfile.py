"""A file that appears whole or not at all: written under another name beside its own, then renamed.

Not a command.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from lossmon.errors import LossmonError, UsageError
from lossmon.numfmt import printable


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[TextIO]:
    """Open a file to write text to; it stands under its name once the block ends without error.

    Devices and pipes are written as they are.

    Raises:
        UsageError: It exists and `force` is not given, it is a folder, or it cannot be made there.
        LossmonError: It cannot be written, the disk being full for one.
    """
    target = path.resolve()  # of a link the file that it leads to
    if target.exists() and not target.is_file() and not target.is_dir():
        with _errors_named(path), target.open("w", encoding="utf-8") as stream:
            yield stream
        return
    _refuse(path, target, force=force)
    beside = target.with_name(f".lossmon-{secrets.token_hex(6)}.tmp")
    made = _made(path, beside)
    try:
        with _errors_named(path):
            with made:
                yield made
            _refuse(path, target, force=force)  # someone else may have made it meanwhile
            beside.replace(target)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _refuse(path: Path, target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise UsageError(f"{printable(str(path))} is a folder; pass the name of a file")
    if target.exists() and not force:
        raise UsageError(f"{printable(str(path))} exists; pass --force to replace it")


def _made(path: Path, beside: Path) -> TextIO:
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise UsageError(f"cannot make {printable(str(path))}: {error.strerror}") from error
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


@contextmanager
def _errors_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        shown = printable(str(path))
        raise LossmonError(f"{shown} cannot be written: {error.strerror or error}") from error
