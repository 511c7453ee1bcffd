"""Runs, tags and signals by the names a person types. Not a command."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from lossmon.cli.output import note
from lossmon.errors import NoDataError, UsageError
from lossmon.numfmt import printable

if TYPE_CHECKING:
    from lossmon.eventfile.logdir import RunSource
    from lossmon.records import Run
    from lossmon.signals import Signal

_SEARCHED = 2000
"""Names among which the nearest is looked for: it takes 1 s per 100,000."""


def read_all(logdir: str | Path) -> tuple[Run, ...]:
    """Return every run that can be read; a line on stderr names each that cannot.

    Raises:
        NoDataError: There is nothing to read.
    """
    from lossmon.eventfile.logdir import read_runs

    passed_over: list[str] = []
    runs = read_runs(logdir, passed_over=passed_over)
    for line in passed_over:
        note(line)
    return runs


def runs_called(names: Sequence[str], logdir: str | Path) -> tuple[RunSource, ...]:
    """Return the runs of these names at and below `logdir`; all of them where no name is given.

    Of all, a line on stderr names each folder that cannot be opened.

    Raises:
        NoDataError: There is no run at all.
        UsageError: No run has one of the names; the message tells the nearest.
    """
    from lossmon.eventfile.logdir import find_runs

    closed: list[str] = []
    sources = find_runs(logdir, passed_over=closed)
    known = [source.name for source in sources]
    for name in names:
        if name not in known:
            raise UsageError(f"no run is called {quoted(name)}; {nearest(name, known)}")
    for line in () if names else closed:
        note(line)
    return tuple(source for source in sources if not names or source.name in names)


def read_each(sources: Sequence[RunSource]) -> Iterator[Run]:
    """Yield the runs one after the other; a line on stderr names those that cannot be read.

    Raises:
        NoDataError: Nothing can be read of any of them.
    """
    from lossmon.eventfile.logdir import read_run

    count = 0
    for source in sources:
        try:
            run = replace(read_run(source.path), name=source.name)
        except NoDataError as error:
            if len(sources) == 1:
                raise
            note(str(error))
            continue
        count += 1
        yield run
    if not count:
        raise NoDataError(f"none of the {len(sources)} runs can be read")


def signals_called(patterns: Sequence[str], known: Sequence[Signal]) -> tuple[Signal, ...]:
    """Return the signals that the patterns name, in the vocabulary's order.

    Raises:
        UsageError: A pattern names none; the message tells the nearest names.
    """
    from lossmon.report.rows import chosen

    names = [signal.name for signal in known]
    for pattern in patterns:
        if not chosen(names, (pattern,)):
            raise UsageError(f"no signal is called {quoted(pattern)}; {nearest(pattern, names)}")
    meant = set(chosen(names, patterns))
    return tuple(signal for signal in known if signal.name in meant)


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> str:
    """Return the names most like `name`, as the end of a message."""
    names = sorted(known)[:_SEARCHED]
    near = get_close_matches(name, names, n=most, cutoff=0.5) or _holding(name, names)[:most]
    if near:
        return f"the nearest: {', '.join(printable(one) for one in near)}"
    listed = ", ".join(printable(one) for one in names[:most])
    more = ", ..." if len(names) > most else ""
    return f"there are: {listed}{more}" if names else "there is none at all"


def quoted(name: str) -> str:
    """Return a name as a message shows it."""
    return f"'{printable(name)}'"


def _holding(name: str, names: Collection[str]) -> list[str]:
    """Return the names with the same last part, or which hold `name` whole."""
    part = name.strip("*").rpartition("/")[2].lower()
    return [one for one in names if part and part in one.lower()]
