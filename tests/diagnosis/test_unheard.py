"""Whether a layer that says one thing of a whole batch is told from those that are heard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.unheard import unheard
from lossmon.layersignals import MEAN_OUT, STD_IN, UNIT_STD
from lossmon.records import LayerInfo

USER = LayerInfo("user", "Embedding", units=8, sampled_units=8)
ITEM = replace(USER, name="item")
FIRST = LayerInfo("first", "Linear", sources=(0, 1), between=("cat",), units=8, sampled_units=8)
NORM = LayerInfo("norm", "BatchNorm1d", sources=(2,), units=8, settings={"values": 64.0})
HEAD = LayerInfo("head", "Linear", sources=(3,), units=1)
TOWER = (USER, ITEM, FIRST, NORM, HEAD)
JUMPS = np.random.default_rng(0).normal(size=300)
ALONE = (replace(NORM, sources=()), replace(HEAD, sources=(0,)))


def told(
    layers: tuple[LayerInfo, ...] = TOWER, *, spread: float = 0.0, means: Any = JUMPS
) -> list[str]:
    """Return what is said of a run whose first layer varies so far within a batch."""
    spreads = np.where(np.arange(len(layers)) == 0, spread, 1.0)
    between = np.repeat(np.asarray(means)[:, None], len(layers), axis=1)
    layer = {UNIT_STD: spreads, MEAN_OUT: between, STD_IN: np.abs(between)}
    facts = Facts(synth.run(300, layers=layers, layer=layer))
    taking = [info for info in facts.layers.infos if info.settings.get("values", 0) > 0]
    return [evidence.reads for evidence in unheard(facts, taking)]


def test_a_row_that_is_added_to_all_of_a_batch_is_normalised_away() -> None:
    (reads,) = told()
    assert "user puts out the same for all of a batch" in reads
    assert "norm takes the mean" in reads


def test_so_are_features_of_one_user_that_go_straight_into_a_norm() -> None:
    (reads,) = told(ALONE)
    assert "norm is given the same for all of a batch" in reads


@pytest.mark.parametrize(
    "layers",
    [
        (USER, ITEM, replace(FIRST, between=("cat", "mul")), NORM, HEAD),
        (USER, ITEM, replace(FIRST, activation="relu"), NORM, HEAD),
        (*TOWER[:4], replace(HEAD, sources=(3, 0))),
        (*TOWER[:3], replace(NORM, settings={}), HEAD),
    ],
    ids=["it is multiplied", "a ReLU comes first", "it has another way", "statistics are frozen"],
)
def test_it_is_heard_where(layers: tuple[LayerInfo, ...]) -> None:
    assert not told(layers)


def test_rows_that_differ_in_a_batch_are_heard() -> None:
    assert not told(spread=0.7)


@pytest.mark.parametrize("means", [np.ones(300), np.linspace(0, 1, 300)], ids=["same", "drift"])
def test_what_no_batch_says_otherwise_is_no_loss(means: Any) -> None:
    assert not told(means=means)
