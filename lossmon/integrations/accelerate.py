"""Accelerate: `watch(accelerator, model, optimizer)`, once `prepare` has returned them."""

from __future__ import annotations

import os
from typing import Any

from torch import nn

from lossmon.integrations.watching import DEFAULT_LOGDIR
from lossmon.probes.monitor import Monitor


def watch(
    accelerator: Any,
    model: nn.Module,
    optimizer: Any = (),
    *,
    logdir: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Monitor:
    """Record the training of `model` by `optimizer`; see `lossmon.watch`.

    To be called on every process. Nothing need be told of a step: the loss is the one that
    `accelerator.backward` was given, whole again where that divides it.

    Args:
        accelerator: The Accelerator that has prepared them.
        model: See `lossmon.watch`.
        optimizer: See `lossmon.watch`.
        logdir: Folder of the run. Default: the accelerator's `logging_dir`, else `runs/run`.
        options: See `lossmon.watch`.

    Raises:
        UsageError: An argument cannot be used, or `logdir` cannot be written.
    """
    place = logdir or accelerator.logging_dir or DEFAULT_LOGDIR
    return Monitor.watch(model, optimizer, logdir=place, **options)
