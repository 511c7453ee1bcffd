"""`lossmon doctor`: what may be wrong around a run: packages, the tab, the log, the terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lossmon.cli.codes import FINDINGS, HEALTHY, NO_DATA
from lossmon.cli.output import columns, emit, use_colour
from lossmon.cli.source import LOGDIR, fetched
from lossmon.errors import NoDataError, RemoteError

if TYPE_CHECKING:
    from lossmon.doctor.answer import Answer, Section


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "doctor", help="say what is wrong around a run: tab, log, terminal"
    )
    parser.add_argument("logdir", metavar="LOGDIR", nargs="?", help=LOGDIR)
    parser.add_argument("--json", action="store_true", help="print JSON (schema 1) for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the answers; return 3 where there is a problem, 4 where LOGDIR holds no run."""
    from lossmon.doctor.rendering import document, render
    from lossmon.report.json import SCHEMA, dump

    sections = list(_sections())
    code = HEALTHY
    if args.logdir is not None:
        found, code = _log(args.logdir)
        sections.append(found)
    if args.json:
        emit(dump(document(sections, SCHEMA)))
    else:
        emit(render(sections, colour=use_colour(sys.stdout), width=columns()))
    levels = {answer.level for section in sections for answer in section.answers}
    return code or (FINDINGS if "problem" in levels else HEALTHY)


def _sections() -> Iterator[Section]:
    from lossmon.doctor.answer import Section
    from lossmon.doctor.gpu import gpus
    from lossmon.doctor.packages import packages
    from lossmon.doctor.tab import tab
    from lossmon.doctor.terminal import terminal

    yield Section("packages", tuple(packages()))
    yield Section('TensorBoard, tab "Stagnation"', tuple(tab()))
    yield Section("GPU", tuple(gpus()))
    yield Section("terminal", tuple(terminal()))


def _log(logdir: str) -> tuple[Section, int]:
    """Return what there is to say of a logdir, and NO_DATA where it holds no run."""
    from pathlib import Path

    from lossmon.doctor.answer import Section, problem
    from lossmon.doctor.log import log, place
    from lossmon.eventfile.sources import is_remote

    answers: list[Answer] = [] if is_remote(logdir) else list(place(Path(logdir)))
    code = HEALTHY
    try:
        with fetched(logdir) as root:
            answers += log(root)
    except (NoDataError, RemoteError) as error:
        fix = "pass the folder given as logdir=, or that of `lossmon run`: runs/<script name>"
        answers.append(problem("runs", str(error), fix))
        code = NO_DATA
    return Section("log", tuple(answers)), code
