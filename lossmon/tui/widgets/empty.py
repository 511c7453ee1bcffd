"""What stands on the screen while there is no run: why, and what to do."""

from __future__ import annotations

from textwrap import wrap

from lossmon.eventfile.sources.address import is_remote
from lossmon.numfmt import printable
from lossmon.tui.line import EMPTY, Line, line

_LONGEST_ROOT = 60


def empty_lines(root: str, problem: str, width: int, height: int, *, words: str = "") -> list[Line]:
    """Return the lines, a few rows from the top; `words`: what runs were filtered by."""
    where = printable(root, _LONGEST_ROOT)
    if words:
        said = (f"  No run matches {printable(words, _LONGEST_ROOT)}", "warning")
        return [EMPTY, line(said), line(("  / changes the filter", "dim"))]
    if not problem:
        return [EMPTY, line((f"  Reading {where} ...", "dim"))]
    if is_remote(root):
        return _remote_lines(where, problem, width)[:height]
    lines = [
        EMPTY,
        line(("  Waiting for a training in ", ""), (where, "bold")),
        line((f"  ({problem})", "dim")),
        EMPTY,
        line(("  It appears here by itself. To start one, in another terminal:", "")),
        EMPTY,
        line((f"      lossmon run --logdir {where} train.py", "key")),
        EMPTY,
        line(("  or in your own loop:", "")),
        EMPTY,
        line((f'      mon = lossmon.watch(model, optimizer, logdir="{where}")', "key")),
        line(("      ...", "key")),
        line(("      mon.step(loss)", "key")),
        EMPTY,
        line(("  Logs of other TensorBoard writers are read too.", "dim")),
    ]
    return lines[:height]


def _remote_lines(where: str, problem: str, width: int) -> list[Line]:
    reasons = wrap(problem, max(width - 4, 20))
    return [
        EMPTY,
        line(("  Waiting for ", ""), (where, "bold")),
        EMPTY,
        *(line((f"  {text}", "warning")) for text in reasons),
        EMPTY,
        line(
            ("  Runs appear here by themselves: of lossmon, and of TensorBoard's writers.", "dim")
        ),
        line(("  Nothing has to be installed over there but sshd.", "dim")),
    ]
