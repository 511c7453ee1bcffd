"""Which layers feed a function with ends, such as a sigmoid, or have such functions inside; and
which of these are pinned before anything was learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.bothends import at_both_ends, outputs_apart
from lossmon.diagnosis.progress import EXPLAINED
from lossmon.diagnosis.reach import DISTANT
from lossmon.diagnosis.rule import Threshold
from lossmon.diagnosis.summedup import summed_up
from lossmon.layersignals import SATURATED_SHARE
from lossmon.records import LayerInfo

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts

MOST = Threshold(0.5, "of the units", "DeepDiagnosis: beyond 5 for more than half")
"""In the first record: calibration: 0-0.2 in healthy runs, whatever they end with; 0.5-1 in runs
that are pinned, of which some explain more than nine tenths all the same."""
PART = 0.5
"""Of most units: so many of them are pinned still where others have got free."""
NARROWS = ("tanh", "sigmoid", "hardtanh", "hardsigmoid", "relu6")
GATED = ("mul", "mulscalar")
"""What multiplies one output by another: the smaller of them is a gate."""
CELL = {"tanh", "sigmoid"}
"""What a recurrent cell puts its contents and its gates through."""
COMPARED = ("sum", "mm", "bmm", "mv", "dot", "sqrt", "linalgvectornorm", "cdist")
"""What makes of several features one number, as a distance, a product or a cosine does."""
INSIDE = "gates"
"""Setting of a layer that has such functions inside: of a recurrent one."""
OWN = "functions"
"""Setting of a layer that somebody has written, with such functions inside."""
WRONG = Threshold(-0.1, "of the prior's loss", "worse than a constant by more than chance")


def hidden(infos: tuple[LayerInfo, ...]) -> Iterator[bool]:
    """Say of each layer whether it feeds others through such a function, and none as a gate.

    Or has several of them inside: not all gates of a layer are meant to be open or shut.
    """
    for at, info in enumerate(infos):
        users, gates = _users(infos, at)
        yield INSIDE in info.settings or (info.activation in NARROWS and bool(users) and not gates)


def in_cells(infos: tuple[LayerInfo, ...], pinned: Mask) -> Mask:
    """Return which layers are gates or contents of a cell whose gates and contents are all pinned.

    Or are such a cell, or factors of a product of which all are pinned. A gate alone may be open or
    shut for good: what it lets through has a gradient all the same.
    """
    found = np.array([OWN in info.settings for info in infos], bool) & pinned
    for info in infos:
        inside = [n for n in info.sources if infos[n].activation in NARROWS]
        kinds = {*info.between, *(infos[n].activation for n in inside)}
        # Where all factors of a product are such functions, none has one to let through.
        is_whole = kinds >= CELL or (len(inside) > 1 and len(inside) == len(info.sources))
        is_product = is_whole and any(name in GATED for name in info.between)
        if is_product and pinned[inside].all():
            found[inside] = True
    return found


def final(infos: tuple[LayerInfo, ...]) -> Iterator[bool]:
    """Say of each layer whether such a function of it is put out, and goes into no other layer."""
    for at, info in enumerate(infos):
        yield info.activation in NARROWS and not _users(infos, at)[0]


def _users(infos: tuple[LayerInfo, ...], at: int) -> tuple[list[LayerInfo], bool]:
    """Return the layers that layer `at` feeds, and whether it is a gate in any."""
    own = {at} | {n for n, x in enumerate(infos) if x.is_activation and at in x.sources}
    users = [x for n, x in enumerate(infos) if n not in own and own & {*x.sources}]
    # By a number of the script, before the function, no gate is made.
    gated = [x for x in users if "scale" not in infos[at].settings or {*x.sources} - own]
    return users, any(name in GATED for user in gated for name in _after(infos[at], user))


def _after(info: LayerInfo, user: LayerInfo) -> tuple[str, ...]:
    """Return what stands between a layer's function and a layer behind it.

    Products of the layer's output that the function is given make no gate of it.
    """
    names = user.between
    if DISTANT not in info.settings or info.activation not in names:
        return names
    return names[: names.index(info.activation)]


def pinned_now(facts: Facts) -> Mask:
    """Return which layers have most of their units pinned in the window, where it does harm."""
    layers = facts.layers
    share = np.nan_to_num(layers.typical(SATURATED_SHARE, layers.newest))
    inner = np.array(list(hidden(layers.infos)), bool)
    hurt = inner | _put_out(facts) | _never_moved(facts)
    found = np.asarray(hurt & (share > MOST.value), bool)
    found |= worse_since(facts) & (share > PART * MOST.value)
    return found | pinned_from_start(facts)


def worse_since(facts: Facts) -> Mask:
    """Return which ends were pinned before anything was learned, where a constant does better yet.

    Those of them that got free are the reason why the loss falls, and no reason to be silent.
    """
    ends = np.array(list(final(facts.layers.infos)), bool) & pinned_at_first(facts)
    return ends if facts.level.explained < WRONG.value else np.zeros_like(ends)


def pinned_from_start(facts: Facts) -> Mask:
    """Return which layers had most units pinned in the first record, and have: not by learning.

    Hidden layers and cells; towers and gates only where they were at both ends, for at one end a
    bias may put them that somebody chose. Outputs too, and where less than half was learned.
    """
    layers = facts.layers
    if not len(layers.steps):
        return np.zeros(len(layers.infos), bool)
    share = np.nan_to_num(layers.typical(SATURATED_SHARE, layers.newest))
    pinned = np.asarray(np.fmin(share, _first_share(facts)) > MOST.value, bool)
    narrows = np.array([info.activation in NARROWS for info in layers.infos], bool)
    ends = np.array(list(final(layers.infos)), bool)
    free = narrows & (~ends | summed_up(facts)) & at_both_ends(facts)
    whole = np.array(list(hidden(layers.infos)), bool) | in_cells(layers.infos, pinned)
    if facts.level.explained < EXPLAINED.value and outputs_apart(facts):
        whole |= ends
    return np.asarray((whole | free) & pinned, bool)


def _never_moved(facts: Facts) -> Mask:
    """Return which layers of cells were pinned at first, where nothing has been learned since."""
    infos, share = facts.layers.infos, _first_share(facts)
    cells = in_cells(infos, share > MOST.value)
    return np.zeros_like(cells) if has_learned(facts) else cells


def has_learned(facts: Facts) -> bool:
    """Return whether a model has learned most of what there is, or, if unknown, whether it does."""
    level = facts.level
    return level.explained >= EXPLAINED.value if level.is_known else facts.is_improving


def _put_out(facts: Facts) -> Mask:
    """Return which layers end in a function that was pinned before anything was learned.

    Where the level is known only where it is worse than a constant's: rare events end so. But
    where the criterion is given what another function makes of it, as a distance or a cosine of
    two such ends, it is a hidden layer like others.
    """
    ends = np.array(list(final(facts.layers.infos)), bool) & pinned_at_first(facts)
    level = facts.level
    if level.explained < WRONG.value if level.is_known else not facts.is_improving:
        return ends
    criterion = facts.batches.criterion
    is_compared = criterion is not None and criterion.behind in COMPARED
    return ends if is_compared else np.zeros_like(ends)


def pinned_at_first(facts: Facts) -> Mask:
    """Return which layers had most of their units pinned in the first record.

    Gates left out, but for those of cells of which nothing was within reach.
    """
    infos, pinned = facts.layers.infos, _first_share(facts) > MOST.value
    counts = np.array([a or b for a, b in zip(hidden(infos), final(infos), strict=True)], bool)
    return np.asarray((counts | in_cells(infos, pinned)) & pinned, bool)


def _first_share(facts: Facts) -> Floats:
    """Return the share of pinned units of each layer in the first record; 0 where unknown."""
    layers = facts.layers
    if not len(layers.steps):
        return np.zeros(0)
    return np.asarray(np.nan_to_num(layers.column(SATURATED_SHARE, layers.early[:1])[0]), float)


def pinned_before(facts: Facts, step: int) -> bool:
    """Return whether layers were pinned in a record no later than `step`, and still are.

    A record is of the forward pass, which comes before its step.
    """
    if not len(facts.layers.steps) or facts.layers.steps[0] > step:
        return False
    return bool((pinned_at_first(facts) & pinned_now(facts)).any())
