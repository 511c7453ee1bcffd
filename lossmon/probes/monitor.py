"""The monitor that users get: what capture's does, and it takes questions."""

from __future__ import annotations

from typing import Any

from lossmon.capture import monitor
from lossmon.probes.results import ProbeResults
from lossmon.probes.subject import check_seconds, require, subject_of
from lossmon.probes.suite import SECONDS, answers


class Monitor(monitor.Monitor):
    """A watched training. Closes at the end of a `with` block, by `close()`, or at exit."""

    def probe(self, batch: Any, *, loss_fn: Any = None, seconds: float = SECONDS) -> ProbeResults:
        """Find out by experiments on copies of the model what watching cannot tell.

        Nothing of the training is changed. The answers are written into the log; print the result
        to read them.

        Args:
            batch: With a criterion a pair (inputs, targets), of which a tuple or a mapping of
                inputs goes into the model as so many arguments; else what `loss_fn` takes. Best of
                the size that is trained with, and of data that the model has not seen.
            loss_fn: A criterion, or a function of (model, batch) that returns the loss and uses the
                model that it is given. Default: the criterion that `watch` was given.
            seconds: How long all of it may take, but for the pass under way.

        Raises:
            UsageError: An argument cannot be used, no loss is known, or the model is gone.
        """
        model, criterion = self._watched()
        require(model is not None, "the watched model is gone")
        given = criterion if loss_fn is None else loss_fn
        optimizers = self._recorder.holders.living()
        return answers(subject_of(model, given, batch, optimizers), check_seconds(seconds))


watch = Monitor.watch
"""Begins to record a training, and returns its monitor."""
