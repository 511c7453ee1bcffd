"""What a criterion saw: prediction, target and options, however it was found out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from torch import Tensor, nn

from lossmon.capture.graph import function_name

CLASSES = ("nll", "soft")
"""Kinds whose prediction is log-probabilities over classes."""
BINARY = ("bce", "bce_logits")
MAX_VIEWS = 16
"""Views that may lie between a function and the criterion."""
_RESHAPING = ("View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Alias", "Clone",
              "ToCopy")  # fmt: skip
_NAMES = {
    "soft": "cross_entropy",
    "bce": "binary_cross_entropy",
    "bce_logits": "binary_cross_entropy_with_logits",
}
_MOVING = ("Transpose", "Permute", "Slice", "Select", "Expand", "T")


@dataclass(frozen=True, slots=True)
class Judged:
    """Prediction and target as a criterion saw them."""

    kind: str
    """nll, soft, mse, l1, smooth_l1, huber, bce or bce_logits."""
    prediction: Tensor
    """For nll and soft: log-probabilities, classes in dimension 1."""
    target: Tensor
    """For nll class indices, for soft the share of each class."""
    weight: Tensor | None = None
    ignored: int = -100
    summed: bool = False
    loss: Tensor | None = None
    """The criterion's value, where it is at hand."""
    given: Tensor | None = None
    """What the criterion was given, in the shape of `prediction`; None where it is not at hand."""
    behind: str = ""
    """The function that made it, by the name of its node: softmax, sigmoid, relu, addmm, ..."""
    normalises: bool = False
    """Whether the criterion itself makes probabilities of what it is given."""
    beta: float = 1.0
    """Where smooth_l1 and huber turn from squares to distances."""
    stretched: bool = False
    """Whether prediction or target was stretched to the other's shape."""
    is_target_worked_out: bool = False
    """Whether the target is known to within rounding only: not the same in equal batches."""

    @property
    def name(self) -> str:
        """What the criterion is called in torch."""
        if self.kind == "nll":
            return "cross_entropy" if self.normalises else "nll_loss"
        return _NAMES.get(self.kind, f"{self.kind}_loss")

    @property
    def crossed(self) -> bool:
        """Whether all predictions are compared with all targets, though they are as many."""
        return self.stretched and is_crossed(self.prediction, self.target)

    @property
    def classes(self) -> int:
        """Number of classes, for `CLASSES`."""
        return self.prediction.shape[1 if self.prediction.dim() > 1 else 0]


def is_stretched(prediction: Tensor, target: Tensor) -> bool:
    """Return whether one was stretched to the other's shape: then no constant is a fair prior."""
    stretched = any(
        stride == 0 and size > 1
        for tensor in (prediction, target)
        for stride, size in zip(tensor.stride(), tensor.shape, strict=True)
    )
    return stretched or prediction.shape != target.shape


def is_crossed(prediction: Tensor, target: Tensor) -> bool:
    """Return whether each of n predictions meets several of n targets, and each target of them."""
    backwards = reversed(prediction.shape), reversed(target.shape)
    pairs = math.prod(max(sizes) for sizes in zip_longest(*backwards, fillvalue=1))
    return pairs > _distinct(prediction) == _distinct(target) > 1


def _distinct(tensor: Tensor) -> int:
    """Return the number of elements, those that were stretched counted once."""
    sizes = zip(tensor.stride(), tensor.shape, strict=True)
    return math.prod(size for stride, size in sizes if stride or size == 0)


def behind_views(node: Any) -> tuple[Any, bool]:
    """Return the first node from `node` on that is no view, and whether the order is the same."""
    ordered = True
    for _ in range(MAX_VIEWS):
        name = "" if node is None else function_name(node)
        if name not in _RESHAPING and name not in _MOVING:
            break
        ordered = ordered and name in _RESHAPING
        node = node.next_functions[0][0]
    return node, ordered


def function_of(node: Any) -> tuple[str, Tensor | None]:
    """Return the function behind a node of the graph, views passed over, and what it returned.

    The result only where the function keeps it, and as far as views leave its order alone.
    """
    node, ordered = behind_views(node)
    if node is None:
        return "", None
    result = getattr(node, "_saved_result", None) if ordered else None
    return function_name(node).lower(), result if isinstance(result, Tensor) else None


def shaped(result: Tensor | None, like: Tensor) -> Tensor | None:
    """Return `result` in the shape of `like`; None where it has other numbers of elements."""
    if result is None or result.numel() != like.numel():
        return None
    return result.detach().reshape(like.shape)


def judged_by_module(module: nn.Module, inputs: Any, output: Any) -> Judged | None:
    """Return what a call of `module` saw; None where its arithmetic is not known."""
    if len(inputs) != 2 or not all(isinstance(x, Tensor) for x in inputs):
        return None
    given, target = inputs
    behind = function_of(given.grad_fn)[0]
    if isinstance(module, nn.CrossEntropyLoss | nn.NLLLoss):
        return _over_classes(module, given, target, behind)
    kind = next((kind for kind, known in _MODULES if isinstance(module, known)), "")
    if not kind:
        return None
    weights = [getattr(module, name, None) for name in ("pos_weight", "weight")]
    return Judged(
        kind,
        given,
        target,
        next((w for w in weights if w is not None), None),
        summed=module.reduction == "sum",
        loss=_value(output),
        given=given,
        behind=behind,
        normalises=kind == "bce_logits",
        beta=float(getattr(module, "delta" if kind == "huber" else "beta", 1.0)),
        stretched=is_stretched(given, target),
    )


def _over_classes(
    module: nn.CrossEntropyLoss | nn.NLLLoss, given: Tensor, target: Tensor, behind: str
) -> Judged:
    softmax = isinstance(module, nn.CrossEntropyLoss)
    dim = 1 if given.dim() > 1 else 0
    kind = "soft" if target.is_floating_point() else "nll"
    smoothing = getattr(module, "label_smoothing", 0.0)
    if kind == "soft" and smoothing:
        target = target * (1 - smoothing) + smoothing / given.shape[dim]
    return Judged(
        kind,
        given.log_softmax(dim) if softmax else given,
        target,
        module.weight,
        module.ignore_index,
        module.reduction == "sum",
        given=given,
        behind=behind,
        normalises=softmax,
    )


def _value(output: Any) -> Tensor | None:
    known = isinstance(output, Tensor) and output.numel() == 1
    return output.detach() if known else None


_MODULES: tuple[tuple[str, type[nn.Module]], ...] = (
    ("mse", nn.MSELoss),
    ("l1", nn.L1Loss),
    ("smooth_l1", nn.SmoothL1Loss),
    ("huber", nn.HuberLoss),
    ("bce", nn.BCELoss),
    ("bce_logits", nn.BCEWithLogitsLoss),
)
