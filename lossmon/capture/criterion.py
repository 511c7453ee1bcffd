"""The criterion's own loss, its targets' prior loss, and how far predictions depend on inputs.

Read from the criterion's node in the autograd graph, which knows prediction and target, through
scaling, penalties and label smoothing; or, for a criterion that was handed over, by a hook on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon.capture.certainty import NAN, of_classes, of_coins
from lossmon.capture.foreign import FOREIGN
from lossmon.capture.inert import InertHook
from lossmon.capture.judged import BINARY, CLASSES, Judged, judged_by_module
from lossmon.capture.layout import in_transform
from lossmon.capture.lossgraph import judged_in_graph as judged_in_graph
from lossmon.capture.precision import full_precision
from lossmon.capture.targets import ClassCounts, KeptTargets, Moments, outputs_of

COLUMNS = (
    "criterion_loss",
    "prior_loss",
    "prior_count",
    "class_count",
    "prediction_entropy",
    "prediction_information",
    "prediction_confidence",
    "confidence_std",
)
PREDICTION_ELEMENTS = 1 << 18
"""At most this many predicted probabilities are looked at in one step."""
UNKNOWN = (NAN, NAN, NAN, NAN)
"""What predictions say that are no probabilities."""
Values = list[Tensor | float]


class CriterionMeter:
    """Turns what a criterion saw into one row of `COLUMNS`; pools targets over the run."""

    def __init__(self) -> None:
        self._counts: ClassCounts | None = None
        self._moments: Moments | None = None
        self._kept: KeptTargets | None = None

    def measure(self, judged: Judged) -> Tensor:
        """Return the eight values, float32, on the prediction's device; NaN where undefined."""
        device = judged.prediction.device
        with full_precision(device):
            return one_vector(self._measure(judged), device)

    def _measure(self, judged: Judged) -> Values:
        return self._classes(judged) if judged.kind in CLASSES else self._values(judged)

    def _classes(self, judged: Judged) -> Values:
        logp = judged.prediction.detach()
        if logp.dtype != torch.float32:
            logp = logp.float()
        classes = judged.classes
        counts = self._counts
        if counts is None or not counts.matches(classes, logp.device):
            self._counts = counts = ClassCounts(classes, logp.device)
        if judged.kind == "soft":
            counts.add_shares(class_rows(judged.target, classes), weight=judged.weight)
        else:
            counts.add(judged.target, weight=judged.weight, ignored=judged.ignored)
        loss = judged.loss if judged.loss is not None else _class_loss(judged, logp)
        prior: Any = counts.prior_loss()
        if judged.summed:
            examples = logp.numel() // classes
            prior = prior * examples
        sure = of_classes(strided_rows(class_rows(logp, classes)))
        return [loss, prior, counts.seen, float(classes), *sure]

    def _values(self, judged: Judged) -> Values:
        prediction, target = judged.prediction.detach().float(), judged.target.detach().float()
        loss = judged.loss
        if loss is None:
            loss = _value_loss(judged, prediction, target)
            if judged.summed:
                loss = loss * prediction.numel()
        if judged.stretched or judged.weight is not None:
            return [loss, NAN, NAN, NAN, *UNKNOWN]
        prior, seen = self._prior(judged, target)
        if judged.summed:
            prior = prior * prediction.numel()
        if judged.kind not in BINARY:
            return [loss, prior, seen, NAN, *UNKNOWN]
        p = prediction if judged.kind == "bce" else prediction.sigmoid()
        rows = p.reshape(p.shape[0], -1) if p.dim() > 1 else p.reshape(-1, 1)
        return [loss, prior, seen, 2.0, *of_coins(strided_rows(rows))]

    def _prior(self, judged: Judged, target: Tensor) -> tuple[Tensor, float]:
        outputs = outputs_of(target)
        if self._moments is None or not self._moments.matches(outputs, target.device):
            self._moments = Moments(outputs, target.device)
            self._kept = KeptTargets(outputs, target.device)
        rows = target.reshape(-1, outputs)
        self._moments.add(rows)
        if judged.kind in BINARY:
            return self._moments.binary_entropy(), self._moments.seen
        if judged.kind == "mse" or self._kept is None:
            return self._moments.variance(), self._moments.seen
        self._kept.add(rows)
        return self._kept.prior_loss(judged.kind, judged.beta), self._moments.seen


def one_vector(values: Sequence[Tensor | float], device: torch.device) -> Tensor:
    """Return zero-dimensional values as one float32 vector on `device`, without waiting for it."""
    if device.type == "cpu":
        return torch.tensor([float(value) for value in values])
    return torch.stack(
        [
            # Filled over there: a number that is copied there has the host wait.
            value.reshape(()).float()
            if isinstance(value, Tensor)
            else torch.full((), value, device=device)
            for value in values
        ]
    )


def class_rows(tensor: Tensor, classes: int) -> Tensor:
    """Return values per class, which stand in dimension 1, as (rows, classes)."""
    if tensor.dim() == 2:
        return tensor
    if tensor.dim() == 1:
        return tensor.reshape(1, -1)
    return tensor.movedim(1, -1).reshape(-1, classes)


def strided_rows(rows: Tensor) -> Tensor:
    """Return rows of at most `PREDICTION_ELEMENTS` elements in all, evenly spread; 16 at least."""
    wanted = max(16, PREDICTION_ELEMENTS // max(1, rows.shape[1]))
    return rows if rows.shape[0] <= wanted else rows[:: rows.shape[0] // wanted][:wanted]


def _class_loss(judged: Judged, logp: Tensor) -> Tensor:
    weight = None if judged.weight is None else judged.weight.detach().float()
    if judged.kind == "nll":
        reduction = "sum" if judged.summed else "mean"
        return F.nll_loss(logp, judged.target, weight, None, judged.ignored, None, reduction)
    product = logp * judged.target.detach()
    if weight is not None:
        product = product * (weight if weight.dim() > 1 else _along_classes(weight, logp))
    total = -product.sum()
    return total if judged.summed else total / (logp.numel() // judged.classes)


def _along_classes(weight: Tensor, logp: Tensor) -> Tensor:
    return weight.reshape(-1, *(1 for _ in logp.shape[2:]))


def _value_loss(judged: Judged, prediction: Tensor, target: Tensor) -> Tensor:
    if judged.kind == "bce":
        same = prediction.shape == target.shape
        return F.binary_cross_entropy(prediction, target) if same else prediction.mean() * NAN
    if judged.kind == "bce_logits":
        return F.binary_cross_entropy_with_logits(prediction, target)
    gap = prediction - target
    if judged.kind == "mse":
        return gap.square().mean()
    if judged.kind == "l1":
        return gap.abs().mean()
    zero, beta = torch.zeros_like(gap), judged.beta
    smooth = F.smooth_l1_loss(gap, zero, beta=beta) if judged.kind == "smooth_l1" else None
    return F.huber_loss(gap, zero, delta=beta) if smooth is None else smooth


class CriterionHook:
    """A forward hook that keeps the last call of a criterion until its backward pass is read."""

    def __init__(self, criterion: nn.Module | None) -> None:
        self.wanted = False
        self._seen: tuple[nn.Module, Any, Any] | None = None
        self._handle: Any = None
        if criterion is not None:
            self._handle = criterion.register_forward_hook(InertHook(self._keep))

    def _keep(self, module: nn.Module, inputs: Any, output: Any) -> None:
        """Keep prediction and target, on sampled steps only."""
        if torch.compiler.is_compiling():
            return  # a graph that looked at `wanted` would be made anew whenever that changes
        if not self.wanted or FOREIGN.is_running:
            return
        if torch.is_grad_enabled() and not in_transform():
            self._seen = (module, inputs, output)

    def take(self) -> Judged | None:
        """Return and forget the last call, where the criterion is one whose arithmetic is known."""
        seen, self._seen = self._seen, None
        return None if seen is None else judged_by_module(*seen)

    def remove(self) -> None:
        """Leave the criterion as it was."""
        self._seen = None
        if self._handle is not None:
            self._handle.remove()
