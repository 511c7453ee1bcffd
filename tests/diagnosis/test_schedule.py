from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.schedule import main_rate, rates
from lossmon.records import Run, Series
from lossmon.signals import LR


def _groups(**values: float) -> Run:
    at = np.arange(3)
    series = {
        f"{LR.tag}/{name}": Series(f"{LR.tag}/{name}", at, at * 1.0, np.full(3, value))
        for name, value in values.items()
    }
    return replace(synth.scalars_only([1.0, 0.9, 0.8]), series=series)


def test_every_param_group_has_a_rate() -> None:
    assert len(rates(_groups(body=1e-3, head=1e-2))) == 2


def test_main_rate_is_the_one_with_the_highest_peak() -> None:
    series = main_rate(_groups(body=1e-3, head=1e-2))
    assert series is not None
    assert series.tag.endswith("head")


def test_run_without_rates_has_no_main_one() -> None:
    assert main_rate(synth.scalars_only([1.0, 0.9])) is None
