"""transformers, and whoever builds on its Trainer, as TRL does: `Trainer(callbacks=[Monitor()])`.

The loss is the one that each backward pass is made from: the Trainer's own log shows means, and
puts the mean of the others in the place of NaN.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from lossmon.integrations.heldout import held_out
from lossmon.integrations.watching import DEFAULT_LOGDIR, Training, Watching


class Monitor(Watching, TrainerCallback):
    """Watches every `train` of a Trainer; evaluations are recorded with the step.

    The Trainer tells no callback of an exception: then the log ends with the process, or with the
    next training. Default logdir: TENSORBOARD_LOGGING_DIR, else `runs/run` below `output_dir`.
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """See transformers."""
        self._begin(lambda: _training(args, state.global_step, **given))

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """See transformers."""
        if self._is_lost:
            control.should_training_stop = True

    def on_evaluate(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """See transformers."""
        self._log(lambda: held_out(given.get("metrics") or {}))

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """See transformers."""
        self._end()


def _training(
    args: Any, steps: int, *, model: Any, optimizer: Any = None, **others: Any
) -> Training:
    told = os.environ.get("TENSORBOARD_LOGGING_DIR")
    return Training(
        model,
        [] if optimizer is None else [optimizer],
        Path(told).expanduser() if told else Path(args.output_dir) / DEFAULT_LOGDIR,
        steps=steps,
        # Each loss is divided by the passes of its step, or by the targets in all of them.
        adds_up=True,
    )
