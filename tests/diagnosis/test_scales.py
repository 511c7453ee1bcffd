from __future__ import annotations

import math

import numpy as np
import pytest

from lossmon.diagnosis.scales import pooled


def test_batches_together_have_the_scale_of_all_their_values() -> None:
    batches = np.random.default_rng(0).normal(3.0, 2.0, (5, 40)) + np.arange(5)[:, None]
    scale = pooled(batches.mean(1), batches.std(1))
    assert scale.mean == pytest.approx(batches.mean())
    assert scale.std == pytest.approx(batches.std())
    assert scale.size == pytest.approx(np.sqrt(np.square(batches).mean()))


def test_batches_that_are_not_finite_are_left_out() -> None:
    assert pooled(np.array([1.0, np.nan, 3.0]), np.array([np.inf, 0.0, 0.0])).mean == 2.0


def test_without_batches_no_scale_is_known() -> None:
    assert math.isnan(pooled(np.zeros(0), np.zeros(0)).size)
