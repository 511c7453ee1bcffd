"""Each screen whole, at the two sizes that they are laid out for, as a person sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.records import Mark, Run
from lossmon.tui.polling import view_of
from lossmon.tui.snapshot import RunView

Opened = Callable[..., AbstractAsyncContextManager[Any]]
Golden = Callable[[str, str], None]

ENDED = 30.0

pytestmark = pytest.mark.usefixtures("not_reading")


def viewed(run: Run, name: str) -> RunView:
    marks = (*run.marks, Mark(299, ENDED, "closed"))
    run = replace(run, name=name, last_wall=ENDED, marks=marks)
    return replace(view_of((name, 0), run, None, ENDED + 600), report=diagnose(run))


def runs() -> tuple[RunView, RunView]:
    """A run whose gradients fade towards the input, and a healthy one."""
    norms = np.tile([1e-9, 1e-9, 3e-5, 3e-5, 1.0, 1.0], (300, 1))
    changed = {signals.GRAD_NORM: norms, signals.GRAD_SAMPLED_NORM: norms}
    changed |= {signals.UPDATE_NORM: 1e-3 * norms}
    ill = synth.run(300, loss=synth.flat(300), parameter=changed)
    return viewed(ill, "deep/sigmoid-2"), viewed(synth.run(300), "deep/relu-1")


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
async def test_every_screen_is_as_it_was(
    opened: Opened, golden: Golden, size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        screen.app.source = replace(screen.app.source, shown="runs")
        await screen.show(*runs())
        for name, keys in (
            ("overview", ("j", "space", "k")),
            ("run", ("2", "n", "l", "l")),
            ("layers", ("3", "z")),
            ("events", ("4",)),
        ):
            await screen.press(*keys)
            golden(f"screen-{name}-{size[0]}.txt", screen.text + "\n")
