"""The training that the frameworks are held against: a loop of one's own, watched and found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lossmon.records import Run

pytestmark = pytest.mark.training


def test_a_loop_of_ones_own_is_recorded_and_not_changed(
    task: Any, loop: Any, agrees: Callable[..., Run]
) -> None:
    agrees(task, loop)


def test_lossmon_run_alone_says_the_same_and_nothing_twice(
    task: Any, loop: Any, agrees_without_us: Callable[..., None]
) -> None:
    agrees_without_us(task, loop)
