"""A mean of squares or distances that the loop wrote itself, or `l1_loss`, read from the graph.

Such a loss keeps only the difference of prediction and target. Where the prediction comes straight
from a linear layer, or from a function that keeps its result, it is worked out again, and the
target from it, to within rounding.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from lossmon.capture.graph import function_name, near_root
from lossmon.capture.judged import Judged, behind_views

MAX_PRODUCTS = 1 << 22
"""A last layer that takes more multiplications is not worked out again: 1 ms on one core."""
_IN_ORDER = ("View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Select", "Slice")
"""Views that leave the order alone where they leave the number of elements."""
_MAX_VIEWS = 8


def distance_in_graph(root: Tensor) -> Judged | None:
    """Return what the only mean distance behind `root` saw; None where there is no such thing."""
    found = near_root(root, _mean_distance)
    return found[0][1] if len(found) == 1 else None


def _mean_distance(node: Any) -> Judged | None:
    """Read mean(|p - t|), mean((p - t) ** 2) or mean((p - t) * (p - t)), over all elements."""
    if not node.name().endswith("MeanBackward0"):
        return None
    below = node.next_functions[0][0]
    kind = "" if below is None else _kind(below)
    difference = below.next_functions[0][0] if kind else None
    if difference is None or function_name(difference) != "Sub":
        return None
    gap = below._saved_self.detach()
    operands = [at for at, (operand, _) in enumerate(difference.next_functions) if operand]
    if len(operands) != 1 or not gap.is_floating_point():
        return None
    made = difference.next_functions[operands[0]][0]
    prediction = _worked_out(made)
    if prediction is None or prediction.numel() != gap.numel():
        return None
    prediction = prediction.detach().reshape(gap.shape)
    target = prediction - gap if operands[0] == 0 else gap + prediction
    behind = function_name(behind_views(made)[0]).lower()
    return Judged(
        kind, prediction, target, given=prediction, behind=behind, is_target_worked_out=True
    )


def _kind(node: Any) -> str:
    name = function_name(node)
    if name == "Abs":
        return "l1"
    if name == "Pow" and getattr(node, "_saved_exponent", None) == 2:
        return "mse"
    same = name == "Mul" and len({parent for parent, _ in node.next_functions}) == 1
    return "mse" if same else ""


def _worked_out(node: Any) -> Tensor | None:
    """Return the result of the function at `node`, behind views that keep its order."""
    for _ in range(_MAX_VIEWS):
        if function_name(node) not in _IN_ORDER:
            break
        node = node.next_functions[0][0]
        if node is None:
            return None
    if function_name(node) == "Addmm":
        return _linear(node)
    result = getattr(node, "_saved_result", None)
    return result if isinstance(result, Tensor) else None


def _linear(node: Any) -> Tensor | None:
    given, weight = node._saved_mat1, node._saved_mat2
    bias = getattr(node.next_functions[0][0], "variable", None)
    if given is None or weight is None or bias is None:
        return None
    if node._saved_alpha != 1 or node._saved_beta != 1:
        return None
    if given.shape[0] * weight.numel() > MAX_PRODUCTS:
        return None
    result: Tensor = given.detach() @ weight.detach() + bias.detach()
    return result
