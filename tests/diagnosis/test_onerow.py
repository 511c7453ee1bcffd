"""Whether an embedding gives a whole batch one row, and has given it before."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.onerow import of_one_row
from lossmon.layersignals import MEAN_OUT, UNIT_STD
from lossmon.records import LayerInfo

LAYERS = (LayerInfo("0", "Embedding", units=64, sampled_units=64), *synth.LAYERS[1:])


def facts(
    *,
    spread: float = 0.0,
    rows: int = 64,
    differ: bool = True,
    layers: tuple[LayerInfo, ...] = LAYERS,
) -> Facts:
    """Return a run whose first layer is an embedding of so many rows."""
    width, steps = len(layers), 300
    spreads = np.where(np.arange(width) == 0, spread, 1.0) * np.ones((steps, 1))
    means = (
        np.random.default_rng(0).normal(size=(steps, width)) if differ else np.ones((steps, width))
    )
    shapes = {**synth.SHAPES, "0.weight": (rows, 32)}
    layer = {UNIT_STD: spreads, MEAN_OUT: means}
    return Facts(synth.run(steps, layers=layers, layer=layer, shapes=shapes))


def test_one_row_a_batch_of_a_table_whose_rows_come_back_is_told() -> None:
    (evidence,) = of_one_row(facts())
    assert "one of its 64 rows, in 100 % of them; each row has come 4.7 times" in evidence.reads


@pytest.mark.parametrize(
    "run",
    [
        facts(spread=0.7),
        facts(rows=200),
        facts(differ=False),
        facts(layers=synth.LAYERS),
    ],
    ids=[
        "examples of a batch get rows of their own",
        "most rows have not come back",
        "all batches get the same row",
        "it is no embedding",
    ],
)
def test_nothing_is_told_where(run: Facts) -> None:
    assert not list(of_one_row(run))
