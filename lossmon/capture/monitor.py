"""What users call: `watch` a training from its own loop. After it returns, nothing here raises."""

from __future__ import annotations

import atexit
import math
import os
import sys
import weakref
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.optim import Optimizer

from lossmon import signals
from lossmon.capture.activations import COMPILED
from lossmon.capture.activations import NAME as ACTIVATIONS
from lossmon.capture.agreement import Agreement
from lossmon.capture.compiling import is_compiled
from lossmon.capture.criterion import CriterionHook
from lossmon.capture.foreign import FOREIGN
from lossmon.capture.groups import inner_optimizer
from lossmon.capture.guard import warn
from lossmon.capture.hooks import TAPS
from lossmon.capture.layers import layers_of_model
from lossmon.capture.layout import Row, awaits_parameters, left_out, rows_of_model
from lossmon.capture.log import named
from lossmon.capture.lookout import Lookout, OnFinding
from lossmon.capture.options import activations_every, check_options, kind_of, require
from lossmon.capture.ranks import next_run_of_job, process_rank
from lossmon.capture.recorder import Recorder
from lossmon.capture.routes import ROUTES
from lossmon.capture.schedule import BUDGET, Schedule
from lossmon.capture.sharding import GATHERED, model_name
from lossmon.capture.start import Start, steps_behind
from lossmon.errors import UsageError
from lossmon.eventfile.forks import generation
from lossmon.eventfile.place import FOLDER, claim, claim_together
from lossmon.livefinding import LiveFinding
from lossmon.numfmt import printable

Watching = TypeVar("Watching", bound="Monitor")
MAX_NAME = 1000
"""Characters of a name in `log()`: in UTF-8 fewer than the bytes of a tag that readers take."""
OPEN: weakref.WeakSet[Monitor] = weakref.WeakSet()
"""Those that are not closed yet, of this process."""
BEGUN: list[str] = []
"""Logdirs of all that there ever were."""
MAX_WARNINGS = 20
"""Names whose values `log()` could not take that are warned of."""


class Monitor:
    """A watched training. Closes at the end of a `with` block, by `close()`, or at exit."""

    def __init__(
        self,
        recorder: Recorder,
        model: nn.Module,
        criterion: nn.Module | None,
        lookout: Lookout | None = None,
    ) -> None:
        """Users call `watch`; this takes a recorder that is ready, and what it records."""
        self.logdir = str(recorder.start.logdir)
        """Where the log is written; `lossmon check` takes it."""
        self._recorder = recorder
        # Weakly: a monitor must not keep a model's memory alive.
        self._model = weakref.ref(model)
        self._criterion = None if criterion is None else weakref.ref(criterion)
        self._lookout = lookout
        self._born = generation()
        self._closed = False
        self._left_out: set[str] = set()
        ROUTES.add(recorder)
        OPEN.add(self)
        BEGUN.append(self.logdir)
        # Strongly: a monitor that nobody keeps goes on until the end of the process.
        atexit.register(self._close_at_exit)

    @classmethod
    def watch(
        cls: type[Watching],
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
        activations: str | bool | int = "auto",
        signals: str = "all",
        on_finding: OnFinding | None = None,
        stop_on: Collection[str] = (),
    ) -> Watching:
        """Record the training of `model` by `optimizer`, from the next backward pass on.

        Args:
            model: The outermost module whose parameters are trained; wrapped or compiled is fine.
            optimizer: A torch optimizer, a wrapper around one, or several of them: those that step
                after one backward pass make one step. Where models play against each other, as in a
                GAN, give each a monitor of its own.
            criterion: The loss module; found in the autograd graph where it is left out.
            logdir: Folder of this run. Where it already holds a run that this one does not resume,
                a numbered sibling is taken, and a line on stderr says so.
            floor: A loss that is known to be irreducible.
            start_step: Number of the first step; above 0 it resumes the run in `logdir`. Default:
                what the optimizer's own state remembers, else 0.
            ignore: Rules that must not speak about this run.
            every: Sample every so many steps, instead of on a budget.
            budget: Share of the run's time that sampling may cost, after 0.5 s in all.
            activations: Whether the outputs of layers are looked at on sampled steps: "auto" on the
                first 32 and on every eighth after that, True on all, a number N on every Nth, False
                on none. Of a model that torch.compile has compiled only its own output is.
            signals: "norms" for the norms of gradients, weights and updates alone, at about half
                the cost: rules that need more are skipped.
            on_finding: Called with each `LiveFinding` as it opens, and again where it gets worse,
                once an episode, within a second or so; on rank 0. From a thread of its own: it must
                not touch the model. What it raises is warned of, and reaches nobody.
            stop_on: Rules and severities, as in ("nan-in-loss", "error"), that end the training:
                `step` raises `RunStopped` once one of them is found. See docs/alerts.md.

        Raises:
            UsageError: An argument cannot be used, or `logdir` cannot be written.
        """
        optimizers = _optimizers(optimizer)
        check_options(
            criterion, logdir, floor, start_step, ignore, every, budget, activations, signals,
            on_finding, stop_on,
        )  # fmt: skip
        activations = activations if signals == "all" else False
        require(isinstance(model, nn.Module), f"model must be a torch module, not {kind_of(model)}")
        first = steps_behind(optimizers) if start_step is None else start_step
        GATHERED.learn(model.modules())
        rows = rows_of_model(model)
        may_come = awaits_parameters(model)
        require(bool(rows) or may_come, "model has no floating-point parameters to watch")
        job = next_run_of_job(str(Path(logdir)))
        start = Start(
            rows=rows,
            layers=layers_of_model(model) if activations else (),
            scan=scan_of(model),
            logdir=_claim(Path(logdir), job, resumes=first > 0),
            run_id=job,
            model=model_name(model),
            criterion=type(criterion).__name__ if criterion is not None else "",
            step=int(first),
            floor=floor,
            ignore=tuple(ignore),
            settings={
                "every": every,
                "budget": budget,
                "activations": activations,
                "signals": signals,
            },
        )
        schedule = Schedule(every=every, budget=budget, lanes=len(optimizers))
        hook = CriterionHook(criterion)
        hook.wanted = True
        mode = training_mode(model)
        recorder = Recorder(
            start,
            optimizers,
            schedule=schedule,
            criterion=hook,
            train_mode=mode,
            waits_for_user=True,
            modules=(model,),
            activations_every=activations_every(activations),
            norms_only=signals == "norms",
        )
        try:
            recorder.log.open()
        except UsageError:
            recorder.release()
            raise
        _note_left_out(recorder, left_out(model))
        if activations and is_compiled(model):
            recorder.log.guard.tell_off(ACTIVATIONS, COMPILED)
        return cls(recorder, model, criterion, lookout_for(recorder, on_finding, stop_on))

    def step(self, loss: Tensor | float | None = None) -> None:
        """Tell the loss of the step just made; once a step, after `optimizer.step()`.

        Optional: without it the loss is the value that `backward()` was called on. Where no
        optimizer ever steps, this call is the clock.

        Raises:
            RunStopped: A finding that `stop_on` names has come; so does every later call.
        """
        if not self._listens() or FOREIGN.is_running:
            return
        if not TAPS.takes_word(self._recorder, loss):
            self._recorder.guard.run("monitor", self._recorder.user_step, loss)
        if self._lookout is not None:
            self._lookout.check()

    @property
    def stopping(self) -> LiveFinding | None:
        """The finding for which `stop_on` ends the training at this step, or None.

        For loops that have a flag of their own to stop by; `step` raises instead.
        """
        return self._lookout.finding if self._listens() and self._lookout is not None else None

    def log(self, **scalars: float) -> None:
        """Record scalars at the newest step; `val_loss=...` becomes `val/loss`.

        A name without an underscore goes under `user/`. A value that is no number is left out, and
        so is a name of more than 1,000 characters; the first value of a name is warned of.
        """
        if not self._listens():
            return
        validates = "val_loss" in scalars
        if FOREIGN.is_running and not validates:
            return
        numbers = {name: _number(value) for name, value in scalars.items() if len(name) <= MAX_NAME}
        values = {_tag(n): x for n, x in numbers.items() if x is not None}
        self._recorder.log.validates |= validates
        self._recorder.guard.run("monitor", self._recorder.user_log, values)
        for name, value in scalars.items():
            if numbers.get(name) is None and len(self._left_out) < MAX_WARNINGS:
                self._warn_of(name, value)

    def _warn_of(self, name: str, value: Any) -> None:
        if name[:MAX_NAME] not in self._left_out:
            self._left_out.add(name[:MAX_NAME])
            why = (
                "its name is too long" if len(name) > MAX_NAME else f"{kind_of(value)} is no number"
            )
            warn(f"lossmon: log() leaves out {printable(name, 80)}: {why}")

    @property
    def recorder(self) -> Recorder:
        """What records the run; for lossmon's own use."""
        return self._recorder

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

    def _watched(self) -> tuple[nn.Module | None, nn.Module | None]:
        """Return model and criterion as far as they still exist; a copy of a monitor has none."""
        if not hasattr(self, "_recorder"):
            return None, None
        return self._model(), None if self._criterion is None else self._criterion()

    def _listens(self) -> bool:
        return not self._closed and generation() == self._born

    def _close_at_exit(self) -> None:
        # The interpreter leaves the exception that ends it here.
        self._close(getattr(sys, "last_value", None))

    def _close(self, error: BaseException | None) -> None:
        if not self._listens():
            return
        self._closed = True
        OPEN.discard(self)
        atexit.unregister(self._close_at_exit)
        ROUTES.discard(self._recorder)
        self._recorder.guard.run("close", self._end, error)

    def _end(self, error: BaseException | None) -> None:
        try:
            self._recorder.close(error=None if error is None else described(error))
        finally:
            self._recorder.release()
            if self._lookout is not None:
                self._lookout.close()


def lookout_for(
    recorder: Recorder, on_finding: OnFinding | None, stop_on: Collection[str]
) -> Lookout | None:
    """Return what judges the recorder's run from now on; None where nobody wants to know."""
    if on_finding is None and not stop_on:
        return None
    lookout = Lookout(stop_on, on_finding)
    lookout.watch(agreement(recorder))
    return lookout


def agreement(recorder: Recorder) -> Agreement:
    """Return what the ranks of the recorder's run stop by."""
    return Agreement(recorder.start, lambda: recorder.newest)


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


def _note_left_out(recorder: Recorder, names: Sequence[str]) -> None:
    """Say of which parameters nothing is recorded; nothing where all of them are."""
    if names:
        few = ", ".join(printable(name, 80) for name in names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        warn(f"lossmon: nothing is recorded of {few}{more}: no floating-point numbers")
        recorder.log.mark(recorder.step, "not-recorded", named(names))


def training_mode(model: nn.Module) -> Callable[[], bool]:
    """Return a function that tells whether `model` is in train mode; holds it weakly."""
    reference = weakref.ref(model)

    def mode() -> bool:
        model = reference()
        return model is not None and model.training

    return mode


def scan_of(model: nn.Module) -> Callable[[], tuple[Row, ...]]:
    """Return a function that returns the rows of `model`, none once it is gone; holds it weakly."""
    reference = weakref.ref(model)

    def scan() -> tuple[Row, ...]:
        model = reference()
        return () if model is None else rows_of_model(model)

    return scan


def _optimizers(given: Any) -> tuple[Optimizer, ...]:
    several = (
        given if isinstance(given, Iterable) and not isinstance(given, Optimizer) else (given,)
    )
    found = tuple(inner_optimizer(optimizer) for optimizer in several)
    for optimizer in found:
        require(
            isinstance(optimizer, Optimizer),
            f"optimizer must be a torch optimizer, or a list of them, not {kind_of(optimizer)}",
        )
    return found


def _claim(logdir: Path, job: str, *, resumes: bool) -> Path:
    try:
        if resumes:
            free = logdir
            (free / FOLDER).mkdir(parents=True, exist_ok=True)
        else:
            free = claim_together(logdir, job) if job else claim(logdir)
    except OSError as error:
        raise UsageError(f"cannot write to logdir {logdir}: {error.strerror}") from None
    if free != logdir and process_rank()[0] == 0:
        print(f"lossmon: {logdir} already holds a run; writing to {free}", file=sys.stderr)
    require(os.access(free / FOLDER, os.W_OK), f"cannot write to logdir {free}: not permitted")
    return free


watch = Monitor.watch
"""Begins to record a training, and returns its monitor."""
