"""Lightning Fabric: `watch(fabric, model, optimizer)`, once `setup` has returned them."""

from __future__ import annotations

import os
from typing import Any

from torch import nn

from lossmon.integrations.watching import DEFAULT_LOGDIR
from lossmon.probes.monitor import Monitor


def watch(
    fabric: Any,
    model: nn.Module,
    optimizer: Any = (),
    *,
    logdir: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Monitor:
    """Record the training of `model` by `optimizer`; see `lossmon.watch`.

    To be called on every process.

    Args:
        fabric: The Fabric that has set them up.
        model: See `lossmon.watch`.
        optimizer: See `lossmon.watch`.
        logdir: Folder of the run. Default: where the first logger of `fabric` writes, else
            `runs/run`.
        options: See `lossmon.watch`.

    Raises:
        UsageError: An argument cannot be used, or `logdir` cannot be written.
    """
    place = logdir or _log_dir(fabric) or DEFAULT_LOGDIR
    return Monitor.watch(model, optimizer, logdir=place, **options)


def _log_dir(fabric: Any) -> str | None:
    for logger in fabric.loggers[:1]:
        return getattr(logger, "log_dir", None) or getattr(logger, "root_dir", None)
    return None
