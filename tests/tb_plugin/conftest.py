"""TensorBoard around the plugin: as a WSGI application, and as the real program on loopback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorboard")

from tensorboard import program
from tensorboard.backend import application
from tensorboard.plugins.core.core_plugin import CorePluginLoader
from werkzeug.test import Client, TestResponse

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Run
from tensorboard_plugin_lossmon.loader import LossmonLoader

PREFIX = "/data/plugin/lossmon"


class Panel:
    """The tab's routes, asked like a browser would."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, route: str, **query: Any) -> TestResponse:
        return self.client.get(f"{PREFIX}/{route}", query_string=query)

    def json(self, route: str, **query: Any) -> dict[str, Any]:
        """The answer of a route, which must be one in strict JSON."""
        response = self.get(route, **query)
        assert response.status_code == 200, response.get_data(as_text=True)
        return strict(response.get_data(as_text=True))

    def refused(self, route: str, **query: Any) -> tuple[int, str]:
        response = self.get(route, **query)
        return response.status_code, strict(response.get_data(as_text=True))["error"]


def strict(text: str) -> Any:
    """Parse JSON, and refuse the NaN and Infinity that browsers refuse."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def panel() -> Callable[..., Panel]:
    """The plugin inside TensorBoard's own application: `panel("--logdir", folder)`."""

    def make(*arguments: str | Path) -> Panel:
        loaders = [CorePluginLoader(), LossmonLoader()]
        board = program.TensorBoard(plugins=loaders)
        board.configure(argv=["tensorboard", *map(str, arguments)])
        return Panel(Client(application.TensorBoardWSGIApp(board.flags, loaders)))

    return make


@pytest.fixture(scope="session")
def tensorboard() -> Iterator[Callable[..., str]]:
    """Start the real program on a free port of loopback; the result is its address."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> str:
        command = [sys.executable, "-m", "tensorboard.main", "--port", "0", "--host", "127.0.0.1"]
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        started.append(process)
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if found := re.search(r" at (http://\S+)", line):
                return found[1].rstrip("/")
        raise AssertionError("".join(seen))

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=20)
        if process.stderr is not None:
            process.stderr.close()


@pytest.fixture(scope="session")
def write() -> Callable[[Run, Path], None]:
    """Write a run with its layers as capture would."""

    def write_(run: Run, logdir: Path) -> None:
        assert run.meta is not None
        assert run.parameters is not None
        assert run.layers is not None
        assert run.totals is not None
        writer = RunWriter(logdir, run.meta)
        for row, step in enumerate(run.parameters.steps.tolist()):
            wall = 1_700_000_000.0 + step
            values = {tag: float(s.values[row]) for tag, s in run.series.items() if row < len(s)}
            writer.scalars(step, wall, values)
            layers, totals = run.layers.values, run.totals.values
            writer.wide(step, wall, run.parameters.values[row], layers[row], totals[row])
        writer.close()

    return write_


@pytest.fixture(scope="session")
def not_finite() -> Callable[[int, int], Run]:
    """Make a run of so many weights, of which those from a number on overflow, and the loss then.

    None of them is in a module, so that they cannot be folded.
    """

    def make(weights: int, first: int) -> Run:
        count = np.zeros((60, weights))
        count[30:, first:] = 3
        changed = {
            signals.GRAD_NONFINITE: count,
            signals.GRAD_NORM: np.where(count > 0, np.inf, 1.0),
        }
        shapes = {f"w{number:03}": (8, 8) for number in range(weights)}
        loss = [1.0] * 30 + [float("nan")] * 30
        return synth.run(60, shapes=shapes, layers=(), loss=loss, parameter=changed)

    return make
