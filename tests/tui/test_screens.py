"""Each screen whole, at the two sizes that they are laid out for, as a person sees it.

As text with any Textual that is claimed; as a picture, colours and all, with the pinned one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
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
ROOT = Path(__file__).resolve().parents[2]
PINNED = dict(re.findall(r"^(textual|rich)==(.+)$", (ROOT / "constraints.txt").read_text(), re.M))
HERE = {name: version(name) for name in ("textual", "rich")}
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
PICTURES = {
    "overview": ("j", "space", "k"),
    "run": ("2", "n", "l", "l"),
    "finding": ("enter",),
    "help": ("escape", "question_mark"),
    "commands": ("escape", "colon", *"zo"),
    "layers": ("escape", "3", "z"),
    "events": ("4",),
}
"""The keys from one picture to the next."""

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


def picture(screen: Any) -> str:
    """What is on the screen as SVG, without what differs from one drawing to the next."""
    svg = FONTS.sub("", screen.app.export_screenshot(title="lossmon"))
    return re.sub(r"terminal-\d+", "terminal", svg)


@pytest.mark.skipif(PINNED != HERE, reason=f"pictures are of {PINNED}, here is {HERE}")
async def test_every_screen_looks_as_it_did(opened: Opened, golden: Golden) -> None:
    async with opened((80, 24)) as screen:
        screen.app.source = replace(screen.app.source, shown="runs")
        await screen.show(*runs())
        for name, keys in PICTURES.items():
            await screen.press(*keys)
            golden(f"screen-{name}.svg", picture(screen))
        await screen.press("1")
        await screen.resize(160, 45)
        golden("screen-overview-160.svg", picture(screen))
