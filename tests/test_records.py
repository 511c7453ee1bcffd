from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from lossmon.records import Damage, Mark, ParameterInfo, Run, Series, Table
from lossmon.signals import GRAD_NORM, LOSS, WEIGHT_NORM


def series(*steps: int, tag: str = "train/loss") -> Series:
    at = np.array(steps, np.int64)
    return Series(tag, at, at + 0.5, at * 0.1)


def table(*steps: int) -> Table:
    at = np.array(steps, np.int64)
    values = np.arange(len(steps) * 2, dtype=np.float32).reshape(-1, 2, 1)
    return Table((GRAD_NORM.name,), at, at + 0.5, values)


def test_series_until_a_step_ends_with_it() -> None:
    assert series(0, 2, 5, 9).until(5).steps.tolist() == [0, 2, 5]
    assert series(0, 2, 5, 9).until(4).values.tolist() == [0.0, 0.2]


def test_series_until_before_its_start_is_empty() -> None:
    assert len(series(3, 4).until(2)) == 0


def test_table_until_a_step_ends_with_it() -> None:
    cut = table(0, 4, 8).until(7)
    assert cut.steps.tolist() == [0, 4]
    assert cut.column(GRAD_NORM).shape == (2, 2)


def test_table_gives_a_column_for_all_rows() -> None:
    column = table(0, 4).column(GRAD_NORM)
    assert column.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert column.dtype == np.float64


def test_column_that_was_not_recorded_is_all_nan() -> None:
    missing = table(0, 4).column(WEIGHT_NORM)
    assert missing.shape == (2, 2)
    assert np.isnan(missing).all()


def test_run_finds_a_signal_by_its_tag() -> None:
    loss = series(0, 1)
    assert Run("a", {LOSS.tag: loss}).scalar(LOSS) is loss


def test_run_finds_a_signal_that_a_foreign_log_spells_otherwise() -> None:
    loss = series(0, 1, tag="Loss/train")
    assert Run("a", {"Loss/train": loss}, roles={LOSS.name: "Loss/train"}).scalar(LOSS) is loss


def test_run_without_a_signal_has_none() -> None:
    assert Run("a").scalar(LOSS) is None


def test_last_step_is_the_highest_of_any_record() -> None:
    assert Run("a").last_step == -1
    assert Run("a", {LOSS.tag: series()}).last_step == -1
    assert Run("a", {LOSS.tag: series(0, 7)}, parameters=table(0, 8)).last_step == 8


def test_run_until_a_step_cuts_everything_alike() -> None:
    run = Run(
        "a",
        {LOSS.tag: series(0, 4, 8)},
        parameters=table(0, 4, 8),
        totals=table(4, 8),
        marks=(Mark(0, 0.5, "resumed"), Mark(8, 8.5, "closed")),
    ).until(4)
    assert run.series[LOSS.tag].steps.tolist() == [0, 4]
    assert run.parameters is not None
    assert run.parameters.steps.tolist() == [0, 4]
    assert run.totals is not None
    assert run.totals.steps.tolist() == [4]
    assert [mark.kind for mark in run.marks] == ["resumed"]
    assert run.last_step == 4


def test_parameter_counts_its_elements() -> None:
    assert ParameterInfo("w", (3, 4)).numel == 12
    assert ParameterInfo("scale", ()).numel == 1


def test_damage_is_true_when_there_is_any() -> None:
    assert not Damage()
    assert Damage(records=1)
    assert Damage(files=("a: unreadable",))


def test_records_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        replace(Mark(0, 0.5, "closed")).step = 1  # type: ignore[misc]
