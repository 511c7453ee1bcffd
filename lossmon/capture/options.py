"""Arguments of `watch` that cannot be used: each raises one clear line, before training begins."""

from __future__ import annotations

import math
import os
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any

from torch import nn

from lossmon.errors import UsageError
from lossmon.stopon import problem

MAX_STEP = 1 << 62
SIGNALS = ("all", "norms")


def require(holds: bool, message: str) -> None:
    """Raise a UsageError with `message` unless the condition holds."""
    if not holds:
        raise UsageError(f"watch(): {message}")


def kind_of(value: object) -> str:
    """Return the name of a value's type."""
    return type(value).__name__


def check_options(
    criterion: Any,
    logdir: Any,
    floor: Any,
    start_step: Any,
    ignore: Any,
    every: Any,
    budget: Any,
    activations: Any = "auto",
    signals: Any = "all",
    on_finding: Any = None,
    stop_on: Any = (),
) -> None:
    """Check everything but model and optimizer. Whether `ignore` names rules, the report says.

    Raises:
        UsageError: An argument cannot be used.
    """
    require(
        criterion is None or isinstance(criterion, nn.Module),
        f"criterion must be a torch module such as nn.CrossEntropyLoss(), not {kind_of(criterion)}",
    )
    require(isinstance(logdir, str | os.PathLike), f"logdir must be a path, not {kind_of(logdir)}")
    require(
        floor is None or (_is_number(floor) and math.isfinite(floor)),
        f"floor must be a finite number, not {floor!r}",
    )
    require(
        start_step is None or (_is_integer(start_step) and 0 <= int(start_step) < MAX_STEP),
        f"start_step must not be negative, and must be a whole number, not {start_step!r}",
    )
    require(
        not isinstance(ignore, str)
        and isinstance(ignore, Collection)
        and all(isinstance(slug, str) for slug in ignore),
        f"ignore must be a list of rule names, not {ignore!r}",
    )
    require(
        every is None or (_is_integer(every) and every >= 1),
        f"every must be at least 1, not {every!r}",
    )
    require(
        _is_number(budget) and 0 < budget <= 1,
        f"budget must be a share above 0 and up to 1, not {budget!r}",
    )
    require(
        isinstance(activations, bool)
        or (isinstance(activations, str) and activations == "auto")
        or (_is_integer(activations) and activations >= 1),
        f'activations must be "auto", True, False or a whole number of at least 1, '
        f"not {activations!r}",
    )
    require(
        isinstance(signals, str) and signals in SIGNALS,
        f'signals must be "all" or "norms", not {signals!r}',
    )
    require(
        on_finding is None or callable(on_finding),
        f"on_finding must be a function of a finding, not {on_finding!r}",
    )
    wrong = problem(stop_on)
    require(not wrong, f"stop_on {wrong}")


def activations_every(activations: str | bool | int) -> int | None:
    """Return of how many sampled steps one has its layers read; None where that is for us to say.

    Of `activations` that are not False.
    """
    return None if isinstance(activations, str) else int(activations)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
