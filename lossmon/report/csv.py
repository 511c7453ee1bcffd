"""Rows as comma-separated values: safe to open in a spreadsheet, exact when read by a program.

Numbers are written with as few digits as bring the same float64 back; `nan`, `inf` and `-inf` are
written so. Text comes from logs: control characters are escaped, and what a spreadsheet would take
for a formula gets an apostrophe before it. A number is never changed.
"""

from __future__ import annotations

import csv
import io

from lossmon.numfmt import printable
from lossmon.report.rows import COLUMNS, Block

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters by which a spreadsheet takes text for a formula; the wide ones in East Asia."""
_LONGEST = 8192

HEADER = ",".join(COLUMNS) + "\n"


def render_csv(block: Block) -> str:
    """Return one line per row, without the header."""
    run, name = cell(block.run), cell(block.name)
    parts = [cell(parameter) for parameter in block.parameters]
    heads = (
        f"{run},{step},{wall!r},{name}"
        for step, wall in zip(block.steps.tolist(), block.wall_times.tolist(), strict=True)
    )
    values, ends = iter(block.values.reshape(-1).tolist()), _ends(block)
    return "".join(
        f"{head},{part},{next(values)!r},{end}\n"
        for head, end in zip(heads, ends, strict=True)
        for part in parts
    )


def _ends(block: Block) -> list[str]:
    """Return the last three cells of each step."""
    if block.points is None or block.low is None or block.high is None:
        return [",,"] * len(block.steps)
    rows = zip(block.points.tolist(), block.low.tolist(), block.high.tolist(), strict=True)
    return [f"{n},{low!r},{high!r}" if n > 1 else ",," for n, low, high in rows]


def cell(text: str) -> str:
    """Return text from a log as one cell, quoted where need be."""
    safe = printable(text, _LONGEST)
    if text.startswith(_FORMULA):
        safe = f"'{safe}"
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow((safe,))
    return line.getvalue() if safe else ""
