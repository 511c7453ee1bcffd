"""Ranks of one job, each for itself, say together what a training alone says of the same batch."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.records import Run
from lossmon.signals import (
    GRAD_ARRIVED,
    GRAD_DOT_PREV,
    GRAD_DOT_SIGN,
    GRAD_DOT_WEIGHT,
    GRAD_NONFINITE,
    GRAD_NORM,
    GRAD_SAMPLED_NORM,
    GRAD_STALE,
    GRAD_ZERO_SHARE,
    LOSS,
    TOTAL_GRAD_NORM,
    TOTAL_UPDATE_RATIO,
    UPDATE_DOT_PREV,
    UPDATE_NORM,
    WEIGHT_NONFINITE,
    WEIGHT_NORM,
)

SAME = (
    GRAD_NORM, WEIGHT_NORM, UPDATE_NORM, GRAD_SAMPLED_NORM, GRAD_DOT_PREV, UPDATE_DOT_PREV,
    GRAD_DOT_WEIGHT, GRAD_DOT_SIGN, GRAD_ZERO_SHARE, GRAD_NONFINITE, WEIGHT_NONFINITE, GRAD_STALE,
)  # fmt: skip


def assert_says_the_same(run: Run, alone: Run) -> None:
    assert run.parameters.steps.tolist() == alone.parameters.steps.tolist()
    for signal in SAME:
        found, expected = run.parameters.column(signal), alone.parameters.column(signal)
        scale = max(1.0, float(np.nanmax(np.abs(expected))))
        np.testing.assert_allclose(
            found, expected, rtol=1e-5, atol=1e-6 * scale, err_msg=signal.name
        )
    for signal in (TOTAL_GRAD_NORM, TOTAL_UPDATE_RATIO):
        assert run.scalar(signal).steps.tolist() == alone.scalar(signal).steps.tolist()
        assert run.scalar(signal).values == pytest.approx(alone.scalar(signal).values, rel=1e-5)


@pytest.mark.parametrize("world", [2, 4])
@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
@pytest.mark.parametrize("passes", [1, 2])
def test_norms_and_products_equal_those_of_one_process(train, world, kind, passes) -> None:
    alone = train(name="alone", passes=passes)
    run = train(world, kind=kind, passes=passes)
    assert_says_the_same(run, alone)
    assert np.nanmin(run.parameters.column(GRAD_ARRIVED)) > 0


def test_adam_on_shards_moves_as_it_does_alone(train) -> None:
    assert_says_the_same(
        train(2, kind="fsdp", optimizer="Adam"), train(name="alone", optimizer="Adam")
    )


def test_copies_of_a_shard_are_counted_once(train) -> None:
    assert_says_the_same(train(4, kind="hybrid"), train(name="alone"))


def test_metadata_tells_shards_from_whole_parameters(train) -> None:
    sharded = train(4, kind="fsdp").meta
    assert (sharded.rank, sharded.world_size) == (0, 4)
    assert [(p.name, p.shape, p.kind) for p in sharded.parameters][:2] == [
        ("fc.weight", (10, 6), "Linear"),
        ("fc.bias", (10,), "Linear"),
    ]
    assert {(p.shard, p.shards) for p in sharded.parameters} == {(0, 4)}
    whole = train(2, kind="ddp", name="ddp").meta
    assert {(p.shard, p.shards) for p in whole.parameters} == {(0, 1)}
    assert whole.model == sharded.model == "Net"


def test_the_loss_is_that_of_rank_0(train) -> None:
    alone, run = train(name="alone"), train(2, kind="fsdp")
    assert run.scalar(LOSS).steps.tolist() == alone.scalar(LOSS).steps.tolist()
    # Half of the batch: near the loss of the whole, and not the same.
    assert run.scalar(LOSS).values == pytest.approx(alone.scalar(LOSS).values, rel=0.7)
    assert (run.scalar(LOSS).values != alone.scalar(LOSS).values).all()
