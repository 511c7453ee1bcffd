"""What NVIDIA's driver answers, played."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lossmon.doctor import gpu
from lossmon.doctor.gpu import gpus


def played(**changed: Any) -> SimpleNamespace:
    answers = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda number: number,
        "nvmlDeviceGetName": lambda handle: (b"Alpha", "Beta")[handle],
    }
    return SimpleNamespace(**(answers | changed))


def refused() -> None:
    raise RuntimeError("Driver/library version mismatch")


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    """The file by which a driver shows that it is loaded."""
    (tmp_path / "version").touch()
    return tmp_path / "version"


def test_each_gpu_is_named(monkeypatch: pytest.MonkeyPatch, driver: Path) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", played())
    assert [(a.about, a.reads) for a in gpus(driver)] == [("GPU 0", "Alpha"), ("GPU 1", "Beta")]


def test_a_driver_that_refuses_is_a_problem_and_none_at_all_is_none(
    monkeypatch: pytest.MonkeyPatch, driver: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", played(nvmlInit=refused))
    (answer,) = gpus(driver)
    assert (answer.level, "version mismatch" in answer.reads) == ("problem", True)
    (answer,) = gpus(driver.with_name("none"))
    assert (answer.level, answer.reads) == ("ok", "none")


def test_a_driver_that_hangs_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, driver: Path
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(gpu, "PATIENCE_S", 0.01)
    monkeypatch.setitem(sys.modules, "pynvml", played(nvmlInit=gate.wait))
    (answer,) = gpus(driver)
    gate.set()
    assert (answer.level, "no answer" in answer.reads) == ("problem", True)


def test_a_driver_without_the_package_that_asks_it_gets_the_extra_named(
    monkeypatch: pytest.MonkeyPatch, driver: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    (answer,) = gpus(driver)
    assert (answer.level, answer.fix) == ("warning", "pip install 'lossmon[gpu]'")
    (answer,) = gpus(driver.with_name("none"))
    assert answer.level == "ok"
