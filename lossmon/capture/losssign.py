"""Whether a loss is at most 0 by its making: minus an error, or the logarithm of a probability.

Told by the functions at the root of its graph and the signs between them. A loss of which one part
is not known, or has the other sign, is not called so.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from torch import Tensor

from lossmon.capture.graph import function_name

MAX_NODES = 60
"""Nodes between a hand-written loss and its terms, at most."""
MAX_FACTORS = 1 << 14
"""Factors whose signs are looked at, and only those that lie with the host: it need not wait."""
_KEEPING = frozenset(
    {"Mean", "Sum", "View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Clone", "ToCopy",
     "Gather", "Index", "Select", "Transpose", "Permute", "T", "Expand", "Where", "Diagonal",
     "Slice", "MaskedSelect"}
)  # fmt: skip
_AT_LEAST_0 = frozenset(
    {"Abs", "Relu", "Softplus", "Sqrt", "Norm", "LinalgVectorNorm", "MseLoss", "SmoothL1Loss",
     "HuberLoss", "SoftMarginLoss", "BinaryCrossEntropy", "BinaryCrossEntropyWithLogits",
     "CtcLoss", "CdistForward", "EuclideanDist", "MultiMarginLoss", "MultilabelMarginLoss"}
)  # fmt: skip
_AT_MOST_0 = frozenset({"LogSigmoid", "LogSoftmax"})
_PROBABILITIES = frozenset({"Sigmoid", "Softmax"})
_NEAR_THEM = _KEEPING | {"Clamp", "ClampMin", "ClampMax", "Add", "Sub", "Rsub"}
"""What is done to a probability before its logarithm is taken: it stays one, or nearly."""


def at_most_0(root: Tensor) -> str:
    """Return the function whose value the loss lowers without end; "" where it is not known to."""
    queue: deque[tuple[Any, int]] = deque([(root.grad_fn, 1)])
    terms: list[tuple[int, str]] = []
    for _ in range(MAX_NODES):
        if not queue:
            break
        node, sign = queue.popleft()
        own = _range(node)
        if own:
            terms.append((sign * own, function_name(node)))
            continue
        below = _below(node, sign)
        if not below:
            return ""
        queue.extend(below)
    known = bool(terms) and not queue
    return terms[0][1].lower() if known and all(sign < 0 for sign, _ in terms) else ""


def _range(node: Any) -> int:
    """Return 1 for a function that is at least 0, -1 for one that is at most 0, else 0."""
    name = function_name(node)
    if name in _AT_LEAST_0:
        return 1
    if name in _AT_MOST_0:
        return -1
    if name in ("Sub", "Rsub"):
        return int(_is_less_a_cosine(node))
    if name == "Pow":
        return int(float(node._saved_exponent) % 2 == 0)
    if name in ("Clamp", "ClampMin"):
        low = node._saved_min
        return int(isinstance(low, int | float) and low >= 0)
    return _range_of_logarithm(node) if name == "Log" else 0


def _is_less_a_cosine(node: Any) -> bool:
    """Return whether a node takes a cosine of two vectors from a number, 1 as a rule."""
    ends = [n for n, _ in node.next_functions]
    whole = ends[-1] if function_name(node) == "Sub" else ends[0]
    if whole is None or sum(end is not None for end in ends) != 1:
        return False
    inner = [function_name(n) for n, _ in whole.next_functions if n is not None]
    if function_name(whole) == "Div":
        return inner == ["Sum", "Sqrt"]
    product = whole.next_functions[0][0] if inner == ["Mul"] else None
    factors = [n for n, _ in product.next_functions if n is not None] if product else []
    return function_name(whole) == "Sum" and [function_name(n) for n in factors] == ["Div", "Div"]


def _range_of_logarithm(node: Any) -> int:
    """Return -1 for a probability's, 1 for log(cosh), else 0."""
    for _ in range(MAX_NODES):
        node = next((n for n, _ in node.next_functions if n is not None), None)
        if node is None or function_name(node) not in _NEAR_THEM:
            break
    below = "" if node is None else function_name(node)
    return int(below == "Cosh") - int(below in _PROBABILITIES)


def _below(node: Any, sign: int) -> list[tuple[Any, int]]:
    """Return what a node is made of that needs gradients, and its signs; [] where not known."""
    name = function_name(node)
    ends = [n for n, _ in node.next_functions]
    if name in _KEEPING and ends:
        signs = [sign] * len(ends)
    elif name == "Neg":
        signs = [-sign]
    elif name in ("Add", "Sub", "Rsub"):
        second = 1 if name == "Add" else -1
        turned = [sign, second * sign]
        signs = turned[::-1] if name == "Rsub" else turned
    elif name in ("Mul", "Div"):
        factor = _sign_of_factor(node, ends)
        signs = [sign * factor] * len(ends) if factor else []
    else:
        signs = []
    return [(n, s) for n, s in zip(ends, signs, strict=False) if n is not None]


def _sign_of_factor(node: Any, ends: list[Any]) -> int:
    """Return the sign of what a product has beside the one that needs gradients; 0 unknown."""
    if sum(end is not None for end in ends) != 1:
        return 0
    factor = node._saved_other if ends[0] is not None else node._saved_self
    if not isinstance(factor, Tensor) or not factor.is_cpu or factor.numel() > MAX_FACTORS:
        return 0
    low, high = factor.detach().aminmax()
    return 1 if low >= 0 < high else -1 if high <= 0 > low else 0
