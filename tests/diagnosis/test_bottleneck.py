from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.bottleneck import bottleneck, small
from lossmon.diagnosis.facts import Facts
from lossmon.records import LayerInfo, Run

Shapes = Mapping[str, tuple[int, ...]]
TOKENS: Shapes = {"embed.weight": (10, 2), "block.weight": (64, 2), "out.weight": (10, 2)}
LAYERS = (
    LayerInfo("embed", "Embedding"),
    LayerInfo("block", "Mixer", sources=(0,)),
    LayerInfo("out", "Linear", sources=(1,)),
)


def of_kinds(shapes: Shapes, *kinds: str) -> Facts:
    run: Run = synth.run(shapes=shapes, layers=LAYERS)
    assert run.meta is not None
    named = zip(run.meta.parameters, kinds, strict=True)
    parameters = tuple(replace(parameter, kind=kind) for parameter, kind in named)
    return Facts(replace(run, meta=replace(run.meta, parameters=parameters)))


def test_two_numbers_that_all_outputs_come_of_are_a_bottleneck_whatever_made_them() -> None:
    neck = bottleneck(of_kinds(TOKENS, "Embedding", "Mixer", "Linear"))
    assert neck is not None
    assert (neck.name, neck.outputs) == ("out", 2)


def test_four_numbers_for_ten_outputs_are_none() -> None:
    shapes = {**TOKENS, "out.weight": (10, 4)}
    assert bottleneck(of_kinds(shapes, "Embedding", "Mixer", "Linear")) is None


@pytest.mark.parametrize(
    ("shape", "kind", "units"),
    [((3, 7), "Linear", 3), ((3, 1, 5, 5), "Conv2d", 3), ((16, 4), "LSTM", 4)],
)
def test_a_model_is_small_where_no_hidden_layer_has_more_than_a_few_units(
    shape: tuple[int, ...], kind: str, units: int
) -> None:
    name = "block.weight_hh_l0" if kind == "LSTM" else "block.weight"
    shapes = {"embed.weight": (50, 2), name: shape, "out.weight": (10, 9)}
    found = small(of_kinds(shapes, "Embedding", kind, "Linear"))
    assert found is not None
    assert found.outputs == units


def test_one_wide_layer_makes_it_large() -> None:
    shapes = {"embed.weight": (50, 2), "block.weight": (64, 2), "out.weight": (10, 64)}
    assert small(of_kinds(shapes, "Embedding", "Linear", "Linear")) is None


def test_a_linear_model_has_no_hidden_layer_that_could_be_small() -> None:
    assert small(Facts(synth.run(shapes={"4.weight": (10, 8)}))) is None
    assert small(Facts(synth.run(shapes={"weight": (1, 8)}, layers=()))) is None
