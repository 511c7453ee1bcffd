"""What is asked about: a model, a batch, and how the loss of the one on the other comes about.

Arguments that cannot be used raise here, in one clear line, before any experiment begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from lossmon.capture.groups import inner_optimizer
from lossmon.capture.options import kind_of
from lossmon.capture.sharding import inner_model, is_sharded
from lossmon.errors import UsageError
from lossmon.probes.outcome import CannotRunError

LossFunction = Callable[[nn.Module, Any], Any]
"""Takes a model and a batch, returns the loss."""


@dataclass(frozen=True, slots=True)
class ByCriterion:
    """The loss of a pair (inputs, targets) by a criterion."""

    criterion: Callable[[Any, Any], Any]

    def __call__(self, model: nn.Module, batch: Any) -> Any:
        """See `LossFunction`. A tuple or mapping of inputs goes in as so many arguments."""
        inputs, targets = batch
        return self.criterion(_called(model, inputs), targets)


def own_loss(model: nn.Module, batch: Any) -> Any:
    """See `LossFunction`: the loss that a model computes itself from labels in its batch."""
    output = _called(model, batch)
    return output.get("loss") if isinstance(output, Mapping) else getattr(output, "loss", None)


@dataclass(frozen=True, slots=True)
class Subject:
    """What experiments are made with copies of; itself it is never touched."""

    model: nn.Module
    loss_fn: LossFunction
    batch: Any
    optimizers: tuple[Optimizer, ...] = ()


def subject_of(model: Any, loss_fn: Any, batch: Any, optimizer: Any = ()) -> Subject:
    """Return the subject that the arguments of a user make.

    Raises:
        UsageError: One of them cannot be used.
    """
    require(isinstance(model, nn.Module), f"model must be a torch module, not {kind_of(model)}")
    several = isinstance(optimizer, Iterable) and not isinstance(optimizer, Optimizer)
    given = () if optimizer is None else tuple(optimizer) if several else (optimizer,)
    found = tuple(inner_optimizer(each) for each in given)
    for each in found:
        require(
            isinstance(each, Optimizer),
            f"optimizer must be a torch optimizer, or a list of them, not {kind_of(each)}",
        )
    return Subject(inner_model(model), loss_function(loss_fn, batch), batch, found)


def loss_function(given: Any, batch: Any) -> LossFunction:
    """Return how the loss of `batch` is computed.

    Raises:
        UsageError: Nobody said how, or the batch does not fit it.
    """
    if given is None:
        require(
            isinstance(batch, Mapping) and "labels" in batch,
            "no loss is known; pass loss_fn=, a criterion or a function of (model, batch)",
        )
        return own_loss
    require(
        callable(given),
        f"loss_fn must be a criterion or a function of (model, batch), not {kind_of(given)}",
    )
    if not _is_criterion(given):
        function: LossFunction = given
        return function
    require(
        isinstance(batch, tuple | list) and len(batch) == 2,
        f"batch must be a pair (inputs, targets), not {_described(batch)}; for another, "
        "pass loss_fn=, a function of (model, batch)",
    )
    return ByCriterion(given)


def check_seconds(seconds: Any) -> float:
    """Return the time that experiments may take in all.

    Raises:
        UsageError: It is no number above 0.
    """
    is_number = isinstance(seconds, Real) and not isinstance(seconds, bool)
    require(
        is_number and math.isfinite(seconds) and seconds > 0,
        f"seconds must be a number above 0, not {seconds!r}",
    )
    return float(seconds)


def require(holds: bool, message: str) -> None:
    """Raise a UsageError with `message` unless the condition holds."""
    if not holds:
        raise UsageError(f"probe(): {message}")


def require_alone(model: nn.Module) -> None:
    """Refuse a model whose passes wait for other ranks: they are not in the experiment.

    Raises:
        CannotRunError: It is such a model.
    """
    if any(is_sharded(parameter) for parameter in model.parameters()):
        raise CannotRunError("other ranks hold parts of the model")
    if any(isinstance(module, nn.SyncBatchNorm) for module in model.modules()):
        raise CannotRunError("its SyncBatchNorm waits for other ranks")


def _called(model: nn.Module, inputs: Any) -> Any:
    if isinstance(inputs, Mapping):
        return model(**inputs)
    return model(*inputs) if isinstance(inputs, tuple) else model(inputs)


def _is_criterion(given: Any) -> bool:
    """Return whether it takes (prediction, target): a loss module, or a function of torch's."""
    home = str(getattr(given, "__module__", ""))
    return isinstance(given, nn.Module) or home.startswith("torch")


def _described(batch: Any) -> str:
    if isinstance(batch, Tensor):
        return "a tensor"
    several = isinstance(batch, tuple | list)
    return f"a {kind_of(batch)} of {len(batch)}" if several else f"a {kind_of(batch)}"
