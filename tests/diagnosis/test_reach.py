from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis.reach import binary_floor, class_floor, coin_entropy, reach


@pytest.mark.parametrize("classes", [2, 5, 10, 1000])
def test_floor_of_two_softmaxes_is_the_published_one(classes: int) -> None:
    assert class_floor(classes, 1.0) == pytest.approx(np.log(np.e + classes - 1) - 1)


def test_floor_of_unbounded_logits_is_zero() -> None:
    assert class_floor(10, np.inf) == 0
    assert binary_floor(-np.inf, np.inf, 0.3) == 0


@pytest.mark.parametrize("ones", [0.0, 0.02, 0.5, 1.0])
def test_binary_floor_is_what_the_best_logits_cost(ones: float) -> None:
    def cost(logit: float, target: float) -> float:
        p = 1 / (1 + np.exp(-logit))
        return float(-target * np.log(p) - (1 - target) * np.log(1 - p))

    best = ones * cost(1.0, 1.0) + (1 - ones) * cost(-1.0, 0.0)
    assert binary_floor(-1.0, 1.0, ones) == pytest.approx(best)


def test_constant_prediction_of_rare_ones_costs_little() -> None:
    assert coin_entropy(0.5) == pytest.approx(np.log(2))
    assert coin_entropy(0.02) == pytest.approx(0.098, abs=1e-3)
    assert coin_entropy(1.0) == 0


def test_function_that_is_not_known_has_no_bounds() -> None:
    assert reach("addmm") == (-np.inf, np.inf)
    assert reach("relu") == (0, np.inf)
