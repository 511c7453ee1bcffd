"""Losses that a script computes without gradients between its steps: how it does on other data.

Scripts validate by the loss module that they train by, and print the result. While `lossmon run`
watches, every call of a loss module is seen on its way back; one under `no_grad` is an evaluation.
Those between two steps are one, a mean over its examples. Where calls come by several ways, as for
`evaluate(train)` and `evaluate(test)` on two lines, the highest mean is taken: the held-out one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.loss import _Loss

from lossmon.capture.foreign import FOREIGN
from lossmon.capture.guard import Guard
from lossmon.capture.hooks import TAPS
from lossmon.capture.layout import capturing
from lossmon.capture.recorder import Recorder
from lossmon.eventfile.forks import generation
from lossmon.signals import VAL_LOSS

CALLERS = 4
"""Calls up the stack that tell one way from another."""
PART = 100
"""A loop that evaluates after every step is listened to at every step // 100 steps only."""
Way = tuple[tuple[int, int], ...]
Call = Callable[..., Any]


@dataclass(slots=True)
class Sum:
    """Losses that came by one way."""

    total: Tensor | float = 0.0
    examples: int = 0

    @property
    def mean(self) -> float:
        """Mean over examples. Waits for the device, once an evaluation."""
        return float(self.total) / self.examples


class HeldOut:
    """Writes `val/loss` of the training that has stepped last, until `remove`."""

    def __init__(self, training: Callable[[], Recorder | None]) -> None:
        """`training` returns the recorder of the training that has stepped last."""
        self._training = training
        self._guard = Guard(lambda collector, error: None)
        self._sums: dict[Way, Sum] = {}
        self._owner: Recorder | None = None
        self._at = self._due = 0
        self._born = generation()
        self._call = self._seeing(_Loss.__call__)
        _Loss.__call__ = self._call  # type: ignore[method-assign]  # put back by `remove`

    def remove(self) -> None:
        """Write what is left, and give loss modules their own call back."""
        self._guard.run("validation", self._flush)
        # Somebody may have wrapped our wrapper since; then it stays, and sees no training.
        if vars(_Loss).get("__call__") is self._call:
            del _Loss.__call__

    def _seeing(self, original: Call) -> Call:
        def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if torch.compiler.is_compiling() or FOREIGN.is_running:
                return original(module, *args, **kwargs)
            loss = original(module, *args, **kwargs)
            if torch.is_grad_enabled():
                if self._sums:
                    self._guard.run("validation", self._flush)
            elif generation() == self._born:
                ways = (module, (*args, *kwargs.values()), loss, sys._getframe(1))
                self._guard.run("validation", self._see, *ways)
            return loss

        return call

    def _see(self, module: nn.Module, given: Any, loss: Any, frame: FrameType) -> None:
        recorder = self._training()
        if recorder is None or recorder.kept is not None or capturing():
            return
        if not isinstance(loss, Tensor) or loss.numel() != 1 or module.reduction != "mean":
            return
        TAPS.leave_lane()
        if recorder is not self._owner:
            self._sums, self._owner, self._due = {}, recorder, 0
        if self._sums and recorder.step != self._at:
            self._flush()  # the steps between were by another kind of loss
        if recorder.step < self._due:
            return
        self._at = recorder.step
        recorder.log.validates = True
        held = self._sums.setdefault(_way(frame), Sum())
        examples = next((x.shape[0] for x in given if isinstance(x, Tensor) and x.dim()), 1)
        held.total = held.total + loss.detach().reshape(()).float() * examples
        held.examples += examples

    def _flush(self) -> None:
        """Write the evaluation that has ended, as of the newest step."""
        sums, self._sums = self._sums, {}
        owner = self._owner
        means = [held.mean for held in sums.values() if held.examples]
        if owner is None or not means or generation() != self._born:
            return
        TAPS.leave_lane()
        # NaN is the worst there is.
        owner.user_log({VAL_LOSS.tag: max(means, key=lambda mean: (mean != mean, mean))})
        self._due = owner.step + 1 + owner.step // PART


def _way(frame: FrameType | None) -> Way:
    """Return which lines have led to a call."""
    lines: list[tuple[int, int]] = []
    while frame is not None and len(lines) < CALLERS:
        lines.append((id(frame.f_code), frame.f_lineno))
        frame = frame.f_back
    return tuple(lines)
