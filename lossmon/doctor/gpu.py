"""Whether NVIDIA's driver can be asked. It may hang: a thread asks, and nobody waits for long."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lossmon.doctor.answer import Answer, ok, problem, warning

PATIENCE_S = 10.0
_DRIVER = Path("/proc/driver/nvidia/version")


def gpus(driver: Path = _DRIVER) -> Iterator[Answer]:
    """Yield the GPUs that the driver names, or why it names none."""
    about = "NVIDIA driver"
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        if driver.exists():
            seen = "there is one, and nothing to ask it with: utilisation is not recorded"
            yield warning(about, seen, "pip install 'lossmon[gpu]'")
        else:
            yield ok(about, "none")
        return
    found: list[str] = []
    error = _asked(nvml, found)
    if found:
        yield from (ok(f"GPU {number}", name) for number, name in enumerate(found))
    elif driver.exists():
        seen = f"it does not answer: {error}"
        yield problem(about, seen, "see whether nvidia-smi does, and reboot where it does not")
    else:
        yield ok(about, "none")


def _asked(nvml: Any, found: list[str]) -> str:
    """Add the names of the GPUs; return why there are none."""
    errors: list[str] = []

    def work() -> None:
        try:
            nvml.nvmlInit()
            for number in range(nvml.nvmlDeviceGetCount()):
                name = nvml.nvmlDeviceGetName(nvml.nvmlDeviceGetHandleByIndex(number))
                found.append(name.decode() if isinstance(name, bytes) else str(name))
            nvml.nvmlShutdown()
        except Exception as error:  # of the driver's, or of a package of the same name
            errors.append(f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=work, name="lossmon-doctor-gpu", daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    if thread.is_alive():
        return f"no answer for {PATIENCE_S:.0f} s"
    return errors[0] if errors else "it names no GPU"
