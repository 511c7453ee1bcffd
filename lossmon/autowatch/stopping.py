"""Ends a script's training where `--stop-on` asks for it: its next backward pass raises.

There, and not in the optimizer's step, the weights and all else that belongs to a step are whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from lossmon.capture.hooks import put_wrapper
from lossmon.capture.lookout import Lookout
from lossmon.capture.monitor import BEGUN, OPEN, agreement
from lossmon.capture.recorder import Recorder


class Stopping:
    """Has every run judged that it is told of, and the monitors of the script's own."""

    def __init__(self, stop_on: Sequence[str]) -> None:
        self._lookout = Lookout(stop_on)
        self._known: set[str] = set()
        self._begun = len(BEGUN)
        self._restore = put_wrapper(torch.autograd, "backward", self._asking)

    def watch(self, recorder: Recorder) -> None:
        """Judge the run of a recorder whose place is known."""
        logdir = str(recorder.start.logdir)
        if logdir not in self._known:
            self._known.add(logdir)
            self._lookout.watch(agreement(recorder))

    def remove(self) -> None:
        """End what judges, and raise no more."""
        self._restore()
        self._lookout.close()

    def _asking(self, original: Callable[..., None]) -> Callable[..., None]:
        def backward(*args: Any, **kwargs: Any) -> None:
            if not torch.compiler.is_compiling():
                self._lookout.check()
                if len(BEGUN) != self._begun:
                    self._begun = len(BEGUN)
                    for monitor in list(OPEN):
                        self.watch(monitor.recorder)
            return original(*args, **kwargs)

        return backward
