"""A backward pass, remembered until the step that uses it tells whose it was."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

from torch import Tensor

from lossmon.capture.graph import leaves
from lossmon.capture.recorder import Recorder

Key = tuple[tuple[int, ...], int]


@dataclass(frozen=True, slots=True, eq=False)
class BackwardPass:
    """A backward pass since the last step."""

    recorder: Recorder
    """Whom it was told to."""
    key: Key | None
    """What is known about it before the step; None with a single training."""
    roots: tuple[weakref.ref[Tensor], ...]
    touched: tuple[Recorder, ...] = ()
    """Other trainings whose parameters it reaches, or which are frozen while it is made."""

    def living(self) -> list[Tensor]:
        """Return those roots that the loop still holds; their graph's shape outlives backward."""
        return [root for reference in self.roots if (root := reference()) is not None]

    def reaches(self, held: set[int]) -> bool:
        """Return whether any of the tensors with these ids is behind it."""
        return any(id(leaf) in held for root in self.living() for leaf in leaves(root))
