"""Real files, the real reader and the real thread behind the screens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, RunMeta
from lossmon.tui.screens.run import RunScreen

Opened = Callable[..., AbstractAsyncContextManager[Any]]
WriteRun = Callable[..., Path]


def writer(folder: Path) -> RunWriter:
    meta = RunMeta("run", "run-0", start_wall=time.time(), model="Net")
    return RunWriter(folder, meta, flush_s=0.01)


async def test_a_folder_that_is_not_there_is_waited_for(
    opened: Opened, write_run: WriteRun, tmp_path: Path
) -> None:
    async with opened() as screen:
        await screen.until(lambda: "does not exist yet" in screen.text)
        assert "lossmon run --logdir" in screen.text
        assert "lossmon.watch(" in screen.text
        (tmp_path / "runs").mkdir()
        await screen.until(lambda: "no event files in this folder yet" in screen.text)
        write_run("first", [2.0, 1.0, 0.5])
        await screen.until(lambda: "○ first" in screen.text)
        assert "Waiting" not in screen.text


async def test_a_second_run_joins_the_first(opened: Opened, write_run: WriteRun) -> None:
    write_run("one", [2.0] * 50)
    async with opened() as screen:
        await screen.until(lambda: "○ one" in screen.text)
        write_run("two", [1.0] * 50)
        await screen.until(lambda: "○ two" in screen.text)
        assert "2 runs" in screen.rows[0]


async def test_a_training_is_followed_from_its_first_step_to_its_end(
    opened: Opened, tmp_path: Path
) -> None:
    folder = tmp_path / "runs" / "net"
    now = time.time()
    async with opened() as screen:
        training = writer(folder)
        training.scalars(0, now - 2, {"train/loss": 2.0})
        await screen.until(lambda: "● net" in screen.text)
        training.scalars(1, now - 1, {"train/loss": 1.5})
        await screen.until(lambda: "last 1.5" in screen.text)
        await screen.press("enter")
        await screen.until(lambda: "step 1 " in screen.rows[0])
        training.scalars(2, now, {"train/loss": 1.25})
        await screen.until(lambda: "step 2 " in screen.rows[0])
        assert "1 it/s" in screen.rows[0]
        training.mark(Mark(2, now, "closed"))
        training.close()
        await screen.until(lambda: "○ finished" in screen.rows[0])


async def test_an_exception_that_ended_the_training_is_named(
    opened: Opened, tmp_path: Path
) -> None:
    training = writer(tmp_path / "runs" / "net")
    for step in range(20):
        training.scalars(step, time.time(), {"train/loss": 1.0})
    error = "RuntimeError: mat1 and mat2 shapes\x1b[2J cannot be multiplied"
    training.mark(Mark(19, time.time(), "exception", {"error": error}))
    training.close()
    async with opened() as screen:
        await screen.until(lambda: "✕ net" in screen.text)
        await screen.press("enter")
        await screen.until(lambda: "mat1 and mat2 shapes\\x1b[2J" in screen.text)
        assert "✕ dead" in screen.rows[0]


async def test_a_folder_that_is_itself_a_run_opens_on_it(
    opened: Opened, write_run: WriteRun
) -> None:
    root = write_run("only", [2.0] * 30) / "only"
    async with opened(root=root) as screen:
        await screen.until(lambda: isinstance(screen.app.screen, RunScreen))
        await screen.until(lambda: "only" in screen.rows[0])


async def test_damage_is_shown_and_stops_nothing(opened: Opened, write_run: WriteRun) -> None:
    root = write_run("torn", [2.0 - step / 100 for step in range(100)])
    events = next((root / "torn").rglob("events.out.tfevents.*"))
    data = bytearray(events.read_bytes())
    data[len(data) // 2] ^= 0xFF
    events.write_bytes(bytes(data))
    async with opened() as screen:
        await screen.until(lambda: "torn" in screen.text)
        await screen.press("enter")
        await screen.until(lambda: "damaged" in screen.text)


async def test_a_rule_that_fails_does_not_end_the_display(
    opened: Opened, write_run: WriteRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, run: object) -> None:
        raise ZeroDivisionError("in a rule")

    monkeypatch.setattr("lossmon.diagnosis.engine.Fold.advance", fail)
    write_run("a", [2.0] * 50)
    async with opened() as screen:
        await screen.until(lambda: "cannot be judged" in screen.text)
        await screen.press("enter")
        await screen.until(lambda: "ZeroDivisionError: in a rule" in screen.text)


async def test_a_reader_that_fails_is_tried_again_and_said(
    opened: Opened, write_run: WriteRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lossmon.eventfile.watching import LogdirReader

    whole, failures = LogdirReader.poll, iter([OSError(5, "Input/output error")] * 3)

    def poll(self: LogdirReader, **options: Any) -> Any:
        error = next(failures, None)
        if error is not None:
            raise error
        return whole(self, **options)

    monkeypatch.setattr(LogdirReader, "poll", poll)
    write_run("a", [2.0] * 50)
    async with opened() as screen:
        await screen.until(lambda: "○ a" in screen.text)


async def test_the_findings_on_the_screen_are_those_of_check_for_the_same_bytes(
    opened: Opened, write_run: WriteRun, run_python: Callable[..., Any]
) -> None:
    root = write_run("flat", [2.3 + 0.01 * (step % 7) for step in range(400)])
    checked = json.loads(run_python("-m", "lossmon", "check", root, "--json").stdout)["runs"][0]
    async with opened() as screen:
        await screen.until(lambda: "judging" not in screen.text and "flat" in screen.text)
        (view,) = screen.app.snapshot.runs
        assert view.report.status == checked["status"]
        assert [one.rule for one in view.findings] == [one["rule"] for one in checked["findings"]]
        await screen.press("2")
        for one in checked["findings"]:
            assert one["rule"] in screen.text
