"""Which gates let next to nothing through, and through which layers that is seen."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.shutgates import Shut, shut_gates
from lossmon.layersignals import SATURATED_SHARE, STD_IN, STD_OUT
from lossmon.records import LayerInfo

NAN = float("nan")


def _behind(name: str, sources: tuple[int, ...], *between: str) -> LayerInfo:
    return LayerInfo(name, "Linear", sources=sources, between=between, units=8, sampled_units=8)


TABLE = LayerInfo("table", "Embedding", units=8, sampled_units=8)
GATE = LayerInfo("gate", "Linear", "sigmoid", sources=(0,), units=8, sampled_units=8)
DEEP = _behind("deep", (1, 0), "mul", "sigmoid")
AROUND = _behind("around", (1,), "sigmoid")


def _gates(layers: tuple[LayerInfo, ...], **sizes: ArrayLike) -> list[tuple[int, int]]:
    signals = {"pinned": SATURATED_SHARE, "taken": STD_IN, "given": STD_OUT}
    layer = {signals[name]: value for name, value in sizes.items()}
    run = synth.run(loss=synth.flat(300), layers=layers, layer=layer)
    found: tuple[Shut, ...] = shut_gates(Facts(run))
    return [(gate.gate, gate.behind) for gate in found]


@pytest.mark.parametrize(
    ("content", "let_through", "is_shut"),
    [(1.0, 1e-3, True), (1.0, 0.01, False), (0.1, 1e-3, False), (0.0, 0.0, False)],
)
def test_what_comes_through_is_held_against_what_there_was(
    content: float, let_through: float, is_shut: bool
) -> None:
    found = _gates(
        (TABLE, GATE, DEEP),
        pinned=[NAN, 1.0, NAN],
        taken=[1.0, 1.0, let_through],
        given=[content, 6.0, 1.0],
    )
    assert found == ([(1, 2)] if is_shut else [])


def test_a_gate_that_is_within_reach_is_not_shut_however_little_comes_through() -> None:
    assert not _gates((TABLE, GATE, DEEP), pinned=[NAN, 0.4, NAN], taken=[1.0, 1.0, 1e-5])


def test_a_gate_with_a_second_way_past_the_product_is_open() -> None:
    pinned, taken = [NAN, 1.0, NAN, NAN], [1.0, 1.0, 1e-5, 1e-5]
    assert not _gates((TABLE, GATE, DEEP, AROUND), pinned=pinned, taken=taken)


def test_a_gate_that_was_open_at_first_is_let_be() -> None:
    taken = np.ones((300, 3))
    taken[100:, 2] = 1e-5
    assert not _gates((TABLE, GATE, DEEP), pinned=[NAN, 1.0, NAN], taken=taken)
