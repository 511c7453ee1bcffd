from __future__ import annotations

import random
from pathlib import Path

import pytest

from lossmon.naturalorder import natural, natural_path


@pytest.mark.parametrize(
    "names",
    [
        ["Sequential-1", "Sequential-2", "Sequential-10"],
        ["2", "10", "a", "a-2", "a-2-b", "a-10"],
        ["lr0.1/seed-9", "lr0.1/seed-10"],
        ["", "1", "01x", "v" + "9" * 5000],
    ],
)
def test_numbers_in_names_count_as_numbers(names: list[str]) -> None:
    mixed = list(names)
    random.shuffle(mixed)
    assert sorted(mixed, key=natural) == names


def test_names_that_differ_never_count_as_equal() -> None:
    assert natural("a-1") != natural("a-01")


def test_a_folder_comes_right_before_what_is_in_it() -> None:
    names = ["r", "r/a", "r/a/2", "r/a/10", "r/a b"]
    paths = [Path(name) for name in reversed(names)]
    assert [path.as_posix() for path in sorted(paths, key=natural_path)] == names
