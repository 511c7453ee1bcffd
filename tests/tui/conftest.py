"""Runs, verdicts and screens for the tests of the terminal interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from textual.message import Message
from textual.pilot import Pilot

from lossmon.diagnosis.finding import Evidence, Finding, Report, Severity, Status
from lossmon.eventfile.liveness import Liveness
from lossmon.eventfile.sources import LocalSource, Source
from lossmon.numfmt import printable
from lossmon.records import Mark, Run, Series
from lossmon.tui.app import LossmonApp
from lossmon.tui.messages import Updated
from lossmon.tui.points import condense
from lossmon.tui.snapshot import RunView, Snapshot

START = 1_700_000_000.0


class Screen:
    """What a person sees, and does."""

    def __init__(self, app: LossmonApp, pilot: Pilot[int], messages: list[Message]) -> None:
        self.app = app
        self.messages = messages
        """All that was posted so far."""
        self._pilot = pilot

    @property
    def text(self) -> str:
        """The characters of the screen in front, row by row."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def rows(self) -> list[str]:
        """The rows of the screen in front."""
        return self.text.split("\n")

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until they have done what they do."""
        await self._pilot.press(*keys)
        await self._pilot.pause()

    async def show(self, *views: RunView) -> None:
        """Hand the app a snapshot, as the reading thread would."""
        self.app.post_message(Updated(Snapshot(views)))
        await self._pilot.pause()

    async def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        await self._pilot.resize_terminal(columns, rows)
        await self._pilot.pause()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until the screen is as expected; fail after twenty seconds."""
        for _ in range(400):
            if holds():
                return
            await self._pilot.pause(0.05)
        pytest.fail(f"it never came:\n{self.text}")


class _NoReading:
    def __init__(self, *_: object, **__: object) -> None:
        pass

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def go_on(self) -> None:
        pass


@pytest.fixture
def not_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that shows only what a test hands it."""
    monkeypatch.setattr("lossmon.tui.app.Tailer", _NoReading)


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[Screen]]:
    """Open the app: `async with opened((80, 24)) as screen`.

    It looks at `tmp_path / "runs"`, which is not there until a test makes it.
    """

    @asynccontextmanager
    async def open_(
        size: tuple[int, int] = (80, 24), root: Path | None = None, source: Source | None = None
    ) -> AsyncIterator[Screen]:
        folder = root or tmp_path / "runs"
        place = source or LocalSource(folder, str(folder))
        app = LossmonApp(place, interval_s=0.05, charset="braille")
        messages: list[Message] = []
        async with app.run_test(size=size, message_hook=messages.append) as pilot:
            await pilot.pause()
            yield Screen(app, pilot, messages)

    return open_


def _finding(
    rule: str, severity: Severity = "error", *, steps: tuple[int, int] = (0, 99), claim: str = ""
) -> Finding:
    """A finding whose sentences name its rule."""
    return Finding(
        rule,
        severity,
        steps[0],
        ("fc1.weight",),
        claim or f"The claim of {rule}.",
        (Evidence("grad_norm", *steps, 1e-9, 1e-6, f"what was seen of {rule}", "a paper"),),
        (f"First cure of {rule}.", f"Second cure of {rule}."),
    )


def _report(
    *findings: Finding, status: Status = "stuck", flat: tuple[int, int] | None = None
) -> Report:
    """A verdict with these findings, the first of them the cause."""
    cause = findings[0].rule if findings else None
    return Report(
        "run", status, 200, cause, findings, status_reads=f"why it is {status}", flat=flat
    )


def _view(
    name: str,
    losses: Sequence[float] | None = None,
    verdict: Report | None = None,
    *,
    life: Liveness = "finished",
    speed: float = float("nan"),
    marks: tuple[Mark, ...] = (),
) -> RunView:
    """A run of the given losses, one a second."""
    values = np.asarray(np.linspace(2.0, 1.0, 200) if losses is None else losses, np.float64)
    steps = np.arange(len(values))
    loss = Series("train/loss", steps, START + steps, values)
    run = Run(name, {"train/loss": loss} if len(values) else {}, marks=marks)
    return RunView(
        key=(name, 0),
        name=printable(name),
        run=run,
        life=life,
        points=condense(loss) if len(values) else None,
        report=verdict,
        speed=speed,
    )


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """Make a finding: `finding("no-signal", "warning", steps=(0, 99))`."""
    return _finding


@pytest.fixture
def report() -> Callable[..., Report]:
    """Make a verdict: `report(finding(...), status="stuck", flat=(50, 199))`."""
    return _report


@pytest.fixture
def view() -> Callable[..., RunView]:
    """Make a run as screens know it: `view("a", losses, report(...), life="live")`."""
    return _view


@pytest.fixture
def two_runs(
    view: Callable[..., RunView],
    report: Callable[..., Report],
    finding: Callable[..., Finding],
) -> tuple[RunView, RunView]:
    """A sick run with three findings and a healthy one."""
    ill = report(
        finding("vanishing-gradient", "error", steps=(0, 99)),
        finding("lr-too-low", "warning", steps=(100, 149)),
        finding("no-signal", "info", steps=(150, 199)),
        flat=(120, 199),
    )
    return (
        view("sick", None, ill, life="live", speed=9.1),
        view("healthy", None, report(status="learning")),
    )
