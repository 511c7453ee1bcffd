"""Rows of a run, and the same values read back from CSV and from JSON lines."""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Callable, Mapping
from typing import Any
from unicodedata import category

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.records import BucketRows, Run, Series
from lossmon.report.csv import HEADER, cell, render_csv
from lossmon.report.jsonlines import render_json_lines
from lossmon.report.rows import COLUMNS, Block, Selection, blocks

ODD = [0.1, -0.0, 5e-324, 1.7976931348623157e308, np.nan, np.inf, -np.inf, 1 / 3, -2.5e-7]
FLOATS32 = struct.unpack("<4f", struct.pack("<4f", 0.1, 1e-45, 3.4e38, -1 / 3))
Row = tuple[str, int, float, str, str, float]


def scalars(values: Any, tag: str = "train/loss", run: str = "a") -> Run:
    array = np.asarray(values, float)
    steps = np.arange(len(array))
    return Run(run, series={tag: Series(tag, steps, 1.7e9 + steps / 3, array)})


def from_csv(run: Run, selection: Selection) -> list[Row]:
    text = HEADER + "".join(map(render_csv, blocks(run, selection)))
    return [row_of(row) for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)]


def from_json(run: Run, selection: Selection) -> list[Row]:
    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is not JSON")

    text = "".join(map(render_json_lines, blocks(run, selection)))
    rows = [json.loads(line, parse_constant=refuse) for line in text.split("\n")[:-1]]
    assert all(tuple(row) == ("schema", *COLUMNS[:6]) and row["schema"] == 1 for row in rows)
    return [row_of(row) for row in rows]


def row_of(row: Mapping[str, Any]) -> Row:
    parameter, value = row["parameter"] or "", float(row["value"])
    return row["run"], int(row["step"]), float(row["wall_time"]), row["name"], parameter, value


def condensed() -> Run:
    """A run of one point and one bucket of three."""
    table = np.array([[2.0, 1.0, 3.0, 3.0, 2.0, 3.0, 1.0, 3.0]])
    steps, values = np.array([0, 3]), np.array([5.0, 2.0])
    series = Series("loss", steps, steps * 1.0, values, BucketRows(np.array([1]), table))
    return Run("a", series={"loss": series})


def test_rows_that_stand_for_several_points_say_so() -> None:
    (block,) = blocks(condensed(), Selection())
    assert render_csv(block) == "a,0,0.0,loss,,5.0,,,\na,3,3.0,loss,,2.0,3,1.0,3.0\n"
    single, bucket = map(json.loads, render_json_lines(block).splitlines())
    assert "points" not in single
    assert (bucket["points"], bucket["low"], bucket["high"]) == (3, 1.0, 3.0)


both = pytest.mark.parametrize("read_back", [from_csv, from_json])
ReadBack = Callable[[Run, Selection], list[Row]]


@both
def test_every_scalar_comes_back_bit_by_bit(read_back: ReadBack) -> None:
    values = [*ODD, *FLOATS32]
    run = scalars(values)
    rows = read_back(run, Selection())
    assert [row[:2] for row in rows] == [("a", step) for step in range(len(values))]
    assert [row[2] for row in rows] == run.series["train/loss"].wall_times.tolist()
    assert np.array([row[5] for row in rows]).tobytes() == np.array(values).tobytes()


@both
def test_wide_signals_come_back_with_their_parameters(read_back: ReadBack) -> None:
    run = synth.run(150)
    chosen = Selection((), (signals.GRAD_NORM, signals.GRAD_DOT_PREV, signals.PRIOR_LOSS))
    rows = read_back(run, chosen)
    assert run.parameters is not None
    for signal in chosen.signals[:2]:
        mine = [row for row in rows if row[3] == signal.name]
        values = np.array([row[5] for row in mine]).reshape(150, -1)
        assert np.array_equal(values, run.parameters.column(signal), equal_nan=True)
        assert [row[4] for row in mine[: len(synth.SHAPES)]] == list(synth.SHAPES)
        assert [row[1] for row in mine[:: len(synth.SHAPES)]] == run.parameters.steps.tolist()
    assert {row[4] for row in rows if row[3] == "prior_loss"} == {""}


@both
def test_a_run_longer_than_a_block_loses_no_row(read_back: ReadBack) -> None:
    rows = read_back(scalars(np.arange(20_000) / 7), Selection())
    assert [row[1] for row in rows] == list(range(20_000))
    assert [row[5] for row in rows] == (np.arange(20_000) / 7).tolist()


@both
def test_a_clock_that_is_not_a_number_breaks_no_line(read_back: ReadBack) -> None:
    series = Series("t", np.arange(2), np.array([np.nan, np.inf]), np.ones(2))
    first, second = read_back(Run("a", series={"t": series}), Selection())
    assert np.isnan(first[2])
    assert second[2] == np.inf


def test_tags_are_chosen_by_patterns_and_by_their_very_letters() -> None:
    series = {tag: scalars([1.0], tag).series[tag] for tag in ("train/loss", "val/loss", "a[0]")}
    run = Run("a", series=series)
    names = lambda *tags: [block.name for block in blocks(run, Selection(tags))]  # noqa: E731
    assert names("*/loss") == ["train/loss", "val/loss"]
    assert names("a[0]") == ["a[0]"]
    assert names("nothing") == []


def test_a_signal_that_the_log_lacks_has_no_rows() -> None:
    assert list(blocks(scalars([1.0]), Selection((), (signals.GRAD_NORM,)))) == []


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=LINK("a")', "＝1", "=a,b"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_in_a_name_is_text_to_a_spreadsheet(text: str) -> None:
    run = scalars([-1.5], tag=text, run=text)
    ((name, _, _, tag, _, value),) = from_csv(run, Selection())
    assert name.startswith("'")
    assert tag.startswith("'")
    assert value == -1.5


def test_numbers_below_zero_are_left_alone() -> None:
    (block,) = blocks(scalars([-1.5, -np.inf]), Selection())
    assert [line.split(",")[5] for line in render_csv(block).splitlines()] == ["-1.5", "-inf"]


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_is_one_cell_and_speaks_to_no_terminal(run: str, tag: str) -> None:
    block = Block(run, tag, (tag,), np.arange(1), np.ones(1), np.ones((1, 1)))
    for text in (render_csv(block), render_json_lines(block)):
        assert text.count("\n") == 1
        assert not any(category(char) == "Cc" for char in text.replace("\n", ""))
    (row,) = csv.reader(io.StringIO(render_csv(block), newline=""), strict=True)
    assert len(row) == len(COLUMNS)
    found = json.loads(render_json_lines(block))
    assert (found["run"], found["name"]) == (run, tag)


def test_an_ordinary_name_is_left_as_it_is() -> None:
    assert cell("blocks.0.weight") == "blocks.0.weight"
    assert cell("größe, µ") == '"größe, µ"'
    assert cell("") == ""
