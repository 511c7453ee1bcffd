"""Towers: functions whose units are added up to fewer outputs, with no layer in between.

As by the product of a user's code and an item's, or a distance. They are hidden units like others,
though none of the model's layers comes after them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lossmon.batchsignals import BATCH_SIZE
from lossmon.diagnosis.reach import DISTANT
from lossmon.records import LayerInfo

Mask = NDArray[np.bool_]

if TYPE_CHECKING:
    from lossmon.diagnosis.facts import Facts


def summed_up(facts: Facts) -> Mask:
    """Return which layers have more units than the criterion is given numbers of an example.

    Not of a function that comes after a sum already: it may be the output's own.
    """
    infos, criterion = facts.layers.infos, facts.batches.criterion
    sizes = facts.batches.newest(BATCH_SIZE)[1]
    shape = () if criterion is None else criterion.prediction_shape
    if not shape or not len(sizes):
        return np.zeros(len(infos), bool)
    each = float(np.prod(shape)) / max(1.0, float(np.median(sizes)))
    return np.array([_has_more(info, shape, each) for info in infos], bool)


def _has_more(info: LayerInfo, shape: tuple[int, ...], each: float) -> bool:
    return DISTANT not in info.settings and info.units > each and info.units not in shape[1:]
