"""Rows as JSON lines: each line a strict JSON object of a versioned schema, in printable ASCII.

Numbers are written with as few digits as bring the same float64 back; those that are not finite
are the strings "nan", "inf" and "-inf".
"""

from __future__ import annotations

import numpy as np

from lossmon.records import Floats
from lossmon.report.json import dump
from lossmon.report.rows import Block

SCHEMA = 1
"""Raised when a key is renamed, removed or changes its meaning; new keys do not raise it."""


def render_json_lines(block: Block) -> str:
    """Return one line per row."""
    lead, name = f'{{"schema": {SCHEMA}, "run": {_text(block.run)}', _text(block.name)
    parts = [_text(parameter) if parameter else "null" for parameter in block.parameters]
    heads = (
        f'{lead}, "step": {step}, "wall_time": {wall}, "name": {name}'
        for step, wall in zip(block.steps.tolist(), _numbers(block.wall_times), strict=True)
    )
    values, ends = iter(_numbers(block.values.reshape(-1))), _ends(block)
    return "".join(
        f'{head}, "parameter": {part}, "value": {next(values)}{end}}}\n'
        for head, end in zip(heads, ends, strict=True)
        for part in parts
    )


def _ends(block: Block) -> list[str]:
    """Return the keys of rows that stand for several points."""
    if block.points is None or block.low is None or block.high is None:
        return [""] * len(block.steps)
    rows = zip(block.points.tolist(), _numbers(block.low), _numbers(block.high), strict=True)
    return [
        f', "points": {n}, "low": {low}, "high": {high}' if n > 1 else "" for n, low, high in rows
    ]


def _text(text: str) -> str:
    return dump(text, indent=None).rstrip("\n")


def _numbers(values: Floats) -> list[str]:
    texts = [repr(value) for value in values.tolist()]
    for at in np.flatnonzero(~np.isfinite(values)).tolist():
        texts[at] = f'"{texts[at]}"'
    return texts
