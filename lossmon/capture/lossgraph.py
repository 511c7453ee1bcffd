"""What the criterion saw, read from the autograd graph before backward frees it.

Most criteria of torch leave a node that holds prediction and target, through scaling, penalties and
label smoothing; soft targets leave a pattern of few nodes, and l1_loss only a difference: see
`distances`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from lossmon.capture.graph import function_name, near_root
from lossmon.capture.judged import Judged, behind_views, function_of, is_stretched, shaped

_SUM = 2
"""ATen's number for reduction="sum"."""


def judged_in_graph(root: Tensor) -> Judged | None:
    """Return what the criterion behind `root` saw; None where none, or more than one, is found."""
    found = near_root(root, _criterion)
    if len(found) != 1:
        return None
    node, judged = found[0]
    if node is not root.grad_fn or root.numel() != 1:
        return judged
    return replace(judged, loss=root.detach())


def has_stretched_difference(root: Tensor) -> bool:
    """Return whether a hand-written loss compares all predictions of a batch with all targets.

    Means: n values of the one and n of the other make n * n differences or products, and no
    dimension was put in for it just before, as who compares all with all on purpose does.
    """
    return bool(near_root(root, _all_with_all, _ARITHMETIC))


def _criterion(node: Any) -> Judged | None:
    reader = _READERS.get(function_name(node))
    return None if reader is None else reader(node)


def _nll(node: Any) -> Judged:
    ignored = node._saved_ignore_index
    prediction = node._saved_self
    before, _ = behind_views(node.next_functions[0][0])
    normalises = before is not None and function_name(before) == "LogSoftmax"
    behind, result = function_of(before.next_functions[0][0] if normalises else before)
    return Judged(
        "nll",
        prediction,
        node._saved_target,
        getattr(node, "_saved_weight", None),
        # The binding shows the signed index as unsigned.
        ignored - (1 << 64) if ignored >= 1 << 63 else ignored,
        node._saved_reduction == _SUM,
        given=shaped(result, prediction) if normalises else prediction,
        behind=behind,
        normalises=normalises,
    )


def _pair(kind: str, beta: str = "") -> Callable[[Any], Judged]:
    """Return a reader of a node that holds prediction and target as they are."""

    def read(node: Any) -> Judged:
        prediction, target = node._saved_self, node._saved_target
        weight = getattr(node, "_saved_pos_weight", None)
        return Judged(
            kind,
            prediction,
            target,
            getattr(node, "_saved_weight", None) if weight is None else weight,
            summed=node._saved_reduction == _SUM,
            given=prediction,
            behind=function_of(node.next_functions[0][0])[0],
            normalises=kind == "bce_logits",
            beta=float(getattr(node, beta)) if beta else 1.0,
            stretched=is_stretched(prediction, target),
        )

    return read


def _soft(node: Any) -> Judged | None:
    """Read -sum(log_softmax(x) * target) from the product with the target, or with the weights."""
    factors, below = [node._saved_other], node.next_functions[0][0]
    if below is not None and function_name(below) == "Mul":
        factors.append(below._saved_other)
        below = below.next_functions[0][0]
    if below is None or function_name(below) != "LogSoftmax":
        return None
    logp = below._saved_result
    fitting = [f for f in factors if f is not None and f.shape == logp.shape]
    if len(fitting) != 1 or fitting[0].requires_grad:
        return None
    behind, result = function_of(below.next_functions[0][0])
    return Judged(
        "soft",
        logp,
        fitting[0],
        next((f for f in factors if f is not None and f is not fitting[0]), None),
        given=shaped(result, logp),
        behind=behind,
        normalises=True,
    )


def _all_with_all(node: Any) -> bool | None:
    """Return True for a difference or product of two tensors that were stretched to n * n."""
    name = function_name(node)
    if name not in ("Sub", "Rsub", "Mul", "Div"):
        return None
    ends = [(n, at) for n, at in node.next_functions if n]
    if any(_has_put_in(n) or function_name(n) == _LEAF for n, _ in ends):
        return None
    made = tuple(node._input_metadata[0].shape)
    operands = [_before_stretching(n, at) for n, at in ends]
    if name in ("Mul", "Div"):
        return _is_crossed_product(node, operands)
    if any(math.prod(shape) == math.prod(made) for shape in operands):
        return None
    pairs = math.prod(made)
    if any(math.prod(shape) ** 2 == pairs > 1 for shape in operands):
        return True
    # Of maps: (n, 1, h, w) less (n, h, w).
    return True if len(operands) == 1 and _meets_its_batch(operands[0], pairs) else None


def _meets_its_batch(shape: Sequence[int], pairs: int) -> bool:
    """Return whether a tensor was stretched by as much as it has examples."""
    return len(shape) > 2 and shape[0] > 1 and math.prod(shape) * shape[0] == pairs


def _is_crossed_product(node: Any, operands: Sequence[Sequence[int]]) -> bool | None:
    """Return True where each of n values is multiplied by n constants, labels as a rule."""
    if len(operands) != 1:
        return None
    factor = node._saved_other if node.next_functions[0][0] else getattr(node, "_saved_self", None)
    if not isinstance(factor, Tensor) or factor.requires_grad:
        return None
    size, made = math.prod(operands[0]), math.prod(node._input_metadata[0].shape)
    return True if made > size == factor.numel() > 1 else None


def _has_put_in(node: Any) -> bool:
    """Return whether a dimension was put in just before."""
    if function_name(node) == "Expand":
        node = node.next_functions[0][0]
    return node is not None and function_name(node) == "Unsqueeze"


def _before_stretching(node: Any, at: int) -> Sequence[int]:
    """Return the shape of what a node makes, or had when l1_loss came to stretch it."""
    if function_name(node) == "Expand":
        return tuple(node._saved_self_sym_sizes)
    return tuple(node._input_metadata[at].shape)


_READERS: dict[str, Callable[[Any], Judged | None]] = {
    "NllLoss": _nll,
    "NllLoss2D": _nll,
    "MseLoss": _pair("mse"),
    "SmoothL1Loss": _pair("smooth_l1", "_saved_beta"),
    "HuberLoss": _pair("huber", "_saved_delta"),
    "BinaryCrossEntropyWithLogits": _pair("bce_logits"),
    "BinaryCrossEntropy": _pair("bce"),
    "Mul": _soft,
}
_LEAF = "AccumulateGrad"
_ARITHMETIC = frozenset(
    {"Mean", "Sum", "Mul", "Div", "Add", "Sub", "Rsub", "Neg", "Sqrt", "Pow", "Abs", "Log", "Log1P",
     "Exp", "Cosh", "Where", "Maximum", "Minimum", "Clamp", "ClampMin", "Relu", "Softplus"}
)  # fmt: skip
"""What lies between a hand-written loss and its differences: not the layers of a model."""
