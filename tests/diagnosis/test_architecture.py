"""Where a model is linear, and where it is narrow, as its layers tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.architecture import Straight, narrowest, stacked, straight
from lossmon.diagnosis.facts import Facts
from lossmon.records import LayerInfo

Shapes = Mapping[str, tuple[int, ...]]


def linear(
    name: str, *sources: int, kind: str = "Linear", between: tuple[str, ...] = ()
) -> LayerInfo:
    return LayerInfo(name, kind, sources=sources, between=between)


def facts(layers: Sequence[LayerInfo], shapes: Shapes) -> Facts:
    return Facts(synth.run(steps=8, layers=layers, shapes=shapes))


WIDE: Shapes = {"a.weight": (64, 32), "b.weight": (10, 64)}
CHAIN = (linear("a"), linear("b", 0))


def test_a_chain_of_matrices_is_linear_and_the_first_is_needless() -> None:
    chain = facts(CHAIN, WIDE)
    assert straight(chain) == Straight(1, is_whole=True)
    assert [matrix.parameter for matrix in stacked(chain, 1)] == ["a.weight"]


@pytest.mark.parametrize(
    "function", ["relu", "mul", "softmax", "div", "bmm", "maxpool2dwithindices"]
)
def test_a_function_that_is_not_known_to_be_linear_bends(function: str) -> None:
    assert straight(facts((linear("a"), linear("b", 0, between=(function,))), WIDE)) is None


@pytest.mark.parametrize("function", ["bmmbyconstant", "divbyconstant", "indexadd"])
def test_links_of_a_graph_and_counts_of_neighbours_do_not_bend(function: str) -> None:
    rows = (linear("a"), linear("b", 0, between=(function,)))
    assert straight(facts(rows, WIDE)) == Straight(1, is_whole=True)


@pytest.mark.parametrize("kind", ["Dropout", "BatchNorm1d", "Flatten", "LayerNorm", "AvgPool2d"])
def test_layers_that_scale_leave_out_or_reshape_do_not_bend(kind: str) -> None:
    rows = (linear("a"), linear("x", 0, kind=kind), linear("b", 1))
    assert straight(facts(rows, WIDE)) == Straight(2, is_whole=True)


def test_a_module_that_hands_on_what_it_is_given_is_fed_by_the_layer_before_it() -> None:
    # The graph knows one node for both, so both seem to be fed from above.
    rows = (linear("a"), linear("x", kind="Identity"), linear("b", 1))
    assert [matrix.name for matrix in stacked(facts(rows, WIDE), 2)] == ["a"]
    assert straight(facts(rows, WIDE)) == Straight(2, is_whole=True)


def test_a_parameter_that_no_layer_owns_may_be_anything() -> None:
    assert straight(facts(CHAIN, {**WIDE, "gate": (64, 64)})) is None


def test_a_layer_whose_sources_were_not_seen_may_be_fed_by_anything() -> None:
    towers = facts((linear("a"), linear("b")), WIDE)
    assert straight(towers) == Straight(1, is_whole=False)
    assert not stacked(towers, 1)


def test_what_bends_before_the_last_of_three_leaves_the_others_straight() -> None:
    shapes: Shapes = {"a.weight": (64, 32), "b.weight": (48, 64), "c.weight": (10, 48)}
    late = facts((*CHAIN, linear("c", 1, between=("abs",))), shapes)
    assert straight(late) == Straight(1, is_whole=False)
    assert [matrix.name for matrix in stacked(late, 1)] == ["a"]


def test_what_follows_the_last_matrix_is_not_looked_at() -> None:
    last = LayerInfo("s", "Sigmoid", "sigmoid", True, (1,))
    assert straight(facts((*CHAIN, last), WIDE)) == Straight(1, is_whole=True)


def test_a_rank_that_was_chosen_is_not_needless() -> None:
    assert not stacked(facts(CHAIN, {"a.weight": (8, 32), "b.weight": (32, 8)}), 1)


def test_the_narrowest_layer_is_one_that_nothing_goes_around() -> None:
    shapes: Shapes = {"a.weight": (2, 32), "b.weight": (64, 2), "c.weight": (10, 64)}
    narrow = narrowest(facts((linear("a"), linear("b", 0), linear("c", 1)), shapes))
    assert narrow is not None
    assert (narrow.name, narrow.outputs) == ("a", 2)


def test_a_gate_beside_the_trunk_is_no_bottleneck() -> None:
    shapes: Shapes = {"a.weight": (64, 32), "gate.weight": (1, 64), "c.weight": (10, 64)}
    rows = (linear("a"), linear("gate", 0), linear("c", 0, 1, between=("mul", "sigmoid")))
    found = narrowest(facts(rows, shapes))
    assert found is None or found.name != "gate"
