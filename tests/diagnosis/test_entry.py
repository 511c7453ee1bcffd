from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lossmon.batchsignals import INPUT_STD
from lossmon.diagnosis import synth
from lossmon.diagnosis.entry import Entry, entry
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.synthtables import LAYERS
from lossmon.layersignals import STD_IN
from lossmon.records import LayerInfo


def found(std_in: Sequence[float], layers: Sequence[LayerInfo] = LAYERS) -> Entry | None:
    run = synth.run(layers=layers, total={INPUT_STD: 60.0}, layer={STD_IN: list(std_in)})
    return entry(Facts(run))


def test_layer_that_sees_the_input_as_it_is_takes_it_in() -> None:
    assert found([60.0, 40.0, 9.0, 4.0, 3.0]) == Entry(0, "0", "Linear")


def test_functions_before_it_take_nothing_in() -> None:
    layers = (replace(LAYERS[0], name="flatten", kind="Flatten"), *LAYERS[1:])
    assert found([60.0, 60.0, 60.0, 4.0, 3.0], layers) == Entry(2, "2", "Linear")


def test_input_that_is_scaled_or_looked_up_on_the_way_is_taken_in_by_none() -> None:
    assert found([1.0, 1.0, 1.0, 1.0, 1.0]) is None
    assert found([np.nan] * 5) is None


def test_normalisation_is_told_by_its_kind() -> None:
    layers = (replace(LAYERS[0], kind="BatchNorm2d"), *LAYERS[1:])
    first = found([60.0, 1.0, 1.0, 1.0, 1.0], layers)
    assert first is not None
    assert first.normalises
