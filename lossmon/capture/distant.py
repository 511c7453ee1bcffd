"""Functions with ends that come after a sum: the tanh of what two layers make together.

And those inside a layer that somebody has written: the gates of a cell of bare parameters.

The elements kept of a layer's output do not tell whether such a function is pinned. Its node in the
graph keeps what it returned, so that is looked at, on few of the passes: the whole graph is walked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Sequence
from typing import Any

import torch
from torch import Tensor

from lossmon.capture.between import Graph, parents
from lossmon.capture.functions import FUNCTIONS, of_node

DISTANT = "distant"
"""Setting of a layer whose activation function comes after a sum or product with others."""
FUNCTIONS_INSIDE = "functions"
"""Setting of a layer of the script's own: how many such functions it was seen to go through."""
ENDED = ("tanh", "sigmoid")
"""They keep their result."""
EVERY = 8
"""One pass of so many has its graph walked: about 1 us a node."""
CLOSE = 32
"""Passes of the beginning; those after it are few, and each has its graph walked."""
MAX_NODES = 24
ELEMENTS = 4096


def distant_function(graph: Graph, output: int | None, others: Container[int]) -> Any:
    """Return the node of the first such function that an output reaches; None for none.

    Not through other functions, nor through the nodes in `others`, which made layers' outputs.
    """
    queue = deque(graph.users.get(output, ())) if output is not None else deque()
    seen: set[int] = set()
    while queue and len(seen) < MAX_NODES:
        number = queue.popleft()
        if number in seen or number in others or number not in graph.nodes:
            continue
        seen.add(number)
        name = of_node(graph.nodes[number])
        if name in ENDED:
            return graph.nodes[number]
        if name not in FUNCTIONS:
            queue.extend(graph.users.get(number, ()))
    return None


def functions_inside(graph: Graph, output: int | None, others: Container[int]) -> list[Any]:
    """Return the nodes of such functions that lead to an output, the nearest ones.

    Not the one that made it, nor any before the nodes in `others`, which made layers' outputs.
    """
    found: list[Any] = []
    queue = deque([] if output not in graph.nodes else parents(graph.nodes[output]))
    seen: set[int] = set()
    while queue and len(seen) < MAX_NODES:
        number = queue.popleft()
        if number in seen or number in others or number not in graph.nodes:
            continue
        seen.add(number)
        node = graph.nodes[number]
        if of_node(node) in ENDED:
            found.append(node)
        queue.extend(parents(node))
    return found


def pinned_share_of(nodes: Sequence[Any]) -> Tensor | None:
    """Return the mean of `pinned_share` over nodes, shape (1,)."""
    shares = [share for node in nodes if (share := pinned_share(node)) is not None]
    return torch.stack(shares).mean(0) if shares else None


def pinned_share(node: Any) -> Tensor | None:
    """Return the share of what a function returned that lies beyond its ends, shape (1,)."""
    result = getattr(node, "_saved_result", None)
    if not isinstance(result, Tensor) or not result.numel():
        return None
    flat = result.detach().reshape(-1)
    flat = flat[:: max(1, flat.numel() // ELEMENTS)].float()
    low, high = FUNCTIONS[of_node(node)].limits(of_output=True)
    return ((flat <= low) | (flat >= high)).to(torch.float32).mean().reshape(1)
