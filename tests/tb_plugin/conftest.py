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

import pytest

pytest.importorskip("tensorboard")

from tensorboard import program
from tensorboard.backend import application
from tensorboard.plugins.core.core_plugin import CorePluginLoader
from werkzeug.test import Client, TestResponse

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
