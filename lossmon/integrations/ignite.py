"""Ignite: `attach(engine, model, optimizer)`, and each run of the engine is watched."""

from __future__ import annotations

import os
from typing import Any

from ignite.engine import Engine, Events
from torch import nn

from lossmon.integrations.watching import Training, Watching


class Monitor(Watching):
    """Watches every run of an engine; made by `attach`."""

    def __init__(self, engine: Engine, model: nn.Module, optimizer: Any, **options: Any) -> None:
        """Take what `attach` takes, but for the evaluator."""
        super().__init__(**options)
        several = isinstance(optimizer, list | tuple)
        optimizers = list(optimizer) if several else [optimizer]

        def begin(engine: Engine) -> None:
            self._begin(lambda: Training(model, optimizers, steps=engine.state.iteration))

        engine.add_event_handler(Events.STARTED, begin)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._iterated)
        engine.add_event_handler(Events.COMPLETED | Events.TERMINATE, self._over)
        engine.add_event_handler(Events.EXCEPTION_RAISED, self._failed)

    def _iterated(self, engine: Engine) -> None:
        if self._is_lost:
            engine.terminate()

    def _evaluated(self, evaluator: Engine) -> None:
        self._log(lambda: {f"val_{name}": x for name, x in evaluator.state.metrics.items()})

    def _over(self, engine: Engine) -> None:
        self._end()

    def _failed(self, engine: Engine, error: BaseException) -> None:
        """Note an exception, and let it pass as if nobody had asked for it.

        An engine raises only what no handler takes: where ours is the only one, it must.
        """
        self._end(error)
        if len(engine._event_handlers[Events.EXCEPTION_RAISED]) == 1:
            raise error


def attach(
    engine: Engine,
    model: nn.Module,
    optimizer: Any,
    *,
    evaluator: Engine | None = None,
    logdir: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Monitor:
    """Watch every run of `engine`, which trains `model` by `optimizer`.

    Args:
        engine: The trainer.
        model: See `lossmon.watch`.
        optimizer: See `lossmon.watch`.
        evaluator: An engine whose metrics are recorded as `val/<metric>` when it has run.
        logdir: Folder of the run; `runs/run` where it is left out.
        options: See `lossmon.watch`.

    Raises:
        UsageError: An argument cannot be used.
    """
    monitor = Monitor(engine, model, optimizer, logdir=logdir, **options)
    if evaluator is not None:
        evaluator.add_event_handler(Events.COMPLETED, monitor._evaluated)
    return monitor
