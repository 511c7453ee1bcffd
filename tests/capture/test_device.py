"""What is asked of a device: here of none, and of a driver that is played."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lossmon.capture.device import DeviceMeter, Driver, gpu_readings, torch_memory

TAGS = (
    "perf/gpu_utilisation",
    "perf/gpu_memory_mb",
    "perf/gpu_power_w",
    "perf/gpu_temperature_c",
)


class NoSuchReadingError(Exception):
    pass


class PlayedDriver:
    """Answers as pynvml does."""

    NVMLError = NoSuchReadingError
    NVML_TEMPERATURE_GPU = 0

    def nvmlDeviceGetUtilizationRates(self, gpu: Any) -> Any:  # noqa: N802
        return SimpleNamespace(gpu=87, memory=12)

    def nvmlDeviceGetMemoryInfo(self, gpu: Any) -> Any:  # noqa: N802
        return SimpleNamespace(used=3_000_000_000, total=80_000_000_000)

    def nvmlDeviceGetPowerUsage(self, gpu: Any) -> int:  # noqa: N802
        return 250_500

    def nvmlDeviceGetTemperature(self, gpu: Any, sensor: int) -> int:  # noqa: N802
        return 61


def test_a_cpu_has_nothing_to_count() -> None:
    meter = DeviceMeter(torch.device("cpu"))
    assert not meter.is_counted
    assert torch_memory(torch.device("cpu")) == {}
    meter.stop()


def test_the_drivers_answers_are_percent_megabytes_watts_and_degrees() -> None:
    assert gpu_readings(PlayedDriver(), None) == dict(zip(TAGS, (87, 3000, 250.5, 61), strict=True))


def test_what_a_gpu_cannot_tell_is_left_out() -> None:
    class Partly(PlayedDriver):
        def nvmlDeviceGetPowerUsage(self, gpu: Any) -> int:  # noqa: N802
            raise NoSuchReadingError

    assert set(gpu_readings(Partly(), None)) == {tag for tag in TAGS if "power" not in tag}


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def driver_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "lossmon-gpu"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a driver here")
def test_without_a_driver_nothing_is_said_and_no_thread_stays() -> None:
    driver = Driver(torch.device("cuda", 0))
    assert driver.newest() == {}
    wait_for(lambda: not driver_threads())
    assert driver.newest() == {}
    driver.stop()


def test_the_driver_is_asked_by_a_thread_that_ends_with_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    played: Any = PlayedDriver()
    played.nvmlInit = played.nvmlShutdown = lambda: None
    played.nvmlDeviceGetHandleByUUID = lambda uuid: uuid
    monkeypatch.setitem(sys.modules, "pynvml", played)
    properties = SimpleNamespace(uuid="1234")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    driver = Driver(torch.device("cuda", 0), every_s=0.001)
    found: dict[str, float] = {}
    wait_for(lambda: found.update(driver.newest()) or found)
    assert set(found) == set(TAGS)
    assert driver_threads()
    driver.stop()
    assert not driver_threads()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_torch_tells_its_memory_and_its_peak() -> None:
    kept = torch.zeros(1_000_000, device="cuda")
    found = torch_memory(kept.device)
    assert found["perf/memory_peak_mb"] >= found["perf/memory_mb"] >= 4
