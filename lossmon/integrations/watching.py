"""What a callback is made of: a monitor that begins and ends with each training of its trainer.

Nothing raises into the trainer. A copy of a callback, or one that is unpickled, has its options and
watches nothing until a training of its own begins.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from lossmon.capture.groups import inner_optimizer
from lossmon.capture.guard import Guard, warn
from lossmon.capture.options import check_options, require
from lossmon.capture.start import steps_behind
from lossmon.numfmt import printable
from lossmon.probes.monitor import Monitor

DEFAULT_LOGDIR = "runs/run"
"""Where a trainer has no place of its own."""
_TAKEN = ("model", "optimizer", "logdir")
_OPTIONS = {
    name: parameter.default
    for name, parameter in inspect.signature(Monitor.watch).parameters.items()
    if name not in _TAKEN
}


@dataclass(frozen=True, slots=True)
class Training:
    """What a trainer is about to do."""

    model: nn.Module
    optimizers: Sequence[Any]
    logdir: str | os.PathLike[str] | None = None
    """Where the trainer logs; None for nowhere."""
    steps: int = 0
    """Steps that are behind, where no optimizer knows better."""
    adds_up: bool = False
    """Whether the losses of a step's backward passes add up to its own."""


class Watching:
    """Watches the trainings of one trainer, one after the other."""

    def __init__(self, logdir: str | os.PathLike[str] | None = None, **options: Any) -> None:
        """Take what `lossmon.watch` takes, but for model and optimizer, which the trainer has.

        Args:
            logdir: Folder of the run. Default: where the trainer itself logs.
            options: See `lossmon.watch`.

        Raises:
            UsageError: An argument cannot be used.
        """
        check(options)
        require(
            logdir is None or isinstance(logdir, str | os.PathLike),
            f"logdir must be a path, not {type(logdir).__name__}",
        )
        self.logdir = logdir
        self.options = options
        self._monitor: Monitor | None = None
        self._guard = Guard(lambda collector, error: None)

    @property
    def monitor(self) -> Monitor | None:
        """The monitor of the training under way, or of the last one; None before the first."""
        return self._monitor

    @property
    def _is_lost(self) -> bool:
        """Whether a finding that `stop_on` names has come: the trainer is to end the training."""
        return self._monitor is not None and self._monitor.stopping is not None

    def __getstate__(self) -> dict[str, Any]:
        return {"logdir": self.logdir, "options": self.options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _monitor=None, _guard=Guard(lambda collector, error: None))

    def _begin(self, training: Callable[[], Training]) -> None:
        """Begin to watch what `training` returns; whatever that or we raise is warned of."""
        self._end()
        try:
            begun = training()
            optimizers = [inner_optimizer(optimizer) for optimizer in begun.optimizers]
            options = {"start_step": steps_behind(optimizers) or begun.steps, **self.options}
            place = self.logdir or begun.logdir or DEFAULT_LOGDIR
            self._monitor = Monitor.watch(begun.model, optimizers, logdir=place, **options)
            self._monitor.recorder.accumulation.adds_up = begun.adds_up
        # Whatever goes wrong, the training must not learn of it.
        except Exception as error:
            warn(f"{printable(f'lossmon: {error}', 1000)}; the training goes on unwatched")

    def _log(self, scalars: Callable[[], Mapping[str, Any]]) -> None:
        """Record what was measured on held-out data; see `Monitor.log`."""
        monitor = self._monitor
        if monitor is not None:
            self._guard.run("validation", lambda: monitor.log(**scalars()))

    def _end(self, error: BaseException | None = None) -> None:
        """End the log; `error` is the exception that ended the training. Idempotent."""
        if self._monitor is not None:
            self._monitor.__exit__(type(error) if error else None, error, None)


def check(options: Mapping[str, Any]) -> None:
    """Check the options of `lossmon.watch` before there is anything to watch.

    Raises:
        UsageError: One cannot be used.
    """
    unknown = [name for name in options if name not in _OPTIONS]
    require(not unknown, f"there is no argument {', '.join(unknown)}")
    check_options(logdir=DEFAULT_LOGDIR, **{**_OPTIONS, **options})
