"""Makes a recorder for every training that a script begins."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn
from torch.optim import Optimizer

from lossmon.autowatch import registry
from lossmon.autowatch.holdout import HoldOut, say
from lossmon.autowatch.models import Found, find_model, scan_of
from lossmon.autowatch.places import Places, shortest
from lossmon.autowatch.probing import Probing
from lossmon.autowatch.stopping import Stopping
from lossmon.autowatch.trial import Part, Trial
from lossmon.capture.criterion import CriterionHook
from lossmon.capture.firstpass import FIRST_PASS
from lossmon.capture.graph import leaves
from lossmon.capture.groups import held_ids, held_tensors
from lossmon.capture.heldout import HeldOut
from lossmon.capture.hooks import TAPS
from lossmon.capture.layout import Row
from lossmon.capture.monitor import BEGUN, OPEN, described
from lossmon.capture.ranks import next_run_of_job, process_rank
from lossmon.capture.recorder import Recorder
from lossmon.capture.routes import ROUTES
from lossmon.capture.schedule import Schedule
from lossmon.capture.sharding import GATHERED
from lossmon.capture.start import Start, steps_behind
from lossmon.capture.trialrecorder import TrialRecorder
from lossmon.errors import UsageError
from lossmon.numfmt import printable

MAX_RUNS = 200
"""A script that trains more models than this has the first ones watched."""


class Watcher:
    """Watches every training of this process from `install` to `close`. A `routes.Finder`.

    A training is a set of optimizers that step together, with the parameters that they hold and
    those of the same model that nobody holds. Where a first loss reaches the parameters of several
    optimizers, it is on trial until it is seen which of them do.
    """

    def __init__(
        self,
        places: Places,
        stop_on: Sequence[str] = (),
        *,
        probes: bool = False,
        holds_out: bool = False,
    ) -> None:
        """`places` hands out the logdirs; `stop_on`: see `lossmon.stopon`; `probes`: at the end.

        `holds_out`: see `holdout`.
        """
        self.saw_backward = False
        self.refused = False
        """Whether a training goes unwatched because its logdir cannot be written to."""
        self._places = places
        self._begun = len(BEGUN)
        self._folder = Path.cwd()
        self._recorders: list[TrialRecorder] = []
        self._trials: list[Trial] = []
        self._modules = registry.Registry(nn.Module)
        self._optimizers = registry.Registry(Optimizer)
        FIRST_PASS.begin()
        self._held_out = HeldOut(self._stepped_last)
        ROUTES.finder = self
        TAPS.add(ROUTES)
        # After the taps: wrappers come off in the other order.
        self._stopping = Stopping(stop_on) if stop_on else None
        self._probing = Probing(self._modules.living) if probes else None
        self._hold_out = HoldOut() if holds_out else None

    @property
    def own_logdirs(self) -> list[Path]:
        """Where the script's own monitors write, in the order in which it made them."""
        return [self._folder / logdir for logdir in BEGUN[self._begun :]]

    @property
    def has_found(self) -> bool:
        """Whether any training was seen."""
        return bool(self._recorders)

    @property
    def rank(self) -> int:
        """Which process of its job this is."""
        return process_rank()[0]

    def follow_fork(self) -> None:
        """Watch a forked process, in place of the one that it comes from."""
        TAPS.follow_fork()

    def close(self, error: BaseException | None) -> None:
        """End every log; `error` is the exception that ended the script, if one did.

        It is written to the run that was trained last: the others had ended before. Monitors of the
        script's own end with it.
        """
        for trial in list(self._trials):
            self._decide(trial)
        living = [*self._recorders, *(monitor.recorder for monitor in OPEN)]
        if self._hold_out is not None and (words := self._hold_out.close(living)):
            say(words)
        if self._probing is not None:
            self._probe(self._probing, living, error)
        for monitor in list(OPEN):
            monitor.__exit__(None, error, None)
        self._held_out.remove()
        FIRST_PASS.end()
        if self._stopping is not None:
            self._stopping.remove()
        ROUTES.finder = None
        TAPS.discard(ROUTES)
        self._modules.remove()
        self._optimizers.remove()
        for recorder in self._recorders:
            ROUTES.discard(recorder)
            last = recorder is self._recorders[-1]
            recorder.close(error=described(error) if error is not None and last else None)

    def _probe(
        self, probing: Probing, recorders: Sequence[Recorder], error: BaseException | None
    ) -> None:
        """Ask every training, unless the script was ended."""
        if error is not None:
            probing.remove()
        else:
            probing.ask(recorders)

    def _stepped_last(self) -> Recorder | None:
        """Return the training that has stepped last, unless the script watches it itself."""
        return ROUTES.last if ROUTES.last in self._recorders else None

    def by_loss(self, roots: Sequence[Tensor]) -> TrialRecorder | None:
        """See `routes.Finder`."""
        self.saw_backward = True
        GATHERED.learn(self._modules.living())
        reached = _reached(roots)
        if not reached:
            return self._of_only_optimizer()
        ids = {id(leaf) for leaf in reached}
        return self._find(reached, [o for o in self._optimizers.living() if held_ids(o) & ids])

    def _of_only_optimizer(self) -> TrialRecorder | None:
        """Return the training that a loss without a graph is meant for, where there is but one."""
        living = self._optimizers.living()
        if len(living) != 1:
            return None
        known = (r for r in reversed(self._recorders) if living[0] in r.holders)
        return next(known, None) or self._find([], living)

    def by_optimizer(self, optimizer: Optimizer, roots: Sequence[Tensor]) -> TrialRecorder | None:
        """See `routes.Finder`."""
        found = find_model(held_tensors([optimizer]), self._modules.living())
        held = held_ids(optimizer)
        mine = [row.tensor() for row in found.rows] if found is not None else []
        for recorder in reversed(self._recorders):
            own = {id(row.tensor()) for row in recorder.start.rows}
            if all(id(t) in own for t in mine if id(t) in held):
                # Made anew, each epoch or for fine-tuning: the model goes on, and so does its run.
                return recorder
        nobodys = held_ids(*self._optimizers.living())
        orphans = [x for x in _reached(roots) if id(x) not in nobodys and ROUTES.owner(x) is None]
        return self._find(orphans, [optimizer])

    def settle(self) -> None:
        """See `routes.Finder`."""
        for trial in list(self._trials):
            if trial.is_over():
                self._decide(trial)

    def _find(
        self, reached: Sequence[Tensor], optimizers: Sequence[Optimizer]
    ) -> TrialRecorder | None:
        if self.refused or len(self._recorders) >= MAX_RUNS:
            return None
        self._close_bygone()
        tensors = [*reached, *held_tensors(optimizers)]
        found = find_model(tensors, self._modules.living()) if tensors else None
        rows = self._unclaimed(found, optimizers) if found is not None else ()
        if found is None or not rows:
            return None
        own = {id(row.tensor()) for row in rows}
        holders = [o for o in self._optimizers.living() if held_ids(o) & own]
        try:
            return self._begin(replace(found, rows=rows), holders)
        except UsageError as error:
            self._refuse(error)
            return None

    def _refuse(self, error: UsageError) -> None:
        self.refused = True
        line = f"lossmon: {printable(str(error), 1000)}; the training goes on unwatched"
        print(line, file=sys.stderr)

    def _unclaimed(self, found: Found, optimizers: Sequence[Optimizer]) -> tuple[Row, ...]:
        """Return the rows but for those that another training's optimizer holds."""
        others = [o for o in self._optimizers.living() if o not in optimizers]
        theirs = held_ids(*others) - held_ids(*optimizers)
        return tuple(row for row in found.rows if not self._is_claimed(row, theirs))

    def _is_claimed(self, row: Row, theirs: set[int]) -> bool:
        tensor = row.tensor()
        return tensor is not None and id(tensor) in theirs and ROUTES.owner(tensor) is not None

    def _begin(self, found: Found, holders: Sequence[Optimizer]) -> TrialRecorder:
        if len(holders) < 2:
            recorder = self._recorder(self._start(found, holders), holders, found.modules)
            self._look_out(recorder)
        else:
            # Its place is not known before it is.
            step = steps_behind(holders)
            start = Start(
                found.rows, Path(), found.layers, found.name, step=step, scan=scan_of(found)
            )
            recorder = self._recorder(start, holders, found.modules)
            recorder.keep()
            self._trials.append(Trial(recorder, {id(o): steps_behind([o]) for o in holders}))
        self._recorders.append(recorder)
        ROUTES.add(recorder)
        return recorder

    def _decide(self, trial: Trial) -> None:
        """End a trial: one run where its optimizers step together, else one for each that do."""
        self._trials.remove(trial)
        recorder = trial.recorder
        recorder.end_cycle()
        parts = trial.parts()
        try:
            if len(parts) < 2:
                start = recorder.start
                place, job = self._claim(start.model, resumes=start.step > 0)
                recorder.settle(replace(start, logdir=place, run_id=job))
                self._look_out(recorder)
                return
            for number, part in enumerate(parts):
                self._split_off(trial, part, with_orphans=number == 0)
        except UsageError as error:
            self._refuse(error)
        self._recorders.remove(recorder)
        ROUTES.discard(recorder)
        recorder.abandon()

    def _split_off(self, trial: Trial, part: Part, *, with_orphans: bool) -> None:
        optimizers, old = part.optimizers, trial.recorder.start.rows
        others = [o for o in trial.recorder.holders.living() if o not in optimizers]
        theirs = held_ids(*others) - held_ids(*optimizers)
        mine = held_ids(*optimizers)
        wanted = {
            id(tensor): place
            for place, row in enumerate(old)
            if (tensor := row.tensor()) is not None
            and (id(tensor) in mine or (with_orphans and id(tensor) not in theirs))
        }
        tensors = [
            tensor for place in wanted.values() if (tensor := old[place].tensor()) is not None
        ]
        found = find_model(tensors, self._modules.living())
        if found is None:
            return
        rows = tuple(row for row in found.rows if id(row.tensor()) in wanted)
        start = self._start(replace(found, rows=rows), optimizers, step=trial.behind(optimizers))
        recorder = self._recorder(start, optimizers, found.modules)
        recorder.begin_with(part.cycles, [wanted[id(row.tensor())] for row in rows])
        self._look_out(recorder)
        self._recorders.append(recorder)
        ROUTES.add(recorder)

    def _look_out(self, recorder: TrialRecorder) -> None:
        if self._stopping is not None:
            self._stopping.watch(recorder)

    def _close_bygone(self) -> None:
        """End the logs of models that no longer exist."""
        for recorder in list(self._recorders):
            if all(row.tensor() is None for row in recorder.start.rows):
                for trial in [t for t in self._trials if t.recorder is recorder]:
                    self._decide(trial)
                ROUTES.discard(recorder)
                recorder.close()

    def _start(
        self, found: Found, holders: Sequence[Optimizer], *, step: int | None = None
    ) -> Start:
        first = steps_behind(holders) if step is None else step
        place, job = self._claim(found.name, resumes=first > 0)
        return Start(
            found.rows,
            place,
            found.layers,
            found.name,
            step=first,
            run_id=job,
            scan=scan_of(found),
        )

    def _claim(self, model: str, *, resumes: bool) -> tuple[Path, str]:
        """Return the place of a training, and what all its ranks call it."""
        places = self._places
        job = next_run_of_job(str(places.wanted))
        place = places.claim(model, resumes=resumes, job=job)
        if len(places.claimed) == 1 and not self.rank:
            _say_where(places.wanted, place.parent)
        return place, job

    def _recorder(
        self, start: Start, holders: Sequence[Optimizer], modules: Sequence[nn.Module]
    ) -> TrialRecorder:
        return TrialRecorder(
            start,
            holders,
            schedule=Schedule(lanes=len(holders)),
            criterion=CriterionHook(None),
            train_mode=_mode(modules),
            waits_for_user=False,
            modules=modules,
        )


def _say_where(wanted: Path, root: Path) -> None:
    """Tell those who look at the logdir they named that this training is not in it."""
    if root != wanted:
        was, is_in = (printable(str(shortest(path)), 1000) for path in (wanted, root))
        print(f"lossmon: {was} has runs already; this one is logged in {is_in}", file=sys.stderr)


def _mode(modules: Sequence[nn.Module]) -> Callable[[], bool]:
    references = [weakref.ref(module) for module in modules]

    def mode() -> bool:
        living = [module for reference in references if (module := reference()) is not None]
        return not living or any(module.training for module in living)

    return mode


def _reached(roots: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors that a pass brings gradients to.

    Not a loss that is cut off and asks for a gradient itself: it is a new one at every step.
    """
    return [leaf for root in roots for leaf in leaves(root) if leaf is not root]
