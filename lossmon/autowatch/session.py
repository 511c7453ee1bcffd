"""One watched execution of a script, from the first import to the last closed log."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lossmon.autowatch.importhook import ImportHook
from lossmon.autowatch.places import Places
from lossmon.autowatch.script import Ending, execute

if TYPE_CHECKING:
    from lossmon.autowatch.watcher import Watcher


@dataclass(frozen=True, slots=True)
class Session:
    """What came of it."""

    ending: Ending
    root: Path
    """Folder above the runs."""
    logdirs: tuple[Path, ...]
    """One per training that was found."""
    torch_imported: bool


def watched(script: Path, arguments: Sequence[str], *, logdir: str | None) -> Session:
    """Execute `script` and watch every training in it.

    Raises:
        UsageError: The script cannot be read or is no Python.
    """
    wanted = Path(logdir) if logdir else Path("runs") / script.stem
    # Absolute, because the script may change the working directory.
    places = Places(Path.cwd() / wanted)
    watchers: list[Watcher] = []

    def install() -> None:
        from lossmon.autowatch.watcher import Watcher

        watchers.append(Watcher(places))

    hook = ImportHook("torch", install)
    pid = os.getpid()
    try:
        ending = execute(script, arguments)
    finally:
        hook.remove()
    if os.getpid() != pid:
        # A forked child has come out of the script's end: the trainings are its parent's.
        sys.exit(ending.code)
    for watcher in watchers:
        watcher.close(ending.error)
    return Session(ending, places.root, tuple(places.claimed), bool(watchers))
