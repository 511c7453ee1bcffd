"""The real program, with either of its loaders: the tab is there and answers."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

Write = Callable[..., Path]
Start = Callable[..., str]


def _get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=30) as response:
        return json.load(response)


def _runs(address: str) -> Any:
    """Ask for the runs, as the tab does, until all of them have been read."""
    for _ in range(30):
        listing = _get(f"{address}/data/plugin/lossmon/runs")
        if not listing["pending"]:
            break
    return listing["runs"]


@pytest.mark.parametrize("fast", ["true", "false"])
def test_tab_is_listed_and_answers(write_run: Write, tensorboard: Start, fast: str) -> None:
    folder = write_run("a", [1.0, 0.9])
    address = tensorboard("--logdir", folder, "--load_fast", fast)
    listing = _get(f"{address}/data/plugins_listing")["lossmon"]
    assert listing["tab_name"] == "Stagnation"
    module = urlsplit(listing["loading_mechanism"]["module_path"])
    assert module.path.endswith("/lossmon/static/index.js")
    assert [run["run"] for run in _runs(address)] == ["a"]
    assert _get(f"{address}/data/plugin/lossmon/report?run=a")["report"]["steps"] == 2


def test_tab_answers_below_a_path_prefix_and_for_named_folders(
    write_run: Write, tensorboard: Start
) -> None:
    folder = write_run("a", [1.0, 0.9])
    spec = f"x:{folder},y:{folder}/a"
    address = tensorboard("--logdir_spec", spec, "--path_prefix", "/deep/board")
    assert address.endswith("/deep/board")
    runs = _runs(address)
    assert [run["run"] for run in runs] == ["x/a", "y"]
    assert [run["hosts"][0] for run in runs] == ["x/a/lossmon", "y/lossmon"]
