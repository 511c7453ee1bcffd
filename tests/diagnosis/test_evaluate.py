from __future__ import annotations

import warnings

import numpy as np
import pytest

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.signals import PARAMETER_SIGNALS, RUN_SIGNALS


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38, 0.0])
def test_whatever_overflows_numpy_warns_of_nothing(value: float) -> None:
    table = np.ones((300, len(synth.SHAPES)))
    table[100:], table[:3] = value, value
    run = synth.run(
        loss=np.where(np.arange(300) < 100, 2.0, value),
        parameter=dict.fromkeys(PARAMETER_SIGNALS, table),
        total=dict.fromkeys(RUN_SIGNALS, table[:, 0]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diagnose(run)
