"""skorch: `NeuralNet(..., callbacks=[Monitor()])`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skorch.callbacks import Callback

from lossmon.integrations.heldout import held_out
from lossmon.integrations.watching import Training, Watching, check


class Monitor(Watching, Callback):
    """Watches every `fit` of a net, and its validation at the end of each epoch.

    A net tells no callback of an exception: then the log ends with the process, or with the next
    training. Default logdir: `runs/run`.
    """

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **given: Any) -> None:  # noqa: N803
        """See skorch."""
        self._begin(lambda: _training(net))

    def on_batch_end(self, net: Any, **given: Any) -> None:
        """End a training that is lost, by what ends one in skorch; `fit` does not let it pass on.

        Raises:
            KeyboardInterrupt: A finding that `stop_on` names has come.
        """
        if self._is_lost:
            raise KeyboardInterrupt

    def on_epoch_end(self, net: Any, **given: Any) -> None:
        """See skorch."""
        self._log(lambda: _numbers(held_out(net.history[-1])))

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **given: Any) -> None:  # noqa: N803
        """See skorch."""
        self._end()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments that this was made with: scikit-learn makes clones from them."""
        return {"logdir": self.logdir, **self.options}

    def set_params(self, **params: Any) -> Monitor:
        """Change arguments, from the next training on.

        Raises:
            UsageError: One cannot be used.
        """
        self.logdir = params.pop("logdir", self.logdir)
        check(params)
        self.options = {**self.options, **params}
        return self


def _training(net: Any) -> Training:
    optimizers = [getattr(net, f"{name}_") for name in net._optimizers]
    # Of a net that goes on from before, by partial_fit.
    steps = sum(epoch.get("train_batch_count", 0) for epoch in net.history)
    return Training(net.module_, optimizers, steps=steps)


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a row of the history, which also says what was best so far."""
    return {k: float(v) for k, v in row.items() if not isinstance(v, bool | list | str)}
