"""What is in use: torch's memory, the process's, and what the driver of an NVIDIA GPU says.

The driver is asked from a thread of its own, every few seconds, because it may take its time, or
hang. Without a driver, or without `pip install 'lossmon[gpu]'`, there is only memory.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import torch

from lossmon.capture.hostmemory import STATM, host_memory
from lossmon.signals import (
    GPU_MEMORY_MB,
    GPU_POWER_W,
    GPU_TEMPERATURE_C,
    GPU_UTILISATION,
    MEMORY_MB,
    MEMORY_PEAK_MB,
)

EVERY_S = 2.0
"""Time between two readings, once a run is longer than some seconds."""
SOONEST_S = 0.1
"""Between the first ones: a run of ten seconds has about sixty, at 20 us each."""
SHARE = 0.05
"""Of the time since the first reading: what lies between two, until it is `EVERY_S`."""
MB = 1e6
Readings = dict[str, float]


class DeviceMeter:
    """Readings for one device, at most every `EVERY_S`."""

    def __init__(self, device: torch.device) -> None:
        self.is_counted = device.type in ("cuda", "mps") or STATM.exists()
        """Whether there is anything to read at all."""
        self._device = device
        self._next = 0.0
        self._first: float | None = None
        self._driver = Driver(device) if device.type == "cuda" else None

    def readings(self) -> Readings:
        """Return the scalars that are due; none between two readings. Never waits for a device."""
        now = time.monotonic()
        if now < self._next:
            return {}
        if self._first is None:
            self._first = now
        self._next = now + min(EVERY_S, max(SOONEST_S, SHARE * (now - self._first)))
        found = host_memory() | torch_memory(self._device)
        if self._driver is not None:
            found |= self._driver.newest()
        return found

    def stop(self) -> None:
        """End the thread. Idempotent."""
        if self._driver is not None:
            self._driver.stop()


def torch_memory(device: torch.device) -> Readings:
    """Return the memory that torch's tensors take of a device; none where torch does not count."""
    if device.type == "cuda":
        return {
            MEMORY_MB.tag: torch.cuda.memory_allocated(device) / MB,
            MEMORY_PEAK_MB.tag: torch.cuda.max_memory_allocated(device) / MB,
        }
    if device.type == "mps":
        return {MEMORY_MB.tag: torch.mps.current_allocated_memory() / MB}
    return {}


class Driver:
    """Asks NVIDIA's driver for one GPU, in a daemon thread that starts with the first question."""

    def __init__(self, device: torch.device, *, every_s: float = EVERY_S) -> None:
        self._device = device
        self._every_s = every_s
        self._newest: Readings = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def newest(self) -> Readings:
        """Return the newest answers, each once; none before there are any."""
        if self._thread is None:
            work = threading.Thread(target=self._work, name="lossmon-gpu", daemon=True)
            self._thread = work
            work.start()
        newest, self._newest = self._newest, {}
        return newest

    def stop(self) -> None:
        """End the thread; one that waits for a driver that hangs is left behind."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def _work(self) -> None:
        # Whatever is wrong with a driver, the training must not learn of it.
        try:
            import pynvml

            pynvml.nvmlInit()
        except Exception:
            return
        try:
            gpu = _handle(pynvml, self._device)
            while True:
                self._newest = gpu_readings(pynvml, gpu)
                if self._stopping.wait(self._every_s):
                    return
        except Exception:
            return
        finally:
            with contextlib.suppress(Exception):
                pynvml.nvmlShutdown()


def _handle(nvml: Any, device: torch.device) -> Any:
    """Return the driver's handle of torch's device; their numbers differ, so by its own name."""
    uuid = torch.cuda.get_device_properties(device).uuid
    return nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}".encode())


def gpu_readings(nvml: Any, gpu: Any) -> Readings:
    """Return what the driver says of a GPU; what it does not know is left out.

    `nvml` is the module pynvml, or what answers like it.
    """
    questions: tuple[tuple[str, Callable[[], float]], ...] = (
        (GPU_UTILISATION.tag, lambda: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu),
        (GPU_MEMORY_MB.tag, lambda: nvml.nvmlDeviceGetMemoryInfo(gpu).used / MB),
        (GPU_POWER_W.tag, lambda: nvml.nvmlDeviceGetPowerUsage(gpu) / 1000),
        (
            GPU_TEMPERATURE_C.tag,
            lambda: nvml.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU),
        ),
    )
    found: Readings = {}
    for tag, ask in questions:
        try:
            found[tag] = float(ask())
        except nvml.NVMLError:
            continue
    return found
