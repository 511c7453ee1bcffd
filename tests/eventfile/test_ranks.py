"""A run's other ranks, as their files tell them: shards, silence, late records, old starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis.engine import diagnose
from lossmon.eventfile.place import FOLDER, claim, claim_together
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, ParameterInfo, RunMeta
from lossmon.report.text import render_text

START = 1e9
COLUMNS = tuple(signal.name for signal in signals.PARAMETER_SIGNALS)
ROWS = (("cut", 2), ("whole", 1))
Rank = Callable[..., RunWriter]


@pytest.fixture
def rank(tmp_path: Path, meta: RunMeta) -> Rank:
    """Write steps of one rank; every number of the parameter table is `value`."""

    def write(
        number: int,
        steps: range,
        value: float,
        *,
        run_id: str = "job-1",
        world: int = 2,
        shards: int | None = None,
        first: int = 0,
        start: float = START,
        end: str = "closed",
    ) -> RunWriter:
        parameters = tuple(
            ParameterInfo(name, (4,), shard=number, shards=shards or count, shard_numel=1 + number)
            if count > 1
            else ParameterInfo(name, (4,), group=0)
            for name, count in ROWS
        )
        told = replace(
            meta, run_id=run_id, rank=number, world_size=world, parameters=parameters,
            start_step=first, start_wall=start,
        )  # fmt: skip
        writer = RunWriter(tmp_path, told)
        for step in steps:
            at = start + step
            writer.scalars(step, at, {"train/loss": 1.0})
            table = np.full((2, len(COLUMNS)), value, np.float32)
            totals = np.zeros((1, len(meta.run_signals)), np.float32)
            writer.wide(step, at, table, np.zeros((0, 0), np.float32), totals)
        if end:
            writer.mark(Mark(steps[-1], start + steps[-1], end, {"error": "E: x"}))
        writer.close()
        return writer

    return write


def column(reader: RunReader, signal: signals.Signal, row: int = 0) -> list[float]:
    table = reader.poll().parameters
    assert table is not None
    return table.column(signal)[:, row].tolist()


def test_each_number_is_pooled_by_what_it_is(rank: Rank, tmp_path: Path) -> None:
    rank(0, range(1), 3.0)
    rank(1, range(1), 4.0)
    reader = RunReader(tmp_path, "run")
    assert column(reader, signals.GRAD_NORM) == [5.0]
    assert column(reader, signals.GRAD_DOT_PREV) == [7.0]
    assert column(reader, signals.WEIGHT_NONFINITE) == [7.0]
    assert column(reader, signals.GRAD_STALE) == [4.0]
    # Shards of 1 and 2 elements.
    assert column(reader, signals.GRAD_ZERO_SHARE) == pytest.approx([11 / 3])
    assert column(reader, signals.GRAD_NORM, row=1) == [3.0]
    total = reader.poll().scalar(signals.TOTAL_GRAD_NORM)
    assert total is not None
    assert total.values == pytest.approx([np.sqrt(25 + 9)])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_one_shard_measured_as_not_finite_stays_so(
    value: float, rank: Rank, tmp_path: Path
) -> None:
    rank(0, range(2), 1.0)
    rank(1, range(2), value)
    norms = column(RunReader(tmp_path, "run"), signals.GRAD_NORM)
    assert np.array_equal(norms, [value, value], equal_nan=True)


def test_a_step_of_a_rank_is_not_added_to_the_same_step_of_another_start(
    rank: Rank, tmp_path: Path
) -> None:
    rank(0, range(6), 3.0)
    rank(1, range(6), 4.0)
    rank(0, range(3, 6), 6.0, run_id="job-2", first=3, start=START + 100)
    rank(1, range(5, 6), 8.0, run_id="job-2", first=3, start=START + 100)
    norms = column(RunReader(tmp_path, "run"), signals.GRAD_NORM)
    assert norms[:3] == [5.0] * 3
    assert np.isnan(norms[3:5]).all()
    assert norms[5] == 10.0


def test_records_wait_for_the_shards_that_may_still_come(rank: Rank, tmp_path: Path) -> None:
    rank(0, range(20), 3.0, end="")
    rank(1, range(17), 4.0, end="")
    reader = RunReader(tmp_path, "run")
    table = reader.poll().parameters
    assert table is not None
    assert table.steps.tolist() == list(range(17))
    assert reader.ranks_at_work == (1,)


def test_records_of_a_run_that_has_ended_wait_for_nobody(rank: Rank, tmp_path: Path) -> None:
    rank(0, range(20), 3.0)
    rank(1, range(17), 4.0, end="")
    norms = column(RunReader(tmp_path, "run"), signals.GRAD_NORM)
    assert norms[:17] == [5.0] * 17
    assert np.isnan(norms[17:]).all()


def test_a_run_grows_as_its_ranks_do(rank: Rank, tmp_path: Path) -> None:
    reader = RunReader(tmp_path, "run")
    rank(0, range(10), 3.0, end="")
    assert len(reader.poll().parameters) == 5
    rank(1, range(10), 4.0)
    assert column(reader, signals.GRAD_NORM) == [5.0] * 10
    total = reader.poll().scalar(signals.TOTAL_GRAD_NORM)
    assert total is not None
    assert len(total) == 10


def test_a_rank_that_fell_silent_while_rank_0_went_on_is_named(rank: Rank, tmp_path: Path) -> None:
    rank(0, range(100), 3.0)
    rank(1, range(20), 4.0, end="")
    run = RunReader(tmp_path, "run").poll()
    (lost,) = [mark for mark in run.marks if mark.kind == signals.RANK_LOST]
    assert (lost.step, lost.detail) == (19, {"rank": 1})
    text = " ".join(render_text([diagnose(run)]).split())
    assert "Rank 1 has fallen silent after step 19." in text
    assert "Losses are those of rank 0 of 2" in text


def test_a_rank_that_failed_is_named_with_its_error(rank: Rank, tmp_path: Path) -> None:
    rank(0, range(20), 3.0)
    rank(1, range(20), 4.0, end="exception")
    report = diagnose(RunReader(tmp_path, "run").poll())
    assert "Rank 1 failed at step 19: E: x" in render_text([report])


def test_ranks_of_a_job_that_come_at_once_find_one_logdir(tmp_path: Path) -> None:
    assert claim(tmp_path / "a") == tmp_path / "a"
    (tmp_path / "a" / FOLDER / "log").touch()
    assert {claim_together(tmp_path / "a", "job-1") for _ in range(3)} == {tmp_path / "a-2"}
    assert claim_together(tmp_path / "a", "job-2") == tmp_path / "a-3"
    assert claim(tmp_path / "a") == tmp_path / "a-4"
