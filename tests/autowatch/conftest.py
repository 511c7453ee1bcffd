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
