"""What stands at the root of the loss: read from the autograd graph before backward frees it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from torch import Tensor

from lossmon.capture.sharding import GATHERED

CRITERION_NODES = 400
"""A criterion stands near the root; an explicit penalty adds some five nodes a parameter beside."""
MAX_NODES = 200_000
T = TypeVar("T")


def near_root(
    root: Tensor, recognise: Callable[[Any], T | None], through: frozenset[str] | None = None
) -> list[tuple[Any, T]]:
    """Return the nodes of `root`'s graph that `recognise` knows, with what it says, nearest first.

    Does not look below a node that it found, nor below functions that are not among `through`,
    where that is given, nor at more than `CRITERION_NODES` nodes.
    """
    found: list[tuple[Any, T]] = []
    queue: deque[Any] = deque([root.grad_fn])
    seen: set[Any] = set()
    while queue and len(seen) < CRITERION_NODES:
        node = queue.popleft()
        if node is None or node in seen:
            continue
        seen.add(node)
        known = recognise(node)
        if known is not None:
            found.append((node, known))
        elif through is None or function_name(node) in through:
            queue.extend(parent for parent, _ in node.next_functions)
    return found


def function_name(node: Any) -> str:
    """Return `Softmax` for a node that is called SoftmaxBackward0."""
    return _function(node.name())


@lru_cache(maxsize=4096)
def _function(name: str) -> str:
    return name.rpartition("::")[2].rstrip("0123456789").removesuffix("Backward")


def leaves(root: Tensor) -> Iterator[Tensor]:
    """Yield the leaf tensors that `root` depends on, nearest to the root first.

    Of a parameter that was gathered for the pass, the one it was gathered from.
    """
    if root.grad_fn is None:
        if root.requires_grad:
            yield root
        return
    queue: deque[Any] = deque([root.grad_fn])
    seen: set[Any] = {root.grad_fn}
    while queue and len(seen) < MAX_NODES:
        node = queue.popleft()
        variable = getattr(node, "variable", None)
        if variable is not None:
            yield GATHERED.sharded(variable)
        for parent, _ in node.next_functions:
            if parent is not None and parent not in seen:
                seen.add(parent)
                queue.append(parent)
