"""What users call: `watch` a training from its own loop. After it returns, nothing here raises."""

from __future__ import annotations

import atexit
import math
import os
import sys
import weakref
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from pathlib import Path
from types import TracebackType
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from lossmon import signals
from lossmon.capture.criterion import CriterionHook
from lossmon.capture.groups import inner_optimizer
from lossmon.capture.layout import rows_of_model
from lossmon.capture.recorder import Recorder
from lossmon.capture.routes import ROUTES
from lossmon.capture.schedule import BUDGET, Schedule
from lossmon.capture.start import Start, process_rank, steps_behind
from lossmon.errors import UsageError
from lossmon.eventfile.place import FOLDER, claim, first_free, holds_run

MAX_NAME = 1000
"""Characters of a name in `log()`: in UTF-8 fewer than the bytes of a tag that readers take."""
MAX_STEP = 1 << 62


class Monitor:
    """A watched training. Closes at the end of a `with` block, by `close()`, or at exit."""

    def __init__(self, recorder: Recorder) -> None:
        """Users call `watch`; this takes a recorder that is ready."""
        self.logdir = str(recorder.start.logdir)
        """Where the log is written; `lossmon check` takes it."""
        self._recorder = recorder
        self._pid = os.getpid()
        self._closed = False
        ROUTES.add(recorder)
        # Strongly: a monitor that nobody keeps goes on until the end of the process.
        atexit.register(self._close_at_exit)

    def step(self, loss: Tensor | float | None = None) -> None:
        """Tell the loss of the step just made; once a step, after `optimizer.step()`.

        Optional: without it the loss is the value that `backward()` was called on. Where no
        optimizer ever steps, this call is the clock.
        """
        if self._listens():
            self._recorder.user_step(loss)

    def log(self, **scalars: float) -> None:
        """Record scalars at the newest step; `val_loss=...` becomes `val/loss`.

        A name without an underscore goes under `user/`. A value that is no number is left out, and
        so is a name of more than 1,000 characters.
        """
        if self._listens():
            self._recorder.user_log(
                {
                    _tag(name): number
                    for name, value in scalars.items()
                    if len(name) <= MAX_NAME and (number := _number(value)) is not None
                }
            )

    def close(self) -> None:
        """End the log and leave no hook behind. Idempotent."""
        self._close(None)

    def __enter__(self) -> Monitor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close(error)

    def __getstate__(self) -> dict[str, Any]:
        # A copy of whatever holds this monitor is unmonitored.
        return {"logdir": self.logdir}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.logdir = state["logdir"]
        self._closed = True

    def _listens(self) -> bool:
        return not self._closed and os.getpid() == self._pid

    def _close_at_exit(self) -> None:
        # The interpreter leaves the exception that ends it here.
        self._close(getattr(sys, "last_value", None))

    def _close(self, error: BaseException | None) -> None:
        if not self._listens():
            return
        self._closed = True
        atexit.unregister(self._close_at_exit)
        ROUTES.discard(self._recorder)
        self._recorder.close(error=None if error is None else described(error))


def described(error: BaseException) -> str:
    """Return an exception as one short line."""
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0][:300]}" if first else type(error).__name__


def _tag(name: str) -> str:
    head, _, tail = name.partition("_")
    own = head == signals.PLUGIN_NAME  # lossmon's word about itself
    return f"{head}/{tail}" if tail and not own else f"user/{name}"


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except OverflowError:  # an integer beyond any float
        return math.inf if value > 0 else -math.inf
    # Any object of the user's may come here, and its conversion may raise anything.
    except Exception:
        return None


def watch(
    model: nn.Module,
    optimizer: Any = (),
    *,
    criterion: nn.Module | None = None,
    logdir: str | os.PathLike[str] = "runs/run",
    floor: float | None = None,
    start_step: int | None = None,
    ignore: Sequence[str] = (),
    every: int | None = None,
    budget: float = BUDGET,
) -> Monitor:
    """Record the training of `model` by `optimizer` into `logdir`, from the next backward pass on.

    Args:
        model: The outermost module whose parameters are trained; wrapped or compiled is fine.
        optimizer: A torch optimizer, a wrapper around one, or several of them.
        criterion: The loss module; found in the autograd graph where it is left out.
        logdir: Folder of this run. Where it already holds a run that this one does not resume,
            a numbered sibling is taken, and a line on stderr says so.
        floor: A loss that is known to be irreducible.
        start_step: Number of the first step; above 0 it resumes the run in `logdir`. Default: what
            the optimizer's own state remembers, else 0.
        ignore: Rules that must not speak about this run.
        every: Sample every so many steps, instead of on a budget.
        budget: Share of the run's time that sampling may cost, after 0.5 s in all.

    Raises:
        UsageError: An argument cannot be used, or `logdir` cannot be written.
    """
    optimizers = _optimizers(optimizer)
    _require(isinstance(model, nn.Module), f"model must be a torch module, not {_kind(model)}")
    _require(every is None or every >= 1, f"every must be at least 1, not {every}")
    _require(0 < budget <= 1, f"budget must be a share above 0 and up to 1, not {budget}")
    first = steps_behind(optimizers) if start_step is None else start_step
    _require(
        isinstance(first, Integral) and 0 <= int(first) < MAX_STEP,
        f"start_step must not be negative, and must be a whole number, not {first!r}",
    )
    rows = rows_of_model(model)
    _require(bool(rows), "model has no floating-point parameters to watch")
    start = Start(
        rows=rows,
        logdir=_claim(Path(logdir), resumes=first > 0),
        model=type(model).__name__,
        criterion=type(criterion).__name__ if criterion is not None else "",
        step=int(first),
        floor=floor,
        ignore=tuple(ignore),
        settings={"every": every, "budget": budget},
    )
    schedule = Schedule(every=every, budget=budget, lanes=len(optimizers))
    hook = CriterionHook(criterion)
    hook.wanted = True
    mode = training_mode(model)
    recorder = Recorder(
        start, optimizers, schedule=schedule, criterion=hook, train_mode=mode, waits_for_user=True
    )
    recorder.log.open()
    return Monitor(recorder)


def training_mode(model: nn.Module) -> Callable[[], bool]:
    """Return a function that tells whether `model` is in train mode; holds it weakly."""
    reference = weakref.ref(model)

    def mode() -> bool:
        model = reference()
        return model is not None and model.training

    return mode


def _optimizers(given: Any) -> tuple[Optimizer, ...]:
    several = (
        given if isinstance(given, Iterable) and not isinstance(given, Optimizer) else (given,)
    )
    found = tuple(inner_optimizer(optimizer) for optimizer in several)
    for optimizer in found:
        _require(
            isinstance(optimizer, Optimizer),
            f"optimizer must be a torch optimizer, or a list of them, not {_kind(optimizer)}",
        )
    return found


def _claim(logdir: Path, *, resumes: bool) -> Path:
    try:
        if resumes:
            free = logdir
            (free / FOLDER).mkdir(parents=True, exist_ok=True)
        else:
            # Other ranks write beside rank 0, wherever that has found room.
            free = claim(logdir) if process_rank()[0] == 0 else first_free(logdir, holds_run)
    except OSError as error:
        raise UsageError(f"cannot write to logdir {logdir}: {error.strerror}") from None
    if free != logdir:
        print(f"lossmon: {logdir} already holds a run; writing to {free}", file=sys.stderr)
    _require(os.access(free / FOLDER, os.W_OK), f"cannot write to logdir {free}: not permitted")
    return free


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise UsageError(f"watch(): {message}")


def _kind(value: object) -> str:
    return type(value).__name__
