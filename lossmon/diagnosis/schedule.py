"""The learning rates of a run, as its log tells them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossmon import signals
from lossmon.records import Run, Series, Steps


def rates(run: Run) -> tuple[Series, ...]:
    """Return one series a param group, `train/lr` or `train/lr/<group>`, none of them empty."""
    tag = signals.LR.tag
    return tuple(
        series
        for name, series in run.series.items()
        if len(series) and (name == tag or name.startswith(f"{tag}/"))
    )


def main_rate(run: Run) -> Series | None:
    """Return the learning rate of the param group whose peak is highest; None where unknown."""
    return max(rates(run), key=_peak, default=None)


def rate_at(rate: Series, steps: Steps) -> NDArray[np.float64]:
    """Return a learning rate as it was at `steps`; the first one before it was recorded."""
    at = np.searchsorted(rate.steps, steps, side="right") - 1
    return np.asarray(rate.values[np.maximum(at, 0)], float)


def _peak(series: Series) -> float:
    return float(np.nan_to_num(series.values, nan=-np.inf).max())
