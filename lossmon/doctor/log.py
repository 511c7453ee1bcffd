"""Whether the log of a training grows, is sound, and lies where it can be written."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lossmon.diagnosis.engine import diagnose
from lossmon.doctor.answer import Answer, ok, problem, warning
from lossmon.errors import NoDataError
from lossmon.eventfile.liveness import liveness, silence
from lossmon.eventfile.logdir import RunSource, find_runs, read_run
from lossmon.eventfile.mounts import is_on_network
from lossmon.numfmt import fmt_duration, plural, printable
from lossmon.records import Run
from lossmon.signals import LOSS, SCHEMA

NEWEST = 5
"""Runs that are read, those written last."""
LITTLE_BYTES = 200e6
"""Space on the disk below which a long training may fill it: what stats files take by default."""


def place(folder: Path) -> Iterator[Answer]:
    """Yield whether a training can write below a folder, which need not exist yet."""
    nearest = next((p for p in (folder, *folder.resolve().parents) if p.exists()), Path("/"))
    shown = printable(str(nearest))
    if not nearest.is_dir():
        yield problem("writing", f"{shown} is a file", "pass a folder")
        return
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield warning(
            "writing", f"{shown} cannot be written to", "enough for viewers; to train, pass another"
        )
    else:
        yield ok("writing", f"{shown} can be written to")
    free = shutil.disk_usage(nearest).free
    if free < LITTLE_BYTES:
        yield warning(
            "disk", f"{free / 1e6:.0f} MB left", "make room: what does not fit is dropped"
        )
    if is_on_network(nearest):
        fix = "`lossmon tui ssh://HOST/PATH`, where it is too late, asks the host that writes"
        yield ok("mount", "a network file system: new data may come seconds late", fix)


def log(root: Path, now: float | None = None) -> Iterator[Answer]:
    """Yield how the runs written last stand at wall time `now`.

    Raises:
        NoDataError: There is no run.
    """
    closed: list[str] = []
    sources = find_runs(root, passed_over=closed)
    yield ok("runs", _counted(sources))
    for line in closed:
        yield warning("folder", line, "let yourself read it: chmod u+rx")
    for source in sorted(sources, key=lambda one: one.changed, reverse=True)[:NEWEST]:
        yield from _run(source, time.time() if now is None else now)


def _counted(sources: Sequence[RunSource]) -> str:
    shown = f"; the {NEWEST} written last:" if len(sources) > NEWEST else ""
    return f"{plural(len(sources), 'run')}{shown}"


def _run(source: RunSource, now: float) -> Iterator[Answer]:
    name = printable(source.name, 60)
    try:
        run = replace(read_run(source.path), name=source.name)
    except NoDataError as error:
        yield problem(name, str(error), "see whether the training has come to its first step")
        return
    yield _growth(name, run, now)
    yield from _gaps(name, run)


def _growth(name: str, run: Run, now: float) -> Answer:
    """Return whether a run is written to."""
    age = fmt_duration(now - run.last_wall)
    seen = f"step {run.last_step}, last written {age} ago"
    life = liveness(run, now)
    if life == "dead":
        words = [
            str(mark.detail.get("error", "")) for mark in run.marks if mark.kind == "exception"
        ]
        if words:
            return problem(name, f"{seen}, ended by {words[-1]}", "see the output of the training")
        seen = f"{seen}, no heartbeat since: the process is gone, or cannot write there"
        return problem(name, seen, "see whether it still runs, and its output")
    if life == "stalled":
        seen = f"{seen}; the process lives, and makes no step"
        return warning(name, seen, "see what it waits for: py-spy dump --pid PID")
    if silence(run, now):
        seen = f"{seen}: two heartbeats have not come"
        return warning(name, seen, "look again in a minute")
    return ok(name, f"{seen}, {_STATES.get(life, life)}")


_STATES = {"unknown": "by another writer, which may have ended", "live": "live: it grows"}


def _gaps(name: str, run: Run) -> Iterator[Answer]:
    """Yield what is missing in a run."""
    damage, dropped = run.damage, diagnose(run).dropped
    if damage.records or damage.bytes:
        seen = f"{plural(damage.records, 'damaged record')}, {plural(damage.bytes, 'byte')} lost"
        fix = "see the disk, and whether two programs write one file"
        yield warning(name, seen, fix)
    for text in damage.files:
        yield warning(name, f"cannot be read: {text}", "let yourself read it: chmod u+r")
    if dropped:
        seen = f"{plural(dropped, 'record')} dropped: the disk was full, or too slow"
        yield warning(name, seen, "make room, or log to a local disk")
    if run.meta is not None and run.meta.schema > SCHEMA:
        seen = "written by a newer lossmon: only its scalars are shown"
        yield warning(name, seen, "pip install --upgrade lossmon")
    if run.scalar(LOSS) is None:
        fix = "pass criterion= to lossmon.watch(), or the loss to mon.step(loss)"
        yield warning(name, "no loss is recorded: most rules are skipped", fix)
