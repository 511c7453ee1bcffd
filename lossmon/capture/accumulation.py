"""What the losses of a step's backward passes make together, where gradients are accumulated.

Every pass adds its gradients, so loops and frameworks divide each loss first: by the number of
passes, or by the number of targets in all of them. What `backward()` is called on is then a part of
the step's loss. That is told by the function at the root of the graph, held against the passes that
there were; a division by anything else is the loop's own business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from lossmon.capture.graph import function_name

DIVISIONS = 4
"""One upon the other that are looked at: Accelerate divides what transformers has divided."""
_SUM = 2
"""ATen's number for reduction="sum"."""
Divisor = Tensor | float
Loss = Tensor | float


class Accumulation:
    """Looks at the root of every backward pass, and says at the step what their losses make."""

    def __init__(self) -> None:
        self.adds_up = False
        """Whether it is known from elsewhere that the losses of a step add up to its own."""
        self._passes = 0
        self._divisor: Divisor | None = None
        self._is_one = True
        self._divides_by: float | None = None
        """Number of passes that losses were divided by before: the last step may have fewer."""
        self._last_count: Tensor | None = None

    def look(self, root: Tensor, loss: Tensor | None) -> None:
        """Look at one more pass; `root` is not its `loss` where a GradScaler scaled that."""
        found = _divisor(root.grad_fn, is_scaled=root is not loss)
        self._is_one = self._is_one and (not self._passes or _alike(found, self._divisor))
        self._divisor = found
        self._passes += 1

    def whole(self, losses: Sequence[Loss | None], passes: int) -> list[Loss]:
        """Return what is known of the losses, so that their mean is the loss of the step.

        `passes` are those that the step came after.
        """
        factor = self._factor(passes)
        self._passes, self._divisor, self._is_one = 0, None, True
        known = [loss for loss in losses if loss is not None]
        return known if factor == 1 else [loss * factor for loss in known]

    def _factor(self, passes: int) -> float:
        divisor = self._divisor if self._is_one else None
        if self.adds_up:
            return passes
        if isinstance(divisor, Tensor):
            # A count that the next step still divides by is a constant, and none of its targets.
            is_new = divisor is not self._last_count
            self._last_count = divisor
            return passes if is_new and self._passes == passes else 1
        if divisor is not None and divisor == passes > 1:
            self._divides_by = divisor
        return divisor if divisor is not None and divisor == self._divides_by else 1


def _divisor(node: Any, *, is_scaled: bool) -> Divisor | None:
    """Return what a loss was divided by at last: a number, or a count of targets in a tensor."""
    if is_scaled and node is not None:
        node = node.next_functions[0][0]
    product = 1.0
    for _ in range(DIVISIONS):
        if node is None or function_name(node) not in ("Div", "Mul"):
            break
        is_quotient, other = function_name(node) == "Div", node._saved_other
        node = node.next_functions[0][0]
        if not isinstance(other, Tensor) or other.numel() != 1:
            break
        if is_quotient and getattr(node, "_saved_reduction", None) == _SUM:
            return other
        if not other.is_cpu:
            break
        # A number of the loop's own is in host memory, wherever the loss is.
        value = float(other)
        product *= value if is_quotient else 1 / value if value else math.nan
    return round(product, 6)


def _alike(one: Divisor | None, other: Divisor | None) -> bool:
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return one is other
    return one == other
