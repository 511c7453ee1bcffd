"""Runs of known verdict, written as capture writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

STEPS = 400


@pytest.fixture
def learning(write_run: Callable[..., Path], rng: np.random.Generator) -> Path:
    """A folder with one run whose loss falls."""
    noise = rng.normal(0, 0.02, STEPS)
    return write_run("steady", 2.3 * np.exp(-np.arange(STEPS) / 150) + 0.2 + noise)


@pytest.fixture
def broken(write_run: Callable[..., Path], rng: np.random.Generator) -> Path:
    """A folder with one run whose loss is NaN from step 150 on."""
    losses = 2.3 + rng.normal(0, 0.02, STEPS)
    losses[150:] = np.nan
    return write_run("burst", losses)
