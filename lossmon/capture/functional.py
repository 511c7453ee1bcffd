"""What functions do that a module would tell of: functional dropout, functional batch norm.

Read from the graph behind a layer's output, in a survey only. A factor counts as dropout where it
is 0 at most places and one number at all others, differs from example to example, and what is left
is scaled up by as much as was dropped: no padding, pruning or sparsity does that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container

from torch import Tensor

from lossmon.capture.between import RESHAPES, Graph
from lossmon.capture.functions import FUNCTIONS, of_node

MAX_NODES = 40
"""Nodes behind one output that are looked at."""
ELEMENTS = 4096
"""Factors whose values are looked at: some rows of them."""
ERRORS = 5.0
"""Standard errors by which the share of zeros may miss what the scale says: surely by chance."""


def functional_settings(
    graph: Graph, output: int | None, others: Container[int]
) -> dict[str, float]:
    """Return `p` and `values` of what the output of a node goes into, as a module's settings are.

    Looks through activation functions and reshaping, and not beyond the nodes in `others`, which
    made other layers' outputs.
    """
    found: dict[str, float] = {}
    queue = deque(graph.users.get(output, ())) if output is not None else deque()
    seen: set[int] = set()
    while queue and len(seen) < MAX_NODES:
        number = queue.popleft()
        if number in seen or number in others:
            continue
        seen.add(number)
        node = graph.nodes[number]
        name = of_node(node)
        if name in _READERS:
            found = {**_READERS[name](graph, number), **found}
        if name in RESHAPES or name in FUNCTIONS or name == "nativebatchnorm":
            queue.extend(graph.users.get(number, ()))
    return found


def _native_dropout(graph: Graph, number: int) -> dict[str, float]:
    p = getattr(graph.nodes[number], "_saved_p", None)
    return {"p": float(p)} if isinstance(p, int | float) and 0 < p < 1 else {}


def _batch_norm(graph: Graph, number: int) -> dict[str, float]:
    node = graph.nodes[number]
    if not node._saved_training or node._saved_input is None:
        return {}
    sizes = node._saved_input.shape
    return {"values": sizes.numel() / max(1, sizes[1])}


def _dropout(graph: Graph, number: int) -> dict[str, float]:
    """Return the share that a product drops, by the scale of what it keeps; {} for others."""
    node = graph.nodes[number]
    factors = [f for f in (node._saved_other, node._saved_self) if isinstance(f, Tensor)]
    if len(factors) != 1 or not factors[0].is_cpu or factors[0].dim() < 2:
        return {}
    rows = factors[0].detach().flatten(1)
    if len(rows) < 2 or rows.shape[1] < 2:
        return {}
    rows = rows[: max(2, ELEMENTS // rows.shape[1])].float()
    kept = float(rows.amax())
    if not kept > 0 or not bool(((rows == 0) | (rows == kept)).all()):
        return {}
    if bool((rows == rows[0]).all()):
        return {}
    scale = kept * _scale_after(graph, number)
    p = 1 - 1 / scale if scale > 1 else 0.0
    missed = abs(float((rows == 0).float().mean()) - p)
    return {"p": p} if missed < ERRORS * (p * (1 - p) / rows.numel()) ** 0.5 else {}


def _scale_after(graph: Graph, number: int) -> float:
    """Return the number that the product is multiplied by next; 1 for none."""
    for user in graph.users.get(number, ()):
        node = graph.nodes[user]
        name = of_node(node)
        factor = getattr(node, "_saved_other", None) if name in ("mul", "div") else None
        if isinstance(factor, Tensor) and factor.is_cpu and not factor.dim():
            value = float(factor)
            return 1.0 if value <= 0 else value if name == "mul" else 1 / value
    return 1.0


_READERS = {"mul": _dropout, "nativedropout": _native_dropout, "nativebatchnorm": _batch_norm}
