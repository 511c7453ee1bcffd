"""Makes a recorder for every training that a script begins."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torch.optim import Optimizer

from lossmon.autowatch import registry
from lossmon.autowatch.models import Found, find_model
from lossmon.autowatch.places import Places
from lossmon.capture.criterion import CriterionHook
from lossmon.capture.graph import leaves
from lossmon.capture.hooks import TAPS
from lossmon.capture.monitor import described
from lossmon.capture.recorder import Recorder
from lossmon.capture.routes import ROUTES
from lossmon.capture.schedule import Schedule
from lossmon.capture.start import Start, steps_behind
from lossmon.errors import UsageError
from lossmon.numfmt import printable

MAX_RUNS = 200
"""A script that trains more models than this has the first ones watched."""


class Watcher:
    """Watches every training of this process from `install` to `close`."""

    def __init__(self, places: Places) -> None:
        """`places` hands out the logdirs."""
        self.saw_backward = False
        self.refused = False
        """Whether a training goes unwatched because its logdir cannot be written to."""
        self._places = places
        self._recorders: list[Recorder] = []
        self._modules = registry.Registry(nn.Module)
        self._optimizers = registry.Registry(Optimizer)
        ROUTES.discover = self._discover
        TAPS.add(ROUTES)

    def close(self, error: BaseException | None) -> None:
        """End every log; `error` is the exception that ended the script, if one did.

        It is written to the run that was trained last: the others had ended before.
        """
        ROUTES.discover = None
        TAPS.discard(ROUTES)
        self._modules.remove()
        self._optimizers.remove()
        for recorder in self._recorders:
            ROUTES.discard(recorder)
            last = recorder is self._recorders[-1]
            recorder.close(error=described(error) if error is not None and last else None)

    def _discover(self, roots: Sequence[Tensor]) -> Recorder | None:
        self.saw_backward = True
        if self.refused or len(self._recorders) >= MAX_RUNS:
            return None
        self._close_bygone()
        reached = (leaf for root in roots for leaf in leaves(root))
        found = find_model(reached, self._modules.living())
        if found is None or not found.rows:
            return None
        try:
            recorder = self._recorder(found)
        except UsageError as error:
            self.refused = True
            line = f"lossmon: {printable(str(error), 1000)}; the training goes on unwatched"
            print(line, file=sys.stderr)
            return None
        self._recorders.append(recorder)
        ROUTES.add(recorder)
        return recorder

    def _close_bygone(self) -> None:
        """End the logs of models that no longer exist."""
        for recorder in self._recorders:
            if all(row.tensor() is None for row in recorder.start.rows):
                ROUTES.discard(recorder)
                recorder.close()

    def _recorder(self, found: Found) -> Recorder:
        own = {id(row.tensor()) for row in found.rows}
        holders = tuple(o for o in self._optimizers.living() if _holds(o, own))
        first = steps_behind(holders)
        start = Start(
            rows=found.rows,
            logdir=self._places.claim(found.name, resumes=first > 0),
            model=found.name,
            step=first,
        )
        return Recorder(
            start,
            holders,
            schedule=Schedule(lanes=len(holders)),
            criterion=CriterionHook(None),
            train_mode=_mode(found.modules),
            waits_for_user=False,
        )


def _holds(optimizer: Optimizer, own: set[int]) -> bool:
    groups = getattr(optimizer, "param_groups", ())
    return any(id(p) in own for group in groups for p in group["params"])


def _mode(modules: Sequence[nn.Module]) -> Callable[[], bool]:
    references = [weakref.ref(module) for module in modules]

    def mode() -> bool:
        living = [module for reference in references if (module := reference()) is not None]
        return not living or any(module.training for module in living)

    return mode
