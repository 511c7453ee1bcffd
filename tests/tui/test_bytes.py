"""What the interface sends, byte by byte, counted at its driver: nothing has to be waited for."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from textual.drivers.headless_driver import HeadlessDriver

from lossmon.eventfile.sources import LocalSource
from lossmon.records import Mark
from lossmon.tui.messages import Updated
from lossmon.tui.noticing import NoticingApp
from lossmon.tui.snapshot import RunView, Snapshot

Make = Callable[..., Any]
Opened = Callable[..., AbstractAsyncContextManager[Any]]
UPDATES, STEPS = 20, 10
"""Ten seconds of a training of 20 steps a second, seen twice a second."""
SECONDS = UPDATES / 2
HOSTILE = "a\x1b]0;owned\x07\x1b[2J\x9b31m\u202e[red]b[/]"

POINTER = r"\x1b\]22;\w+\x07"
"""Textual's own: the shape of the mouse pointer."""


class Wire:
    """All that was written to the terminal."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, _: object, data: str) -> None:
        """Take what the driver is given."""
        self.text += data

    def take(self) -> bytes:
        """Return what came since the last call."""
        sent, self.text = self.text, ""
        return sent.encode()


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Have the app in tests send what it would send to a terminal."""
    made = Wire()
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "256")
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda self, data: made.write(self, data))
    monkeypatch.setattr(HeadlessDriver, "flush", lambda _: None, raising=False)
    return made


@pytest.fixture
def training(view: Make, report: Make, finding: Make, rng: np.random.Generator) -> Make:
    """A run of so many steps out of one noisy training."""
    steps = np.arange(10_000)
    losses = 2.3 * np.exp(-steps / 4000) + 0.4 + 0.05 * rng.standard_normal(10_000)
    verdict = report(finding("lr-too-low", "warning", steps=(0, 2999)), flat=(1000, 2999))

    def at(count: int) -> RunView:
        speed = 20.0 + count % 7 / 10
        return view("net", losses[:count], verdict, life="live", speed=speed)

    return at


@pytest.mark.usefixtures("not_reading")
@pytest.mark.parametrize(("size", "most"), [((80, 24), 2000), ((200, 50), 5000)])
@pytest.mark.parametrize("keys", [(), ("enter",)])
async def test_a_live_training_stays_within_the_budget(
    opened: Opened, wire: Wire, training: Make, size: Any, most: int, keys: tuple[str, ...]
) -> None:
    async with opened(size) as screen:
        await screen.show(training(3000))
        await screen.press(*keys)
        assert len(wire.take()) > 1000
        for update in range(UPDATES):
            await screen.show(training(3000 + STEPS * (update + 1)))
        assert 0 < len(wire.take()) / SECONDS <= most


@pytest.mark.usefixtures("not_reading")
@pytest.mark.parametrize("keys", [(), ("enter",)])
async def test_nothing_new_sends_nothing(
    opened: Opened, wire: Wire, training: Make, keys: tuple[str, ...]
) -> None:
    shown = training(3000)
    async with opened() as screen:
        await screen.show(shown)
        await screen.press(*keys)
        wire.take()
        for _ in range(5):
            await screen.show(shown)
        assert wire.take() == b""


@pytest.mark.usefixtures("not_reading")
async def test_ctrl_l_sends_the_whole_screen_again(
    opened: Opened, wire: Wire, training: Make
) -> None:
    async with opened() as screen:
        await screen.show(training(3000))
        wire.take()
        await screen.press("ctrl+l")
        sent = wire.take()
        assert b"DIAGNOSIS" in sent
        assert len(sent) > 2000


@pytest.mark.usefixtures("not_reading")
async def test_the_help_comes_whole_in_one_frame(
    opened: Opened, wire: Wire, two_runs: tuple[RunView, ...]
) -> None:
    async with opened() as screen:
        await screen.show(*two_runs)
        wire.take()
        await screen.press("question_mark")
        first, *_ = wire.take().split(b"\x1b[m")
    assert b"freeze the screen" in first
    assert b"the training goes on" in first


@pytest.mark.usefixtures("not_reading")
async def test_nothing_from_a_log_reaches_the_terminal_as_a_command(
    opened: Opened, wire: Wire, view: Make, report: Make, finding: Make
) -> None:
    one = replace(finding("no-signal", claim=HOSTILE), culprits=(HOSTILE,), fixes=(HOSTILE,))
    evidence = replace(one.evidence[0], reads=HOSTILE, source=HOSTILE)
    verdict = replace(report(replace(one, evidence=(evidence,))), status_reads=HOSTILE)
    mark = Mark(9, 0.0, "exception", {"error": HOSTILE})
    run = view(HOSTILE, np.ones(50), verdict, life="dead", marks=(mark,))
    async with opened((160, 45)) as screen:
        screen.app.post_message(Updated(Snapshot((run,), HOSTILE)))
        await screen.press("k", "enter", "enter", "G", "escape", "question_mark", "escape", "1")
    sent = wire.take()
    assert b"owned" in sent
    controls(sent)


@pytest.mark.usefixtures("not_reading")
async def test_a_notice_goes_the_way_of_the_screen_once_and_is_inert(
    wire: Wire,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    view: Make,
    report: Make,
    finding: Make,
) -> None:
    monkeypatch.setenv("TERM", "tmux-256color")
    app = NoticingApp(LocalSource(tmp_path, "runs"), ["bell", "title", "osc9"])
    well = view(HOSTILE, None, report(status="learning"), life="live")
    ill = replace(well, report=report(finding("zero-init")))
    async with app.run_test() as pilot:
        for one in (well, ill, ill):
            app.post_message(Updated(Snapshot((one,))))
            await pilot.pause()
    sent = wire.take().decode()
    assert sent.count("\x1bPtmux;\x1b\x1b]9;lossmon: error zero-init in a\\x1b]0;owned") == 1
    assert sent.count("\x1b]2;error zero-init in a\\x1b]0;owned") == 1
    assert sent.index("\x1b[22;2t") < sent.index("\x1b]2;lossmon\x1b\\") < sent.index("\x1b[23;2t")
    ours = re.sub(
        rf"{POINTER}|\x1bPtmux;\x1b\x1b\]9;[^\x07]*\x07\x1b\\|\x1b\]2;[^\x1b]*\x1b\\", "", sent
    )
    assert ours.count("\x07") == 1
    controls(ours.replace("\x07", "").encode())


def controls(sent: bytes) -> None:
    """Fail where anything but colours and cursor movements commands the terminal."""
    text = re.sub(rf"{POINTER}|\x1b\[[0-9;:?<>=]*[A-Za-z$@]+", "", sent.decode())
    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", text), text
