"""Makes all experiments on one subject, within a time, and writes each answer into the log.

What goes wrong in one is that one's answer, and the others go on. An interrupt passes through, and
leaves the training as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from lossmon.capture.monitor import described
from lossmon.capture.recorder import Recorder
from lossmon.capture.routes import ROUTES
from lossmon.probes.batch_dependency import batch_dependency
from lossmon.probes.clock import Clock
from lossmon.probes.input_twin import input_twin
from lossmon.probes.lr_sweep import lr_sweep
from lossmon.probes.outcome import CannotRunError, NotRun
from lossmon.probes.overfit_batch import overfit_batch
from lossmon.probes.results import Answer, ProbeResults, detail_of
from lossmon.probes.subject import Subject, check_seconds, subject_of
from lossmon.probes.train_eval import train_eval
from lossmon.probes.twin import left_alone
from lossmon.signals import PROBE

SECONDS = 60.0
"""For all experiments together, unless the user says otherwise."""

Experiment = Callable[[Subject, Clock], Answer]

EXPERIMENTS: tuple[tuple[str, Experiment, float], ...] = (
    ("train-eval", train_eval, 0.2),
    ("batch-dependency", batch_dependency, 0.2),
    ("lr-sweep", lr_sweep, 0.2),
    ("overfit-batch", overfit_batch, 0.6),
    ("input-twin", input_twin, 1.0),
)
"""Names, and the share of the time still left that each may take: the quick ones first."""


def probe(
    model: nn.Module,
    loss_fn: Any,
    batch: Any,
    optimizer: Any = (),
    *,
    seconds: float = SECONDS,
) -> ProbeResults:
    """Find out by experiments on copies of `model` what watching cannot tell. Print the result.

    Nothing of the training is changed: neither parameters, buffers and gradients nor the
    optimizer's state and the random numbers to come. Where the model is watched, the answers are
    written into its log too.

    Args:
        model: The model as it is now; wrapped in DDP or compiled is fine.
        loss_fn: The criterion, or a function of (model, batch) that returns the loss and uses the
            model that it is given. None for a model that returns its own loss, given `labels`.
        batch: With a criterion a pair (inputs, targets), of which a tuple or a mapping of inputs
            goes into the model as so many arguments; else what `loss_fn` takes. Best of the size
            that is trained with, and of data that the model has not seen.
        optimizer: Tells lr-sweep the update, and the others which parameters are trained.
        seconds: How long all of it may take, but for the pass under way.

    Raises:
        UsageError: An argument cannot be used.
    """
    return answers(subject_of(model, loss_fn, batch, optimizer), check_seconds(seconds))


def answers(
    subject: Subject, seconds: float, recorders: Iterable[Recorder] | None = None
) -> ProbeResults:
    """Make every experiment; `recorders` write the answers, by default all of the model's."""
    if recorders is None:
        recorders = ROUTES.recorders_of(subject.model.parameters())
    clock, found = Clock(seconds), {}
    try:
        for name, experiment, share in EXPERIMENTS:
            clock.begin(name, share)
            found[name.replace("-", "_")] = answer = _answer(experiment, subject, clock)
            _write(recorders, name, answer)
    finally:
        clock.clear()
    return ProbeResults(**found)  # type: ignore[arg-type]  # each under its own name


def _answer(experiment: Experiment, subject: Subject, clock: Clock) -> Answer:
    try:
        with left_alone(subject.model):
            return experiment(subject, clock)
    except CannotRunError as error:
        return NotRun(str(error))
    # A model may raise anything where it is copied, or run in another mode.
    except Exception as error:
        why = described(error)
        out_of_memory = isinstance(error, torch.OutOfMemoryError)
    if out_of_memory:
        # Only here are the copies gone: the training may need their memory in other pieces.
        torch.cuda.empty_cache()
    return NotRun(why)


def _write(recorders: Iterable[Recorder], name: str, answer: Answer) -> None:
    for each in recorders:
        each.guard.run("probe", each.log.mark, each.newest, PROBE, detail_of(name, answer))
