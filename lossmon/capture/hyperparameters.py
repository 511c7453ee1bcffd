"""Options of param groups that change while training: momentum cycles, decay schedules.

The metadata has what they were at the first step. From the first difference on, momentum and weight
decay are series of their own; any other option that changes is written down as a mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch.optim import Optimizer

from lossmon.capture.groups import SHOWN, number
from lossmon.signals import MOMENTUM, WEIGHT_DECAY, group_tag

MAX_CHANGES = 50
"""Changes of other options that are written down."""
_WATCHED = (*SHOWN, "weight_decay")
Options = dict[str, Any]


class OptionWatch:
    """Compares the options of every param group with what they were when last looked at."""

    def __init__(self) -> None:
        self._last: list[Options] | None = None
        self._changes = 0

    def is_known(self, optimizers: Iterable[Optimizer]) -> bool:
        """Return whether all is as it was at the last look."""
        return [_options(group) for o in optimizers for group in o.param_groups] == self._last

    def look(
        self, optimizers: Iterable[Optimizer], names: Sequence[str]
    ) -> tuple[dict[str, float], list[Options]]:
        """Return scalars of what has changed since the last look, and other changes.

        The first look, and one that finds other groups, only takes note.
        """
        found = [_options(group) for o in optimizers for group in o.param_groups]
        last, self._last = self._last, found
        if last == found or last is None or len(last) != len(found):
            return {}, []
        scalars: dict[str, float] = {}
        others: list[Options] = []
        for index, (old, new) in enumerate(zip(last, found, strict=True)):
            name = names[index] if index < len(names) and len(found) > 1 else ""
            for key, value in new.items():
                if old.get(key) != value:
                    self._note(key, value, old.get(key), name, scalars, others)
        return scalars, others

    def _note(
        self, key: str, new: Any, old: Any, name: str,
        scalars: dict[str, float], others: list[Options],
    ) -> None:  # fmt: skip
        signal = {"momentum": MOMENTUM, "weight_decay": WEIGHT_DECAY}.get(key)
        value = number(new)
        if signal is not None and value is not None:
            scalars[group_tag(signal, name) if name else signal.tag] = value
        elif self._changes < MAX_CHANGES:
            self._changes += 1
            others.append({"group": name, "option": key, "from": old, "to": new})


def watched(group: Mapping[str, Any]) -> list[Any]:
    """Return the options of a group that are watched, to be compared with themselves later."""
    return [group.get(key) for key in _WATCHED]


def _options(group: Mapping[str, Any]) -> Options:
    """Return what can be compared of a group's options; the first of the betas is its momentum."""
    options: Options = {
        key: value for key in _WATCHED if isinstance(value := group.get(key), int | float | tuple)
    }
    betas = options.pop("betas", None)
    if isinstance(betas, tuple) and betas and isinstance(betas[0], int | float):
        options["momentum"], options["betas"] = betas[0], list(betas[1:])
    return options
