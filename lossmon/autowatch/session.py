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
    saw_backward: bool
    """Whether there was a backward pass at all, of whatever it may have been."""
    refused: bool
    """Whether a training went unwatched because its logdir could not be written to."""


def watched(script: Path, arguments: Sequence[str], *, logdir: str | None) -> Session:
    """Execute `script` and watch every training in it.

    Raises:
        UsageError: The script cannot be read or is no Python, or the logdir cannot be written to.
    """
    wanted = Path(logdir) if logdir else Path("runs") / script.stem
    # Absolute, because the script may change the working directory.
    places = Places(Path.cwd() / wanted)
    places.probe()
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
    return Session(
        ending,
        places.root,
        tuple(places.claimed),
        torch_imported=bool(watchers),
        saw_backward=any(watcher.saw_backward for watcher in watchers),
        refused=any(watcher.refused for watcher in watchers),
    )
