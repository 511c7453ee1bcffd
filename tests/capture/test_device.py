"""What is asked of a device: here of none, and of a driver that is played."""

from __future__ import annotations

import mmap
import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lossmon.capture import device
from lossmon.capture.device import DeviceMeter, Driver, gpu_readings, torch_memory
from lossmon.capture.hostmemory import STATM, host_memory

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


def test_of_a_cpu_only_the_memory_of_the_process_is_counted() -> None:
    assert torch_memory(torch.device("cpu")) == {}
    meter = DeviceMeter(torch.device("cpu"))
    assert meter.is_counted == STATM.exists()
    assert set(meter.readings()) <= {"perf/host_memory_mb"}
    meter.stop()


def test_readings_are_close_together_at_first_and_two_seconds_apart_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, taken = SimpleNamespace(now=1000.0), []
    monkeypatch.setattr("time.monotonic", lambda: clock.now)
    monkeypatch.setattr(device, "host_memory", lambda: {"perf/host_memory_mb": 1.0})
    meter = DeviceMeter(torch.device("cpu"))
    while clock.now < 1100:
        if meter.readings():
            taken.append(clock.now)
        clock.now += 0.01
    assert 50 <= sum(at < 1010 for at in taken) <= 100
    assert taken[-1] - taken[-2] == pytest.approx(2.0, abs=0.02)


@pytest.mark.skipif(not STATM.exists(), reason="only Linux tells")
def test_memory_that_is_taken_is_counted_and_pages_of_files_are_not(tmp_path: Path) -> None:
    before = host_memory()["perf/host_memory_mb"]
    # Pages of its own: what an allocator has freed, and keeps, would be taken again unseen.
    taken = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    taken.write(b"x" * len(taken))
    after = host_memory()["perf/host_memory_mb"]
    assert after - before == pytest.approx(len(taken) / 1e6, rel=0.3)
    (tmp_path / "statm").write_text("900 500 200 1 0 300 0")
    page = os.sysconf("SC_PAGE_SIZE")
    assert host_memory(tmp_path / "statm") == {"perf/host_memory_mb": 300 * page / 1e6}


@pytest.mark.parametrize("content", ["", "1 2", "1 a b"])
def test_a_kernel_that_tells_nothing_is_believed(tmp_path: Path, content: str) -> None:
    (tmp_path / "statm").write_text(content)
    assert host_memory(tmp_path / "statm") == {}
    assert host_memory(tmp_path / "none") == {}


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
