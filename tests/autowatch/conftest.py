"""Trainings watched in this process, as `lossmon run` watches a script's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import lossmon
from lossmon.autowatch.places import Places
from lossmon.autowatch.watcher import Watcher
from lossmon.records import Run

Train = Callable[[], object]


@pytest.fixture
def watched(tmp_path: Path) -> Callable[[Callable[[], None]], dict[str, Run]]:
    """Call a function that makes models and trains them; return the runs by name."""

    def watched(train: Callable[[], None]) -> dict[str, Run]:
        torch.manual_seed(0)
        watcher = Watcher(Places(tmp_path / "out"))
        try:
            train()
        finally:
            watcher.close(None)
        found = sorted((tmp_path / "out").iterdir(), key=lambda path: path.name.split("-")[-1])
        return {path.name: lossmon.read_run(path) for path in found}

    return watched


@pytest.fixture
def watching(
    tmp_path: Path, nothing_left: None, capsys: pytest.CaptureFixture[str]
) -> Callable[[Train], str]:
    """Call a function that trains, as a script would; return what was said of it."""

    def watching(train: Train) -> str:
        torch.manual_seed(0)
        watcher = Watcher(Places(tmp_path / "out"), holds_out=True)
        try:
            train()
        finally:
            watcher.close(None)
        return capsys.readouterr().err

    return watching


@pytest.fixture
def held_out(
    tmp_path: Path, watching: Callable[[Train], str]
) -> Callable[[Train], tuple[Run, str]]:
    """Do so; return its only run as well."""

    def held_out(train: Train) -> tuple[Run, str]:
        said = watching(train)
        (place,) = (tmp_path / "out").iterdir()
        return lossmon.read_run(place), said

    return held_out
