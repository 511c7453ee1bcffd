"""What stands at the root of the loss: read from the autograd graph before backward frees it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from lossmon.capture.sharding import GATHERED

CRITERION_NODES = 400
"""A criterion stands near the root; an explicit penalty adds some five nodes a parameter beside."""
MAX_NODES = 200_000


def criterion_nodes(root: Tensor, names: tuple[str, ...]) -> list[Any]:
    """Return the nodes of `root`'s graph whose name begins with one of `names`, nearest first.

    Does not look below a node that it found, nor at more than `CRITERION_NODES` nodes.
    """
    found: list[Any] = []
    queue: deque[Any] = deque([root.grad_fn])
    seen: set[Any] = set()
    while queue and len(seen) < CRITERION_NODES:
        node = queue.popleft()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.name().startswith(names):
            found.append(node)
        else:
            queue.extend(parent for parent, _ in node.next_functions)
    return found


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
