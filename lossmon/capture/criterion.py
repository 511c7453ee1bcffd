"""The criterion's own loss, its targets' prior loss, and how far predictions depend on inputs.

Read from the criterion's node in the autograd graph, which knows prediction and target, through
scaling, penalties and label smoothing; or, for a criterion that was handed over, by a hook on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon.capture.graph import criterion_nodes
from lossmon.capture.targets import ClassCounts, Moments, outputs_of

COLUMNS = (
    "criterion_loss",
    "prior_loss",
    "prior_count",
    "class_count",
    "prediction_entropy",
    "prediction_information",
)
PREDICTION_ELEMENTS = 1 << 18
"""At most this many predicted probabilities are looked at in one step."""
_SUM = 2
"""ATen's number for reduction="sum"."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Prediction and target as a criterion saw them."""

    kind: str
    """nll, mse, bce or bce_logits."""
    prediction: Tensor
    """For nll: log-probabilities, classes in dimension 1."""
    target: Tensor
    weight: Tensor | None
    ignored: int
    summed: bool
    loss: Tensor | None = None
    """The criterion's value, where it is at hand."""


class CriterionMeter:
    """Turns what a criterion saw into one row of `COLUMNS`; pools targets over the run."""

    def __init__(self) -> None:
        self._targets: ClassCounts | Moments | None = None

    def measure(self, judged: Judged) -> Tensor:
        """Return the six values, float32, on the prediction's device; NaN where undefined."""
        device = judged.prediction.device
        if torch.is_autocast_enabled(device.type):
            with torch.autocast(device.type, enabled=False):
                values = self._measure(judged)
        else:
            values = self._measure(judged)
        return torch.stack(
            [v if isinstance(v, Tensor) else torch.tensor(v, device=device) for v in values]
        )

    def _measure(self, judged: Judged) -> list[Tensor | float]:
        values = self._classes(judged) if judged.kind == "nll" else self._values(judged)
        return [v.float() if isinstance(v, Tensor) else v for v in values]

    def _classes(self, judged: Judged) -> list[Tensor | float]:
        logp = judged.prediction.detach()
        if logp.dtype != torch.float32:
            logp = logp.float()
        classes = logp.shape[1] if logp.dim() > 1 else logp.shape[0]
        targets = self._targets
        if not isinstance(targets, ClassCounts) or not targets.matches(classes, logp.device):
            self._targets = targets = ClassCounts(classes, logp.device)
        targets.add(judged.target, weight=judged.weight, ignored=judged.ignored)
        loss = judged.loss
        if loss is None:
            weight = None if judged.weight is None else judged.weight.detach().float()
            reduction = "sum" if judged.summed else "mean"
            loss = F.nll_loss(logp, judged.target, weight, None, judged.ignored, None, reduction)
        prior = targets.prior_loss()
        if judged.summed:
            prior = prior * judged.target.numel()
        entropy, information = _information(_rows(logp, classes))
        return [loss.reshape(()), prior, targets.seen, float(classes), entropy, information]

    def _values(self, judged: Judged) -> list[Tensor | float]:
        nan = float("nan")
        prediction, target = judged.prediction.detach().float(), judged.target.detach().float()
        loss = judged.loss
        if loss is None:
            loss = _LOSSES[judged.kind](prediction, target)
            if judged.summed:
                loss = loss * prediction.numel()
        loss = loss.reshape(())
        if _broadcast(prediction, target) or judged.weight is not None:
            return [loss, nan, nan, nan, nan, nan]
        outputs = outputs_of(target)
        if not isinstance(self._targets, Moments) or not self._targets.matches(
            outputs, target.device
        ):
            self._targets = Moments(outputs, target.device)
        self._targets.add(target.reshape(-1, outputs))
        binary = judged.kind != "mse"
        prior = self._targets.binary_entropy() if binary else self._targets.variance()
        if judged.summed:
            prior = prior * prediction.numel()
        return [loss, prior, self._targets.seen, 2.0 if binary else nan, nan, nan]


def _broadcast(prediction: Tensor, target: Tensor) -> bool:
    """Return whether one was stretched to the other's shape: then no constant is a fair prior."""
    stretched = any(
        stride == 0 and size > 1
        for tensor in (prediction, target)
        for stride, size in zip(tensor.stride(), tensor.shape, strict=True)
    )
    return stretched or prediction.shape != target.shape


def _rows(logp: Tensor, classes: int) -> Tensor:
    """Return at most `PREDICTION_ELEMENTS` log-probabilities as (rows, classes), evenly strided."""
    flat = logp
    if logp.dim() != 2:
        flat = logp.reshape(1, -1) if logp.dim() == 1 else logp.movedim(1, -1).reshape(-1, classes)
    wanted = max(16, PREDICTION_ELEMENTS // classes)
    return flat if flat.shape[0] <= wanted else flat[:: flat.shape[0] // wanted][:wanted]


def _information(logp: Tensor) -> tuple[Tensor, Tensor]:
    p = logp.exp()
    # p log p is 0 where p is, also where log p is -inf.
    entropy = torch.special.entr(p).sum() / p.shape[0]
    return entropy, torch.special.entr(p.mean(0)).sum() - entropy


_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": lambda p, t: (p - t).square().mean(),
    "bce": lambda p, t: F.binary_cross_entropy(p, t) if p.shape == t.shape else p.mean() * 0,
    "bce_logits": F.binary_cross_entropy_with_logits,
}

_NODES = {
    "NllLoss": "nll",
    "MseLoss": "mse",
    "BinaryCrossEntropyWithLogits": "bce_logits",
    "BinaryCrossEntropyBackward": "bce",
}


def judged_in_graph(root: Tensor) -> Judged | None:
    """Return what the criterion behind `root` saw; None where none, or more than one, is found."""
    nodes = criterion_nodes(root, tuple(_NODES))
    if len(nodes) != 1:
        return None
    node = nodes[0]
    kind = next(kind for prefix, kind in _NODES.items() if node.name().startswith(prefix))
    ignored = getattr(node, "_saved_ignore_index", -100)
    weight = getattr(node, "_saved_weight", None)
    if getattr(node, "_saved_pos_weight", None) is not None:
        weight = node._saved_pos_weight
    return Judged(
        kind=kind,
        prediction=node._saved_self,
        target=node._saved_target,
        weight=weight,
        # The binding shows the signed index as unsigned.
        ignored=ignored - (1 << 64) if ignored >= 1 << 63 else ignored,
        summed=node._saved_reduction == _SUM,
        loss=root.detach() if node is root.grad_fn and root.numel() == 1 else None,
    )


class CriterionHook:
    """A forward hook that keeps the last call of a criterion until its backward pass is read.

    Copies and pickles of a hooked criterion carry an inert hook: they are unmonitored.
    """

    def __init__(self, criterion: nn.Module | None) -> None:
        self.wanted = False
        self._seen: tuple[nn.Module, Any, Any] | None = None
        self._handle = criterion.register_forward_hook(self) if criterion is not None else None

    def __call__(self, module: nn.Module, inputs: Any, output: Any) -> None:
        """Keep prediction and target, on sampled steps only."""
        if torch.compiler.is_compiling():
            return  # a graph that looked at `wanted` would be made anew whenever that changes
        if self.wanted and torch.is_grad_enabled():
            self._seen = (module, inputs, output)

    def __reduce__(self) -> tuple[type[CriterionHook], tuple[None]]:
        return CriterionHook, (None,)

    def __deepcopy__(self, memo: dict[int, Any]) -> CriterionHook:
        return CriterionHook(None)

    def take(self) -> Judged | None:
        """Return and forget the last call, where the criterion is one whose arithmetic is known."""
        seen, self._seen = self._seen, None
        return None if seen is None else _judged_by_module(*seen)

    def remove(self) -> None:
        """Leave the criterion as it was."""
        self._seen = None
        if self._handle is not None:
            self._handle.remove()


def _judged_by_module(module: nn.Module, inputs: Any, output: Any) -> Judged | None:
    if len(inputs) != 2 or not all(isinstance(x, Tensor) for x in inputs):
        return None
    prediction, target = inputs
    summed = getattr(module, "reduction", "mean") == "sum"
    weight = getattr(module, "weight", None)
    if isinstance(module, nn.CrossEntropyLoss | nn.NLLLoss):
        if target.is_floating_point():
            return None
        dim = 1 if prediction.dim() > 1 else 0
        logp = prediction if isinstance(module, nn.NLLLoss) else prediction.log_softmax(dim)
        return Judged("nll", logp, target, weight, module.ignore_index, summed)
    for kind, known in (
        ("mse", nn.MSELoss),
        ("bce", nn.BCELoss),
        ("bce_logits", nn.BCEWithLogitsLoss),
    ):
        if isinstance(module, known):
            pos = getattr(module, "pos_weight", None)
            return Judged(kind, prediction, target, weight if pos is None else pos, -100, summed)
    return None
