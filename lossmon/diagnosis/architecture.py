"""The model as its layers feed each other: where it is linear, and where it is narrow.

From the layers' sources and the functions between them. What is not known to be linear is taken
for non-linear, and a path that was not seen for one that there may be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lossmon.records import LayerInfo

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

_MATRIX = re.compile(r"(Lazy)?(Linear|Conv[123]d|ConvTranspose[123]d)")
_LINEAR = re.compile(
    r"Identity|Flatten|Unflatten|(Alpha|Feature)*Dropout[123]?d?|(Lazy)?BatchNorm[123]d"
    r"|SyncBatchNorm|LayerNorm|RMSNorm|GroupNorm|(Lazy)?InstanceNorm[123]d|(Adaptive)?AvgPool[123]d"
    r"|Upsample|PixelShuffle|PixelUnshuffle|Fold|Unfold|(Zero|Constant)Pad[123]d"
)
"""Modules with nothing between input and output that could bend the function: norms scale."""
_NOTHING = re.compile(r"Identity|(Alpha|Feature)*Dropout[123]?d?")
"""Modules that may return the very tensor that they are given."""
_RECURRENT = re.compile(r"RNN|LSTM|GRU")
_TABLE = re.compile(r"Embedding(Bag)?")
_PLAIN = frozenset(
    ("add", "sub", "neg", "mean", "sum", "cat", "stack", "index", "nativedropout", "avgpool1d",
     "avgpool2d", "avgpool3d", "adaptiveavgpool2d", "mkldnnadaptiveavgpool2d", "constantpadnd",
     "nativelayernorm", "nativebatchnorm", "cudnnbatchnorm", "nativegroupnorm", "mmbyconstant",
     "bmmbyconstant", "mulbyconstant", "divbyconstant", "sparseaddmm", "indexselect", "gather",
     "indexadd", "scatteradd", "roll", "flip", "upsamplenearest1d", "upsamplenearest2d"),
)  # fmt: skip
"""Functions between layers that are linear, or scale only."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A layer that is a linear map with a learnt matrix."""

    row: int
    name: str
    parameter: str
    """Name of its weight."""
    inputs: int
    """Features or channels that go into each of its outputs."""
    outputs: int


def layers(facts: Facts) -> tuple[LayerInfo, ...]:
    """Return the layers, each that hands on what it is given fed by the one before it.

    In the graph such a layer and the one before it are one: both seem to be fed from above, and
    what follows by the second alone.
    """
    found: list[LayerInfo] = []
    for row, info in enumerate(facts.layers.infos):
        handed_on = row > 0 and not info.between and info.sources == found[-1].sources
        if handed_on and _NOTHING.fullmatch(info.kind):
            info = replace(info, sources=(row - 1,))
        found.append(info)
    return tuple(found)


def matrices(facts: Facts) -> Mapping[int, Matrix]:
    """Return linear and convolution layers with a weight of their own, by row of the layers."""
    weights = {p.name: p for p in facts.parameters}
    found: dict[int, Matrix] = {}
    for row, info in enumerate(facts.layers.infos):
        weight = weights.get(f"{info.name}.weight")
        if weight is None or len(weight.shape) < 2 or not _MATRIX.fullmatch(info.kind):
            continue
        ends = weight.shape[:2]
        outputs, inputs = reversed(ends) if "Transpose" in info.kind else ends
        found[row] = Matrix(row, info.name, weight.name, inputs, outputs)
    return found


@dataclass(frozen=True, slots=True)
class Straight:
    """A model that is known to be linear up to one of its matrices."""

    end: int
    """Row of that matrix: the last one, or of three or more the one before it."""
    is_whole: bool
    """Whether that is all of it: a chain or a tree of layers with one end, each path of it seen."""


def straight(facts: Facts) -> Straight | None:
    """Return how far a model is known to be linear; None where a bend stands early, or may.

    Each layer is fed by layers that were seen, or is a table of embeddings or a matrix; all
    parameters of two dimensions or more belong to one of them.
    """
    infos, known = layers(facts), matrices(facts)
    tables = {row for row, info in enumerate(infos) if _TABLE.fullmatch(info.kind)}
    owned = {known[row].parameter for row in known} | {f"{infos[t].name}.weight" for t in tables}
    if not known or not all(len(p.shape) < 2 or p.name in owned for p in facts.parameters):
        return None
    last = max(known)
    if _is_linear_to(infos, {*known, *tables}, last):
        return Straight(last, _has_one_end(infos, tables, last))
    before = max((row for row in known if row != last), default=last)
    if len(known) > 2 and _is_linear_to(infos, {*known, *tables}, before):
        return Straight(before, is_whole=False)
    return None


def _is_linear_to(infos: Sequence[LayerInfo], learnt: set[int], end: int) -> bool:
    """Return whether everything up to a row is linear, but for what follows a matrix at an end."""
    used = {source for info in infos[: end + 1] for source in info.sources}
    return all(
        (row in used or row in learnt or bool(_NOTHING.fullmatch(infos[row].kind)))
        and _is_plain(infos[row], row == end or row not in used, row in learnt)
        and (bool(infos[row].sources) or row == 0 or row in learnt)
        for row in range(end + 1)
    )


def _has_one_end(infos: Sequence[LayerInfo], tables: set[int], end: int) -> bool:
    """Return whether all paths lead to row `end`, and each begins at the first row or a table.

    One module that hands on what it is given may stand in several places, and be seen in the last
    one only.
    """
    used = {source for info in infos[: end + 1] for source in info.sources}
    return all(row in used or _NOTHING.fullmatch(infos[row].kind) for row in range(end)) and all(
        infos[row].sources or row == 0 or row in tables for row in range(end + 1)
    )


def _is_plain(info: LayerInfo, is_end: bool, is_learnt: bool) -> bool:
    """Return whether a layer, and what stands before it, is linear; what follows the end is not
    looked at: it shapes the output only.
    """
    bends = (info.activation and not is_end) or info.is_activation
    linear = is_learnt or bool(_LINEAR.fullmatch(info.kind))
    return not bends and linear and _PLAIN.issuperset(info.between)


def stacked(facts: Facts, end: int) -> tuple[Matrix, ...]:
    """Return the matrices up to a row that gain nothing by the next one: no wider than both ends.

    One that is narrower than what goes in and what comes out of the two together is a rank that
    somebody chose: an adapter, a factorised table, a linear autoencoder's code.
    """
    known, infos = matrices(facts), layers(facts)
    found: list[Matrix] = []
    for row, matrix in known.items():
        if row > end:
            continue
        for above in _behind(infos, known, row):
            if above.outputs >= min(above.inputs, matrix.outputs) and above not in found:
                found.append(above)
    return tuple(found)


def _behind(infos: Sequence[LayerInfo], known: Mapping[int, Matrix], row: int) -> list[Matrix]:
    """Return the matrices that feed layer `row` with no other one between."""
    found, queue, seen = [], list(infos[row].sources), set[int]()
    while queue:
        source = queue.pop()
        if source in seen or not 0 <= source < len(infos):
            continue
        seen.add(source)
        if source in known:
            found.append(known[source])
        else:
            queue.extend(infos[source].sources)
    return found


def narrowest(facts: Facts) -> Matrix | None:
    """Return the narrowest linear layer that all goes through, but the last; None for none.

    A layer that some path goes around, or that feeds one of another width, is none.
    """
    known, infos = matrices(facts), layers(facts)
    if len(known) < 2:
        return None
    end = max(known)
    through = [
        known[row]
        for row in known
        if row != end
        and infos[row].kind == "Linear"
        and known[row].inputs > known[row].outputs
        and _all_goes_through(infos, row, end)
        and _feeds_its_width(infos, known, row)
    ]
    return min(through, key=lambda matrix: matrix.outputs, default=None)


def before_last(facts: Facts) -> Matrix | None:
    """Return what feeds the last matrix, where that is a recurrent layer; None for none.

    As a matrix of as many outputs as it has units.
    """
    known, infos = matrices(facts), layers(facts)
    if not known or len(infos[max(known)].sources) != 1:
        return None
    last = known[max(known)]
    source = infos[last.row].sources[0]
    if not 0 <= source < len(infos) or not _RECURRENT.fullmatch(infos[source].kind):
        return None
    name = infos[source].name
    own = [p for p in facts.parameters if p.name.startswith(f"{name}.") and len(p.shape) == 2]
    if not own:
        return None
    return Matrix(source, name, own[0].name, own[0].shape[1], last.inputs)


def _all_goes_through(infos: Sequence[LayerInfo], row: int, end: int) -> bool:
    """Return whether nothing reaches the end around layer `row`."""
    reached, queue = set[int](), [end]
    while queue:
        at = queue.pop()
        if at in reached or at == row or not 0 <= at < len(infos):
            continue
        if not infos[at].sources:
            return False
        reached.add(at)
        queue.extend(infos[at].sources)
    return True


def _feeds_its_width(infos: Sequence[LayerInfo], known: Mapping[int, Matrix], row: int) -> bool:
    """Return whether what follows takes this layer's units, and nothing beside them."""
    fed = [m for at, m in known.items() if at > row and known[row] in _behind(infos, known, at)]
    return bool(fed) and all(m.inputs == known[row].outputs for m in fed)


def outputs(facts: Facts) -> int:
    """Return the number of values that the model puts out for an example; 0 where not known."""
    criterion = facts.batches.criterion
    if criterion is None or len(criterion.prediction_shape) < 2:
        return 0
    return int(np.prod(criterion.prediction_shape[1:]))
