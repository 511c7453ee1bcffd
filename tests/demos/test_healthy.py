"""Healthy trainings of real kinds: they learn, and nothing above info is said of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Train = Callable[..., list[Any]]

pytestmark = [pytest.mark.training, pytest.mark.parametrize("seed", [0, 1, 2])]


def test_gpt_learns_unsuspected(train_quickly: Train, seed: int) -> None:
    (run,) = train_quickly("gpt.py", "--steps", 300, "--seed", seed)
    assert not run.loud
    assert run.status == "learning"


def test_cnn_learns_unsuspected(train_quickly: Train, seed: int) -> None:
    (run,) = train_quickly("cnn.py", "--seed", seed)
    assert not run.loud
    assert run.status == "learning"
