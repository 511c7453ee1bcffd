"""See why a PyTorch loss does not decrease. Lazy: importing this loads neither torch nor numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossmon import integrations
    from lossmon.diagnosis.finding import Report
    from lossmon.errors import RunStopped
    from lossmon.eventfile.logdir import read_run
    from lossmon.probes.monitor import Monitor, watch
    from lossmon.probes.suite import probe

from lossmon.version import __version__

__all__ = [
    "Monitor",
    "RunStopped",
    "__version__",
    "diagnose",
    "integrations",
    "probe",
    "read_run",
    "watch",
]


def diagnose(logdir: str) -> Report:
    """Read the run in `logdir` and return its report.

    Raises:
        NoDataError: There is no run in `logdir`.
    """
    from lossmon.diagnosis.engine import diagnose as diagnose_run
    from lossmon.eventfile.logdir import read_run

    return diagnose_run(read_run(logdir))


def __getattr__(name: str) -> Any:
    if name in ("Monitor", "watch"):
        from lossmon.probes import monitor

        return getattr(monitor, name)
    if name == "probe":
        from lossmon.probes.suite import probe

        return probe
    if name == "RunStopped":
        from lossmon.errors import RunStopped

        return RunStopped
    if name == "integrations":
        from importlib import import_module

        return import_module("lossmon.integrations")
    if name == "read_run":
        from lossmon.eventfile.logdir import read_run

        return read_run
    raise AttributeError(f"module 'lossmon' has no attribute {name!r}")
