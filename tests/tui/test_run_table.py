from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lossmon.tui.widgets.run_table import table_lines

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("loss", "shown"),
    [
        (0.70184, "0.7018"),
        (1.23456e-05, "1.23e-05"),
        (-1.23456e-05, "-1.2e-05"),
        (-9.87654e-101, "-1e-100"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_a_loss_never_loses_its_exponent(view: Make, loss: float, shown: str) -> None:
    row = table_lines([view("a", [1.0, loss])], None, 80, 2)[1].text
    assert f" {shown} " in row


def test_columns_without_any_value_make_room_for_names(view: Make) -> None:
    name = "experiment/learning-rate-0.003/seed-1"
    rows = table_lines([view(name)], None, 120, 2)
    assert name in rows[1].text
    assert "VAL" not in rows[0].text
    assert "SPEED" not in rows[0].text
    assert "SPEED" in table_lines([view(name, life="live", speed=9.1)], None, 120, 2)[0].text


@pytest.mark.parametrize("width", [62, 80, 102, 200])
def test_titles_stand_over_their_columns(view: Make, width: int) -> None:
    title, row = (one.text for one in table_lines([view("a" * 70)], None, width, 2))
    assert title.index("STEP") + 4 == row.index("199") + 3
