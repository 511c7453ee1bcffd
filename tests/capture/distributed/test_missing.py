"""Ranks that are not watched, sample seldom, fail, or come again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import lossmon
from lossmon.signals import GRAD_NORM, LOSS, RANK_LOST, TOTAL_GRAD_NORM, UPDATE_NORM


def test_a_step_that_one_rank_has_not_sampled_is_unknown_and_no_partial_sum(train) -> None:
    alone = train(name="alone")
    run = train(2, kind="fsdp", every={0: 1, 1: 4})
    assert run.parameters.steps.tolist() == list(range(12))
    for signal in (GRAD_NORM, UPDATE_NORM):
        found, expected = run.parameters.column(signal), alone.parameters.column(signal)
        np.testing.assert_allclose(found[::4], expected[::4], rtol=1e-5)
        assert np.isnan(np.delete(found, [0, 4, 8], axis=0)).all()
    assert run.scalar(TOTAL_GRAD_NORM).steps.tolist() == [0, 4, 8]


def test_shards_of_ranks_that_are_not_watched_are_unknown(train) -> None:
    run = train(2, kind="fsdp", watched=(0,))
    assert len(run.scalar(LOSS)) == 12
    assert run.scalar(TOTAL_GRAD_NORM) is None
    assert np.isnan(run.parameters.column(GRAD_NORM)).all()


def test_of_whole_parameters_rank_0_knows_all(train) -> None:
    alone, run = train(name="alone"), train(2, kind="ddp", watched=(0,))
    np.testing.assert_allclose(
        run.parameters.column(GRAD_NORM), alone.parameters.column(GRAD_NORM), rtol=1e-5
    )


def test_a_rank_that_fails_is_named_with_its_error(train) -> None:
    run = train(2, kind="ddp", fails=1, codes=(1,))
    (lost,) = [mark for mark in run.marks if mark.kind == RANK_LOST]
    assert lost.detail == {"rank": 1, "error": "RuntimeError: no more data"}
    assert lost.step == 11


def test_what_a_rank_wrote_before_it_was_killed_is_pooled(train) -> None:
    run = train(2, kind="fsdp", dies=1, codes=(0, 1))
    norms = run.parameters.column(GRAD_NORM)
    known = np.isfinite(norms).all(axis=1)
    count = int(known.sum())
    assert count
    assert known[:count].all()
    assert np.isnan(norms[count:]).all()


def test_a_job_begun_anew_opens_a_sibling_that_all_its_ranks_find(train, tmp_path: Path) -> None:
    for _ in range(2):
        train(2, kind="fsdp")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["run", "run-2"]
    for name in ("run", "run-2"):
        run = lossmon.read_run(tmp_path / name)
        assert run.scalar(TOTAL_GRAD_NORM).steps.tolist() == list(range(12))


def test_a_job_that_resumes_goes_on_with_the_run_also_on_more_ranks(train) -> None:
    alone = train(name="alone", first=6)
    train(2, kind="fsdp", steps=8)
    run = train(4, kind="fsdp", first=6)
    assert run.scalar(LOSS).steps.tolist() == list(range(18))
    assert run.scalar(TOTAL_GRAD_NORM).steps.tolist() == list(range(18))
    np.testing.assert_allclose(
        run.parameters.column(GRAD_NORM)[6:], alone.parameters.column(GRAD_NORM), rtol=1e-5
    )


@pytest.mark.parametrize("kind", ["flat", "named"])
def test_norms_under_fsdp1_are_unknown_rather_than_those_of_a_part(train, kind: str) -> None:
    run = train(2, kind=kind, steps=4)
    assert run.meta.model == "Net"
    assert run.scalar(TOTAL_GRAD_NORM) is None
    assert np.isnan(run.parameters.column(GRAD_NORM)).all()
