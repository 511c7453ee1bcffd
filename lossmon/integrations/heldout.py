"""Which of a trainer's metrics are about held-out data, by the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_HELD_OUT = re.compile(r"(?:val|valid|validation|eval|dev)[_/.-](.+)")
_OF_THE_MACHINE = re.compile(r"(.*_)?(runtime|time|batch_count|.*_per_second)$")


def held_out(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics of held-out data under the names that `Monitor.log` takes.

    >>> held_out({"eval_loss": 0.5, "eval_runtime": 2.0, "loss": 0.4, "valid/acc": 0.9})
    {'val_loss': 0.5, 'val_acc': 0.9}
    """
    found = ((_HELD_OUT.fullmatch(name), value) for name, value in metrics.items())
    return {
        f"val_{match[1]}": value
        for match, value in found
        if match is not None and not _OF_THE_MACHINE.fullmatch(match[1])
    }
