"""`lossmon export`: the values of one or many runs, for a spreadsheet or another program."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossmon.cli.codes import HEALTHY
from lossmon.cli.newfile import new_file
from lossmon.cli.output import emit, note
from lossmon.cli.progress import Progress
from lossmon.cli.runs import nearest, quoted, read_each, runs_called, signals_called
from lossmon.cli.source import LOGDIR, fetched
from lossmon.errors import NoDataError, UsageError
from lossmon.numfmt import fmt_count, plural, printable

if TYPE_CHECKING:
    from lossmon.eventfile.logdir import RunSource
    from lossmon.report.rows import Block, Selection


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("export", help="write the values of runs as CSV or JSON lines")
    parser.add_argument("logdir", metavar="LOGDIR", help=LOGDIR)
    parser.add_argument(
        "--run", dest="names", metavar="NAME", action="append", default=[],
        help="only this run; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--tags", metavar="GLOB", nargs="+", action="extend", default=[], help="only these scalars"
    )
    parser.add_argument(
        "--signals", metavar="NAME", nargs="+", action="extend", default=[],
        help="values of every sampled parameter (grad_norm, ...) or of the run (prior_loss, ...)",
    )  # fmt: skip
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv", default="csv")
    form.add_argument(
        "--jsonl", "--json", dest="form", action="store_const", const="jsonl",
        help="JSON lines (schema 1) instead of CSV",
    )  # fmt: skip
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="instead of stdout")
    parser.add_argument("--force", action="store_true", help="replace FILE where it exists")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the rows; what stands in FILE stands there whole."""
    from lossmon.report.rows import WIDE_SIGNALS, Selection

    tags = tuple(args.tags or ([] if args.signals else ["*"]))
    selection = Selection(tags, signals_called(args.signals, WIDE_SIGNALS))
    with fetched(args.logdir) as root:
        return _write(args, _Export(runs_called(args.names, root), selection, args.form))


def _write(args: argparse.Namespace, export: _Export) -> int:
    path: Path | None = args.output
    if path is None or str(path) == "-":
        export.write(emit, Progress(shared=sys.stdout is not None and sys.stdout.isatty()))
        return HEALTHY
    with new_file(path, force=args.force) as stream:
        export.write(lambda text: stream.write(text) >= 0, Progress(shared=False))
    note(f"{plural(export.rows, 'row')} in {printable(str(path))}")
    return HEALTHY


@dataclass(slots=True)
class _Export:
    """What is to be written, and what has been met on the way."""

    sources: Sequence[RunSource]
    selection: Selection
    form: str
    rows: int = 0
    tags: set[str] = field(default_factory=set)
    """Of all the scalars in the runs."""
    names: set[str] = field(default_factory=set)
    """Tags and signals that were written."""

    def write(self, put: Callable[[str], bool], progress: Progress) -> None:
        """Pass the text on, block by block, until there is no more or nobody reads it.

        Raises:
            NoDataError: The runs hold nothing of what was selected.
            UsageError: A pattern fits no tag.
        """
        text, render = _form(self.form)
        try:
            for number, block in self._blocks():
                if not put(text + render(block)):
                    return
                text = ""
                self.rows += len(block)
                self.names.add(block.name)
                runs = f", run {number} of {len(self.sources)}" if len(self.sources) > 1 else ""
                progress.show(f"{fmt_count(self.rows)} rows{runs}")
        finally:
            progress.clear()
        self._complain()

    def _blocks(self) -> Iterator[tuple[int, Block]]:
        from lossmon.report.rows import blocks

        for number, one in enumerate(read_each(self.sources), 1):
            self.tags |= one.series.keys()
            for block in blocks(one, self.selection):
                yield number, block

    def _complain(self) -> None:
        from lossmon.report.rows import fits

        for pattern in self.selection.tags:
            if pattern != "*" and not any(fits(tag, pattern) for tag in self.tags):
                raise UsageError(f"no tag fits {quoted(pattern)}; {nearest(pattern, self.tags)}")
        missing = [s.name for s in self.selection.signals if s.name not in self.names]
        if not self.rows:
            what = ", ".join(missing) if missing else "scalar"
            raise NoDataError(f"no {what} in these runs; `lossmon ls` lists what there is")
        for name in missing:
            note(f"no {name} in these runs")


def _form(name: str) -> tuple[str, Callable[[Block], str]]:
    """Return what stands before the first row, and what makes rows text."""
    if name == "csv":
        from lossmon.report.csv import HEADER, render_csv

        return HEADER, render_csv
    from lossmon.report.jsonlines import render_json_lines

    return "", render_json_lines
