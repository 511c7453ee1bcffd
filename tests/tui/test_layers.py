"""The screen of layers, on a run whose gradients fade towards the input."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.records import Mark
from lossmon.tui.layerlist import arranged, layers_of, row_of
from lossmon.tui.polling import view_of
from lossmon.tui.screens.layers import LayersScreen
from lossmon.tui.screens.overview import OverviewScreen
from lossmon.tui.screens.run import RunScreen
from lossmon.tui.screens.text import TextScreen
from lossmon.tui.snapshot import RunView

Opened = Callable[..., AbstractAsyncContextManager[Any]]
Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("not_reading")


def vanishing() -> RunView:
    norms = np.tile([1e-9, 1e-9, 3e-5, 3e-5, 1.0, 1.0], (300, 1))
    changed = {signals.GRAD_NORM: norms, signals.GRAD_SAMPLED_NORM: norms}
    changed |= {signals.UPDATE_NORM: 1e-3 * norms}
    run = synth.run(300, loss=synth.flat(300), parameter=changed)
    run = replace(run, name="deep", last_wall=30.0, marks=(*run.marks, Mark(299, 30.0, "closed")))
    return replace(view_of(("deep", 0), run, None, 600.0), report=diagnose(run))


def listed(screen: Any) -> list[str]:
    """Names in the table, from the top."""
    rows = (re.match(r"[▶ ][✗!i ] ([024](\.weight|\.bias)?) ", row) for row in screen.rows)
    return [row[1] for row in rows if row]


async def test_n_and_3_lead_from_the_verdict_to_the_culprit_and_escape_back(
    opened: Opened,
) -> None:
    async with opened() as screen:
        await screen.show(vanishing())
        await screen.press("2", "n", "3")
        assert isinstance(screen.app.screen, LayersScreen)
        chosen = next(row for row in screen.rows if row.startswith("▶"))
        assert chosen.startswith("▶✗ 0.weight")
        assert "1e-09" in chosen
        assert "··" in chosen
        assert "██" in next(row for row in screen.rows if "4.weight" in row)
        assert "scale" in screen.text
        assert "┊ step" in screen.text
        await screen.press("escape")
        assert isinstance(screen.app.screen, RunScreen)
        await screen.press("3", "1")
        assert isinstance(screen.app.screen, OverviewScreen)


async def test_keys_sort_fold_filter_and_choose_layers_and_what_is_shown_of_them(
    opened: Opened,
) -> None:
    async with opened() as screen:
        await screen.show(vanishing())
        await screen.press("3")
        first = listed(screen)
        await screen.press("o", "o")
        assert "by name" in screen.text
        assert listed(screen) == ["0.bias", "0.weight", "2.bias", "2.weight", "4.bias", "4.weight"]
        await screen.press("o")
        assert listed(screen) == first
        await screen.press("z")
        assert listed(screen) == ["0", "2", "4"]
        await screen.press("z", "slash", "b", "i", "q", "backspace", "enter")
        assert [name for name in listed(screen) if name.endswith("weight")] == []
        await screen.press("slash", "x", "x", "escape")
        assert len(listed(screen)) == 3
        await screen.press("slash", "ctrl+u", "enter", "G")
        bottom = next(row for row in screen.rows if row.startswith("▶"))
        await screen.press("k", "g", "v")
        assert bottom != next(row for row in screen.rows if row.startswith("▶"))
        assert "UPDATE" in screen.text
        await screen.press("V", "h", "l", "H")
        assert "┊ step" in screen.text
        await screen.press("e")
        assert "└" not in screen.text
        await screen.press("enter")
        assert isinstance(screen.app.screen, TextScreen)
        assert "grad norm" in screen.text


async def test_a_log_of_scalars_says_that_nothing_is_known_of_layers(
    opened: Opened, view: Make, report: Make
) -> None:
    async with opened((40, 12)) as screen:
        await screen.show(view("a", None, report(status="learning")))
        await screen.press("3", "j", "o", "z", "v", "h", "enter", "n")
        assert isinstance(screen.app.screen, LayersScreen)
        assert "a log of scalars: no layer is known" in screen.text


def test_a_relu_is_stood_for_by_the_layer_that_feeds_it_and_a_module_by_its_parameters() -> None:
    run = synth.run(50)
    layers = layers_of(run, None, 0)
    assert [one.fold.name for one in arranged(layers, "depth", "weight")] == [
        "0.weight",
        "2.weight",
        "4.weight",
    ]
    for culprit, row in (("3", "2.weight"), ("4", "4.weight"), ("2.bias", "2.bias")):
        found = row_of(run, layers, culprit)
        assert found is not None
        assert found.fold.name == row
    assert row_of(run, layers, "gone") is None
