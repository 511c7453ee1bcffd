"""One watched execution of a script, from the first import to the last closed log."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lossmon.autowatch.launching import with_watched_ranks
from lossmon.autowatch.places import Places
from lossmon.autowatch.processes import Watch
from lossmon.autowatch.program import Program
from lossmon.autowatch.script import Ending, execute
from lossmon.errors import UsageError


@dataclass(frozen=True, slots=True)
class Session:
    """What came of it."""

    ending: Ending
    root: Path
    """Folder above the runs."""
    logdirs: tuple[Path, ...]
    """One per training that was found, in this process and those that it began."""
    torch_imported: bool
    saw_backward: bool
    """Whether there was a backward pass at all, of whatever it may have been."""
    refused: bool
    """Whether a training went unwatched because its logdir could not be written to."""
    rank: int = 0


def watched(
    program: Program,
    arguments: Sequence[str],
    *,
    logdir: str | None,
    session: str = "",
    stop_on: Sequence[str] = (),
    probes: bool = False,
    holds_out: bool = False,
) -> Session:
    """Execute `program` and watch every training in it; `session` names an execution of many parts.

    A finding that `stop_on` names raises `RunStopped` in the script. `probes`: once it has ended,
    make the experiments of `lossmon.probe` on each training.

    Raises:
        UsageError: The program cannot be read or is no Python, or the logdir cannot be written to.
    """
    if program.is_launcher:
        return _launched(program, arguments, logdir, stop_on)
    # Ranks find each other by their job; anybody else begins something of its own.
    is_rank = os.environ.get("WORLD_SIZE", "1") != "1"
    places = _places(program.stem, logdir, session or ("" if is_rank else _new_session()))
    watch = Watch(places, stop_on, probes=probes, holds_out=holds_out)
    try:
        ending = execute(program, arguments)
    except UsageError:
        watch.end(None)
        raise
    if not watch.is_own_process:
        # A forked child has come out of the script's end: the trainings are its parent's.
        sys.exit(ending.code)
    watch.end(ending.error)
    watcher = watch.watcher
    claimed = places.all_claimed()
    own: list[Path] = [] if watcher is None else watcher.own_logdirs
    return Session(
        ending,
        own[0] if own and not claimed else places.root,
        (*claimed, *own),
        torch_imported=watcher is not None,
        saw_backward=watcher is not None and watcher.saw_backward,
        refused=watcher is not None and watcher.refused,
        rank=0 if watcher is None else watcher.rank,
    )


def _launched(
    launcher: Program, arguments: Sequence[str], logdir: str | None, stop_on: Sequence[str]
) -> Session:
    """Have a launcher begin every rank as a watched execution, part of this session."""
    command = with_watched_ranks(arguments)
    places = _places(command.program.stem, logdir, _new_session())
    ending = execute(launcher, command.words(places.wanted, places.session, stop_on))
    found = tuple(places.all_claimed())
    return Session(ending, places.root, found, True, bool(found), False)


def _places(stem: str, logdir: str | None, session: str) -> Places:
    wanted = Path(logdir) if logdir else Path("runs") / stem
    # Absolute, because the script may change the working directory.
    places = Places(Path.cwd() / wanted, session)
    places.probe()
    return places


def _new_session() -> str:
    return os.urandom(6).hex()
