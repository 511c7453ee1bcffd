"""`lossmon report`: findings and figures as one file to keep, to send, or to open offline."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossmon.cli.codes import HEALTHY
from lossmon.cli.newfile import new_file
from lossmon.cli.output import emit, note
from lossmon.cli.runs import read_each, runs_called
from lossmon.cli.source import LOGDIR, fetched
from lossmon.errors import LossmonError
from lossmon.numfmt import plural, printable

if TYPE_CHECKING:
    from lossmon.records import Run

_INSTALL = "figures need Bokeh: pip install 'lossmon[tensorboard]'; --md needs nothing"


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("report", help="write findings and figures to one file")
    parser.add_argument("logdir", metavar="LOGDIR", help=LOGDIR)
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--html", metavar="FILE", help="a page that opens offline; - for stdout")
    form.add_argument("--md", metavar="FILE", help="Markdown to paste; - for stdout")
    form.add_argument("--json", action="store_true", help="print JSON (schema 1) for programs")
    parser.add_argument(
        "--run", dest="names", metavar="NAME", action="append", default=[],
        help="only this run; repeatable",
    )  # fmt: skip
    parser.add_argument("--dark", action="store_true", help="light on dark, of --html")
    parser.add_argument("--force", action="store_true", help="replace FILE where it exists")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the report; 0 whatever it says: `check` is there to judge."""
    with fetched(args.logdir) as root:
        runs = list(read_each(runs_called(args.names, root)))
        text = _text(args, runs)
    name = args.html or args.md or "-"
    if name == "-":
        emit(text)
        return HEALTHY
    with new_file(Path(name), force=args.force) as stream:
        stream.write(text)
    note(f"{plural(len(runs), 'run')} in {printable(name)}")
    return HEALTHY


def _text(args: argparse.Namespace, runs: list[Run]) -> str:
    from lossmon.diagnosis.engine import diagnose

    reports = [diagnose(one) for one in runs]
    if args.json:
        from lossmon.report.json import render_json

        return render_json(reports)
    if args.md is not None:
        from lossmon.report.markdown import render_markdown

        return render_markdown(reports)
    from lossmon.eventfile.liveness import liveness

    script = _bokeh()
    from lossmon.report.html import Page, render_html

    now = time.time()
    pages = [Page(a, b, liveness(a, now)) for a, b in zip(runs, reports, strict=True)]
    return render_html(pages, title=args.logdir, script=script, dark=args.dark)


def _bokeh() -> str:
    """Return the source of BokehJS, which fits the figures as it comes with the package.

    Raises:
        LossmonError: It is not installed.
    """
    try:
        import bokeh
    except ImportError as error:
        raise LossmonError(_INSTALL) from error
    file = Path(str(bokeh.__file__)).parent / "server" / "static" / "js" / "bokeh.min.js"
    try:
        return file.read_text(encoding="utf-8").replace("</script", "<\\/script")
    except OSError as error:
        raise LossmonError(_INSTALL) from error
