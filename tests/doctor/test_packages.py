"""What is said of packages, by metadata that is played."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping

import pytest

from lossmon.doctor.answer import Answer
from lossmon.doctor.packages import Requirement, is_older, packages, requirements

LINES = (
    "numpy>=1.26",
    "textual>=6.0",
    "torch>=2.4; extra == 'torch'",
    'tensorboard>=2.16; extra == "tensorboard"',
    "lossmon[torch]; extra == 'all'",
    "torch>=2.4; extra == 'all'",
)
WHOLE = {"lossmon": "0.1.0", "numpy": "2.1.0", "textual": "6.1.0"}


def answers(
    monkeypatch: pytest.MonkeyPatch, installed: Mapping[str, str | None]
) -> dict[str, Answer]:
    def version(name: str) -> str | None:
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: list(LINES))
    return {answer.about: answer for answer in packages()}


def test_what_is_needed_stands_in_the_metadata_and_each_package_comes_once() -> None:
    assert requirements(LINES) == (
        Requirement("numpy", "1.26"),
        Requirement("textual", "6.0"),
        Requirement("torch", "2.4", "torch"),
        Requirement("tensorboard", "2.16", "tensorboard"),
    )


@pytest.mark.parametrize(
    ("version", "older"),
    [("1.25.9", True), ("1.26", False), ("1.26.0+cu126", False), ("2.0rc1", False), ("1.9", True)],
)
def test_versions_are_compared_as_numbers(version: str, older: bool) -> None:
    assert is_older(version, "1.26") is older


def test_a_whole_environment_is_ok_and_an_extra_that_is_missing_says_what_it_is_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = answers(monkeypatch, WHOLE)
    assert {answer.level for answer in found.values()} == {"ok"}
    assert found["torch"].reads == "not installed; only to watch a training; viewers do without"
    assert found["torch"].fix == "pip install 'lossmon[torch]'"


def test_a_base_package_that_is_missing_or_too_old_is_a_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = answers(monkeypatch, {"lossmon": "0.1.0", "numpy": "1.24.4"})
    assert (found["numpy"].level, found["textual"].level) == ("problem", "problem")
    assert found["numpy"].reads == "1.24.4 is older than 1.26"
    assert found["textual"].fix == "pip install 'textual>=6.0'"


def test_an_extra_that_is_too_old_and_metadata_that_cannot_be_read_are_warnings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = answers(monkeypatch, {**WHOLE, "torch": "2.1.0+cu118", "tensorboard": None})
    assert (found["torch"].level, found["tensorboard"].level) == ("warning", "warning")
    assert "cannot be read" in found["tensorboard"].reads


def test_lossmon_from_a_folder_is_told_from_the_one_that_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bare = answers(monkeypatch, {"numpy": "2.1.0", "textual": "6.1.0"})["lossmon"]
    assert bare.level == "warning"
    assert "not installed" in bare.reads
    other = answers(monkeypatch, {**WHOLE, "lossmon": "0.0.9"})["lossmon"]
    assert (other.level, "0.0.9 is installed" in other.reads) == ("warning", True)
