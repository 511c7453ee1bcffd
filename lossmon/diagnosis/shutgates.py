"""Gates that are pinned and let next to nothing through.

A gate may be open for good, and a model learns all the same; one that is shut keeps from the rest
of the model whatever it was given. Which end is the shut one no pinned share tells, so what comes
out behind the gate is held against what there was to let through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.pinned import GATED, INSIDE, MOST, NARROWS, has_learned
from lossmon.diagnosis.rule import Threshold
from lossmon.layersignals import SATURATED_SHARE, STD_IN, STD_OUT, UNIT_STD
from lossmon.records import LayerInfo

Floats = NDArray[np.float64]
Infos = tuple[LayerInfo, ...]

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

THROUGH = Threshold(1 / 150, "of what there is", "by definition: what a sigmoid makes of -5")
_SIGNALS = (SATURATED_SHARE, STD_IN, STD_OUT, UNIT_STD)


@dataclass(frozen=True, slots=True)
class Shut:
    """One such gate."""

    gate: int
    """Number of its layer, or of the layer that has it inside."""
    behind: int
    """Number of the layer that is given what comes through; its own where it is inside."""
    through: float
    """Which share of what it was given comes through."""

    @property
    def is_inside(self) -> bool:
        """Whether it is one of the gates inside a layer."""
        return self.gate == self.behind


def shut_gates(facts: Facts) -> tuple[Shut, ...]:
    """Return those that were shut in the first record and still are, in a model that learns not."""
    layers = facts.layers
    if not len(layers.steps) or has_learned(facts):
        return ()
    first = {shut.gate for shut in _shut(layers.infos, _Sizes.of_first(facts))}
    now = _shut(layers.infos, _Sizes.of_newest(facts))
    return tuple(shut for shut in now if shut.gate in first)


def least(info: LayerInfo) -> float:
    """Return the share of pinned elements above which most units of one of its gates are pinned."""
    return MOST.value / max(1.0, info.settings.get(INSIDE, 1.0))


@dataclass(frozen=True, slots=True)
class _Sizes:
    """What was measured of each layer, shape (layers,) each."""

    pinned: Floats
    taken: Floats
    given: Floats
    by_example: Floats
    """How far what it gives depends on the example."""

    @classmethod
    def of_first(cls, facts: Facts) -> _Sizes:
        layers = facts.layers
        return cls(*(layers.column(signal, layers.early[:1])[0] for signal in _SIGNALS))

    @classmethod
    def of_newest(cls, facts: Facts) -> _Sizes:
        layers = facts.layers
        return cls(*(layers.typical(signal, layers.newest) for signal in _SIGNALS))


def _shut(infos: Infos, sizes: _Sizes) -> Iterator[Shut]:
    for at, info in enumerate(infos):
        if info.is_activation or not sizes.pinned[at] > least(info):
            continue
        if INSIDE in info.settings:
            # The states of a recurrent layer go from -1 to 1.
            ways = [Shut(at, at, float(sizes.by_example[at]))]
        elif info.activation in NARROWS:
            ways = list(_ways(infos, sizes, at))
        else:
            continue
        # Where it opens one of several ways, it opens.
        if ways and all(way.through < THROUGH.value for way in ways):
            yield max(ways, key=lambda way: way.through)


def _ways(infos: Infos, sizes: _Sizes, at: int) -> Iterator[Shut]:
    """Yield what comes through a gate into each of the layers behind it."""
    own = {at} | {n for n, x in enumerate(infos) if x.is_activation and at in x.sources}
    for behind, user in enumerate(infos):
        if behind in own or not own & {*user.sources}:
            continue
        gated = any(name in GATED for name in user.between)
        there = _content(infos, sizes, at, [n for n in user.sources if n not in own])
        if not gated or not there > 0:
            yield Shut(at, behind, 1.0)  # no gate there, or nothing known
        else:
            yield Shut(at, behind, float(np.nan_to_num(sizes.taken[behind], nan=np.inf)) / there)


def _content(infos: Infos, sizes: _Sizes, at: int, others: list[int]) -> float:
    """Return how much a gate is given to let through: what other layers, no gates, put out.

    Or, where there is no other layer behind the product, what the gate itself is given.
    """
    if not others:
        return float(sizes.taken[at])
    contents = [n for n in others if infos[n].activation not in ("sigmoid", "hardsigmoid")]
    ends = [1.0 if infos[n].activation in NARROWS else np.inf for n in contents]
    return float(np.fmin(sizes.given[contents], ends).max(initial=0.0))
