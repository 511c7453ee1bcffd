"""Lightning, as `lightning` and as `pytorch_lightning`: `Trainer(callbacks=[Monitor()])`.

The training is watched from `on_train_start` on: only then a checkpoint's optimizers are restored,
and the passes that check the validation loop are over.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossmon.integrations.heldout import held_out
from lossmon.integrations.watching import DEFAULT_LOGDIR, Training, Watching

_PACKAGES = ("lightning.pytorch", "pytorch_lightning")


def _callback_classes() -> tuple[type, ...]:
    """Return the classes that trainers take for callbacks, of the packages that are in use.

    Where none is yet: of the first that is installed.
    """
    names = [name for name in _PACKAGES if name in sys.modules]
    for name in _PACKAGES if not names else ():
        try:
            import_module(name)
        except ModuleNotFoundError:
            continue
        names = [name]
        break
    if not names:
        raise ModuleNotFoundError("neither lightning nor pytorch_lightning is installed")
    return tuple(dict.fromkeys(sys.modules[name].Callback for name in names))


if TYPE_CHECKING:

    class _Callback: ...
else:
    _Callback = type("_Callback", _callback_classes(), {})


class Monitor(Watching, _Callback):
    """Watches every `fit` of a trainer.

    Metrics that validation logs as `val_...` are recorded with the step. Default logdir: the
    trainer's `log_dir`; without a logger `runs/run` below its `default_root_dir`.
    """

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """See Lightning."""
        self._begin(
            lambda: Training(
                pl_module, trainer.optimizers, _log_dir(trainer), steps=trainer.global_step
            )
        )

    def on_train_batch_end(self, trainer: Any, *of_the_batch: Any) -> None:
        """See Lightning."""
        if self._is_lost:
            trainer.should_stop = True

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """See Lightning."""
        if not trainer.sanity_checking:
            self._log(lambda: held_out(trainer.callback_metrics))

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """See Lightning."""
        self._end(exception)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """See Lightning."""
        self._end()


def _log_dir(trainer: Any) -> str | Path | None:
    # Asked for in any case: all ranks must.
    place: str | None = trainer.log_dir
    return place if trainer.loggers else Path(trainer.default_root_dir) / DEFAULT_LOGDIR
