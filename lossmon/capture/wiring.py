"""Exact facts about how gradients travel: which arrive, and whether old ones are still there.

A gradient is told from its successor by identity and version counter: `zero_grad` drops the tensor
or bumps its version, backward bumps it or makes a new tensor. No value is read, so nothing waits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lossmon.capture.sharding import local

Token = tuple[int, int] | None

NAN = float("nan")


def tokens(tensors: Sequence[Tensor | None]) -> list[Token]:
    """Return what tells each tensor's `.grad` from any later one; None where there is none."""
    grads = [None if t is None else t.grad for t in tensors]
    return [None if g is None else (id(g), _version(g)) for g in grads]


def _version(gradient: Tensor) -> int:
    # Gradients of shards are accumulated past the tensor that holds them.
    return gradient._version if type(gradient) is Tensor else local(gradient)._version


class WiringMeter:
    """Counts arrivals over the backward passes of one step."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._used: list[Token] | None = None
        self._before: list[Token] | None = None
        self._arrived = np.zeros(rows, np.float32)
        self._backwards = 0
        self._stale: NDArray[np.float32] | None = None

    def step_ended(
        self, tensors: Sequence[Tensor | None], unused: NDArray[np.bool_] | None = None
    ) -> None:
        """Note the gradients that the step has just used, beside those noted since the last pass.

        Those at `unused` are another optimizer's, which may go on to accumulate them.
        """
        now = tokens(tensors)
        if unused is not None and unused.any():
            before = self._used or [None] * len(now)
            pairs = zip(now, before, unused, strict=True)
            now = [old if skipped else new for new, old, skipped in pairs]
        self._used = now

    def backward_begins(self, tensors: Sequence[Tensor | None]) -> None:
        """Compare what lies there now with what the last step used."""
        self._before = tokens(tensors)
        if self._backwards == 0 and self._used is not None:
            pairs = zip(self._before, self._used, strict=True)
            self._stale = np.array([now is not None and now == used for now, used in pairs], "f4")

    def backward_ended(self, tensors: Sequence[Tensor | None]) -> None:
        """Count the parameters whose gradient is new."""
        if self._before is None:
            return
        pairs = zip(tokens(tensors), self._before, strict=True)
        self._arrived += np.array([now is not None and now != old for now, old in pairs], "f4")
        self._backwards += 1
        self._before = None

    def take(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return grad_arrived and grad_stale of the step, NaN where not observed; start anew."""
        unknown = np.full(self._rows, NAN, np.float32)
        arrived = self._arrived / np.float32(self._backwards) if self._backwards else unknown
        stale = unknown if self._stale is None else self._stale
        self.forget()
        return arrived, stale

    def forget(self) -> None:
        """Drop what was observed so far: it belongs to no sampled step."""
        if self._backwards:
            self._arrived = np.zeros(self._rows, np.float32)
            self._backwards = 0
        self._used = self._before = self._stale = None
