"""What is handed over, of any kind: what readers can take arrives, the rest is counted."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossmon import signals
from lossmon.eventfile import encoding
from lossmon.eventfile.encoding import MAX_TAG
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, Run, RunMeta

NO_LAYERS = np.zeros((0, 0), np.float32)


def read(logdir: Path) -> Run:
    return RunReader(logdir, "x", patience=0).poll()


def steps_of(run: Run, tag: str = "train/loss") -> list[int]:
    series = run.series.get(tag)
    return [] if series is None else series.steps.tolist()


def losses(writer: RunWriter, steps: range) -> None:
    for step in steps:
        writer.scalars(step, 1e9 + step, {"train/loss": float(step)})


def wide(writer: RunWriter, meta: RunMeta, step: int) -> None:
    rows = np.full((len(meta.parameters), len(meta.parameter_signals)), step, np.float32)
    writer.wide(step, 1e9, rows, NO_LAYERS, np.zeros((1, len(meta.run_signals)), np.float32))


@pytest.fixture
def writer(tmp_path: Path, meta: RunMeta) -> Iterator[RunWriter]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        writer = RunWriter(tmp_path, meta, flush_s=0.02)
        yield writer
        writer.close()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (10**30, np.float32(1e30)),
        (1e39, math.inf),
        (np.float64(0.5), 0.5),
        (np.array(2, np.int8), 2.0),
        (True, 1.0),
        (float("-inf"), -math.inf),
        (float("nan"), math.nan),
    ],
)
def test_a_number_of_any_kind_arrives_as_a_float32(
    writer: RunWriter, tmp_path: Path, value: Any, found: float
) -> None:
    writer.scalars(0, 1e9, {"x": value})
    writer.close()
    assert np.array_equal(read(tmp_path).series["x"].values, [found], equal_nan=True)


@pytest.mark.parametrize("value", ["text", None, 10**400, object(), np.zeros(3)])
def test_what_is_no_number_is_counted_and_its_neighbours_arrive(
    writer: RunWriter, tmp_path: Path, value: Any
) -> None:
    losses(writer, range(3))
    writer.scalars(3, 1e9, {"train/loss": value})
    losses(writer, range(4, 6))
    writer.close()
    run = read(tmp_path)
    assert steps_of(run) == [0, 1, 2, 4, 5]
    assert (writer.dropped, run.damage.records) == (1, 0)


@pytest.mark.parametrize("step", [2**35, 2**62, -1, np.int64(7)])
def test_a_step_of_any_size_arrives(
    writer: RunWriter, tmp_path: Path, meta: RunMeta, step: int
) -> None:
    writer.scalars(step, 1e9, {"train/loss": 1.0})
    wide(writer, meta, step)
    writer.close()
    run = read(tmp_path)
    assert steps_of(run) == [step]
    assert run.parameters is not None
    assert run.parameters.steps.tolist() == [step]


def test_a_step_beyond_64_bits_is_counted(writer: RunWriter, tmp_path: Path) -> None:
    writer.scalars(2**64, 1e9, {"train/loss": 1.0})
    losses(writer, range(3))
    writer.close()
    assert (steps_of(read(tmp_path)), writer.dropped) == ([0, 1, 2], 1)


def test_a_clock_that_jumps_back_costs_nothing(writer: RunWriter, tmp_path: Path) -> None:
    for step in range(20):
        writer.scalars(step, 1e9 + step - 5000 * (step > 9), {"train/loss": float(step)})
    writer.close()
    assert read(tmp_path).series["train/loss"].values.tolist() == list(range(20))


@pytest.mark.parametrize("tag", ["x" * 5_000_000, "ü" * (MAX_TAG // 2 + 1), 3, None, ("a", "b")])
def test_a_tag_that_no_reader_takes_is_left_out_and_the_others_arrive(
    writer: RunWriter, tmp_path: Path, tag: Any
) -> None:
    for step in range(3):
        writer.scalars(step, 1e9, {"train/loss": 1.0, tag: 2.0, "train/lr": 3.0})
    writer.close()
    run = read(tmp_path)
    assert steps_of(run) == steps_of(run, "train/lr") == [0, 1, 2]
    assert not run.damage
    assert writer.dropped == 3


def test_the_longest_tag_and_one_of_odd_characters_arrive(
    writer: RunWriter, tmp_path: Path
) -> None:
    for tag in ("x" * MAX_TAG, "a\ud800b", "\x1b[31m", ""):
        writer.scalars(0, 1e9, {tag: 1.0})
    writer.close()
    assert set(read(tmp_path).series) == {"x" * MAX_TAG, "a?b", "\x1b[31m", ""}


def test_of_a_hundred_thousand_tags_the_first_are_kept_and_the_rest_is_counted(
    writer: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "MAX_TAGS", 500)  # to be quick at reading
    count = 100_000
    for step in range(10):
        writer.scalars(0, 1e9, {f"t{i}": 1.0 for i in range(step * 10_000, (step + 1) * 10_000)})
    for i in range(1000):
        writer.scalars(1, 1e9, {f"t{count + i}": 1.0})
    writer.scalars(1, 1e9, {"t0": 2.0})
    writer.close()
    run = read(tmp_path)
    assert len(run.series) == 500 - len(signals.SCALARS) + 1  # each of ours has a place kept
    assert run.series[signals.DROPPED.tag].values[-1] == writer.dropped
    assert run.series["t0"].values.tolist() == [1.0, 2.0]
    assert not run.damage
    assert writer.dropped == 10 + 1000


def test_a_mark_of_too_much_detail_keeps_its_kind(writer: RunWriter, tmp_path: Path) -> None:
    writer.mark(Mark(0, 1e9, "exception", {"error": "x" * 100_000}))
    writer.close()
    run = read(tmp_path)
    assert [mark.kind for mark in run.marks] == ["exception"]
    assert not run.damage
