"""Whether a score that is batch-normalised itself is told from outputs that may well be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.normedoutput import normed_output
from lossmon.diagnosis.synthnorms import scored, weightless
from lossmon.records import LayerInfo, Run

STUCK = synth.flat(300)


def taking(run: Run) -> list[LayerInfo]:
    facts = Facts(run)
    return [info for info in facts.layers.infos if info.settings.get("values", 0) > 0]


def is_told(run: Run) -> bool:
    return bool(list(normed_output(Facts(run), taking(run))))


def test_a_normalised_score_of_which_nothing_is_learnt_is_told() -> None:
    assert is_told(synth.run(loss=STUCK, layers=scored()))


def test_an_activation_function_behind_it_changes_nothing() -> None:
    sigmoid = LayerInfo("6", "Sigmoid", "sigmoid", True, (5,), units=1)
    assert is_told(synth.run(loss=STUCK, layers=(*scored(), sigmoid)))


@pytest.mark.parametrize(
    "run",
    [
        synth.run(layers=scored()),
        synth.run(loss=synth.flat(300, at=1.5), layers=scored()),
        synth.run(100, loss=synth.flat(100), layers=scored()),
        synth.run(loss=STUCK, layers=(*scored()[:-1], replace(scored()[-1], units=64))),
        synth.run(loss=STUCK, layers=(*scored(), LayerInfo("6", "Linear", units=1))),
        synth.run(loss=STUCK),
    ],
    ids=[
        "the loss falls",
        "a third is learnt",
        "a hundred steps were seen",
        "it is an embedding",
        "a layer comes after it",
        "nothing is normalised",
    ],
)
def test_nothing_is_told_where(run: Run) -> None:
    assert not is_told(run)


@pytest.mark.parametrize("loss", [synth.flat(300, at=3.0), synth.falling(300, start=5.0, end=2.5)])
def test_outputs_without_weights_that_are_worse_than_a_constant_are_told(loss: Any) -> None:
    assert is_told(weightless(loss))


def test_so_are_ones_that_explain_a_little_and_no_more() -> None:
    assert is_told(weightless(synth.flat(300, at=1.8)))
    assert not is_told(weightless(synth.flat(300, at=0.8)))


def test_what_the_criterion_is_given_must_be_what_the_norm_puts_out() -> None:
    run = weightless(synth.flat(300, at=3.0))
    product = synth.criterion(behind="mm")
    assert not is_told(replace(run, marks=(*run.marks, product)))
    sigmoid = synth.criterion(behind="sigmoid")
    assert run.meta is not None
    layers = run.meta.layers
    meta = replace(run.meta, layers=(*layers[:-1], replace(layers[-1], activation="sigmoid")))
    assert is_told(replace(run, meta=meta, marks=(*run.marks, sigmoid)))


def test_a_norm_with_weights_can_put_out_what_it_must() -> None:
    shapes = {**synth.SHAPES, "5.weight": (10,)}
    run = weightless(synth.flat(300, at=3.0))
    assert run.meta is not None
    weighted = synth.run(
        loss=synth.flat(300, at=3.0), shapes=shapes, layers=run.meta.layers, marks=run.marks
    )
    assert not is_told(weighted)
