"""The interface on a logdir behind a real ssh: it never waits for the line, and says how it is."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossmon.eventfile import sources
from lossmon.eventfile.sources import LocalSource
from lossmon.eventfile.writer import RunWriter
from lossmon.records import RunMeta
from lossmon.tui.polling import Poller

WriteRun = Callable[..., Path]
Make = Callable[..., Any]
Opened = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
def watched(opened: Opened) -> Opened:
    """Open the interface on an address, as the command does."""

    @asynccontextmanager
    async def watch(address: str) -> AsyncIterator[Any]:
        with sources.opened(address) as source:
            async with opened(source=source) as screen:
                source.follow()
                yield screen

    return watch


async def test_a_lost_line_is_said_and_found_again(watched: Any, sshd: Any, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    training = RunWriter(root / "net", RunMeta("r", "r-0", model="Net"), flush_s=0.01)
    training.scalars(0, time.time(), {"train/loss": 2.0})
    async with watched(sshd.address(root)) as screen:
        assert "Reading ssh://" in screen.text or "connecting" in screen.text
        assert "runs" in screen.rows[0]
        await screen.until(lambda: "● net" in screen.text)
        await screen.until(lambda: "!" not in screen.text)
        # A first verdict loads the rules, and a line that is back by then was not missed.
        await screen.until(lambda: "not enough evidence" in screen.text)
        for key, place in (("enter", "step 0"), ("escape", "1 run")):
            await screen.press(key)
            await screen.until(lambda place=place: place in screen.rows[0])
            assert sshd.cut() > 0
            await screen.until(lambda: "! ssh: connection lost" in screen.rows[1])
            await screen.until(lambda: "ssh: connection lost" not in screen.text)
        training.scalars(1, time.time(), {"train/loss": 1.5})
        await screen.until(lambda: "last 1.5" in screen.text)
    training.close()


async def test_what_keeps_it_from_connecting_stands_on_the_empty_screen(
    watched: Any, sshd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{sshd.client(key='stranger')}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    async with watched(sshd.address("/runs")) as screen:
        await screen.until(lambda: "asks for a password" in screen.text)
        assert "Waiting for ssh://" in screen.text
        assert "lossmon run" not in screen.text


async def test_folder_that_is_not_there_yet_is_waited_for(
    watched: Any, sshd: Any, tmp_path: Path, write_run: WriteRun
) -> None:
    async with watched(sshd.address(tmp_path / "runs")) as screen:
        await screen.until(lambda: "no such logdir" in screen.text)
        write_run("later", [2.0, 1.0])
        await screen.until(lambda: "○ later" in screen.text)


async def test_a_long_problem_has_two_rows_and_no_more(
    opened: Callable[..., Any], view: Make, report: Make
) -> None:
    from lossmon.tui.messages import Updated
    from lossmon.tui.snapshot import Snapshot

    verdict = report(status="learning")
    async with opened() as screen:
        for problem, rows in (("\x1b[2J" + "word " * 60, 2), ("short", 1), ("", 0)):
            views = (view("a", np.ones(10), verdict),)
            screen.app.post_message(Updated(Snapshot(views, problem)))
            await screen.press("k")
            table = next(n for n, row in enumerate(screen.rows) if "RUN" in row)
            assert table == 1 + rows
            assert "\x1b" not in screen.text


def test_a_run_does_not_die_of_a_lost_line(write_run: WriteRun) -> None:
    now = [1_700_000_100.0]
    root = write_run("a", [1.0] * 100, start=now[0] - 100, closed=False)

    def lives(*, is_in_touch: bool) -> list[str]:
        poller._source = LocalSource(root, str(root), is_in_touch=is_in_touch)
        return [snapshot.runs[0].life for snapshot in poller.poll()]

    poller = Poller(LocalSource(root, str(root)), clock=lambda: now[0])
    first = lives(is_in_touch=True)[-1]
    now[0] += 9000
    assert lives(is_in_touch=False) == []
    assert lives(is_in_touch=True)[-1] != first
