"""Where a model takes in its main input: the layer that it goes into unscaled, if there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossmon.batchsignals import INPUT_STD
from lossmon.diagnosis.facts import Facts
from lossmon.diagnosis.rule import Threshold
from lossmon.layersignals import STD_IN

SAME_SCALE = Threshold(2.0, "times the input's std", "a layer sees a sample of the same numbers")
NORMALISING = ("Norm", "Standard", "Scal")
LOOKUP = "Embedding"


@dataclass(frozen=True, slots=True)
class Entry:
    """The layer that takes in the main input."""

    row: int
    """Row of the layer table."""
    name: str
    kind: str

    @property
    def normalises(self) -> bool:
        """Whether it brings any input to one scale."""
        return any(word in self.kind for word in NORMALISING)


def entry(facts: Facts) -> Entry | None:
    """Return the first layer with parameters that sees the main input on the scale that it has.

    None where none does: the input is looked up in a table, or scaled on the way.
    """
    tensors = facts.batches.inputs
    if tensors and str(tensors[0].get("dtype", "")).startswith("int"):
        return None  # ids; pixels come as bytes
    owners = {parameter.name.rpartition(".")[0] for parameter in facts.parameters}
    seen, given = _std_in(facts), _std(facts)
    for row, info in enumerate(facts.layers.infos):
        plain = info.name in owners and LOOKUP not in info.kind
        if plain and given / SAME_SCALE.value <= seen[row] <= given * SAME_SCALE.value:
            return Entry(row, info.name, info.kind)
    return None


def _std_in(facts: Facts) -> np.ndarray:
    return facts.layers.typical(STD_IN, facts.layers.early)


def _std(facts: Facts) -> float:
    stds = facts.batches.measured(INPUT_STD)[1]
    return float(np.median(stds[:8])) if len(stds) else float("nan")
