"""What stands between layers: read from the autograd graph of a step, before backward frees it.

Nodes are told by their sequence number, so that no layer's node need be held, nor its memory.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from lossmon.capture.functions import FUNCTIONS, of_node

MAX_NODES = 20_000
"""A larger graph is not looked at: the walk costs about 1 us a node."""
MAX_BETWEEN = 400
"""Nodes looked at between a layer and those before it."""

RESHAPES = frozenset(
    ("view", "unsafeview", "reshapealias", "transpose", "permute", "t", "clone", "tocopy", "alias",
     "squeeze", "unsqueeze", "expand", "slice", "select", "split", "unbind"),
)  # fmt: skip
"""Operations that leave the numbers as they are."""
MIXES = frozenset(("mm", "bmm"))
SCALES = frozenset(("mul", "div"))
BY_CONSTANT = "byconstant"
"""Ends the name of a product of which one side needs no gradient: links of a graph, counts, masks.

Of an elementwise one only where the other side has one number for all features.
"""


@dataclass(slots=True)
class Ends:
    """Where a layer's call lies in the graph."""

    output: int | None = None
    """Number of the node that made its output; None where it needs no gradient."""
    inputs: tuple[int, ...] = ()
    """Of the nodes that made its inputs, as they were when it had ended: the same as `output` where
    it has overwritten one."""


@dataclass(slots=True)
class Graph:
    """The nodes behind a loss."""

    nodes: dict[int, Any] = field(default_factory=dict)
    users: dict[int, list[int]] = field(default_factory=dict)
    is_compiled: bool = False
    """Whether part of it is a compiled graph."""
    has_checkpoints: bool = False
    """Whether part of it is run again in the backward pass, and was run without gradients."""


def number_of(node: Any) -> int | None:
    """Return the number of a node, the same whenever it is asked; None for a leaf's."""
    number: int = node._sequence_nr()
    # A leaf's accumulator has the largest number there is.
    return number if number < 1 << 62 else None


def graph_behind(roots: Iterable[Tensor]) -> Graph:
    """Return the nodes behind `roots`; an empty graph where there are too many."""
    graph = Graph()
    queue = deque(root.grad_fn for root in roots)
    while queue:
        node = queue.popleft()
        number = None if node is None else number_of(node)
        if node is None or number is None or number in graph.nodes:
            continue
        if len(graph.nodes) >= MAX_NODES:
            return Graph()
        graph.nodes[number] = node
        name = node.name()
        graph.is_compiled |= "CompiledFunction" in name
        graph.has_checkpoints |= "CheckpointFunction" in name
        for parent, _ in node.next_functions:
            above = None if parent is None else number_of(parent)
            if above is not None:
                graph.users.setdefault(above, []).append(number)
                queue.append(parent)
    return graph


def activation_behind(graph: Graph, output: int | None) -> tuple[str, float]:
    """Return the function that the output of a node goes into, and the factor before it.

    Reshaped or not, multiplied by a number or not; "" and 1 for none.
    """
    queue = deque((number, 1.0) for number in graph.users.get(output, ())) if output else deque()
    seen: set[int] = set()
    while queue and len(seen) < MAX_BETWEEN:
        number, scale = queue.popleft()
        if number in seen:
            continue
        seen.add(number)
        name = of_node(graph.nodes[number])
        if name in FUNCTIONS:
            return name, scale
        factor = 1.0 if name in RESHAPES else _factor(name, graph.nodes[number])
        if factor > 0:
            queue.extend((user, factor * scale) for user in graph.users.get(number, ()))
    return "", 1.0


def _factor(name: str, node: Any) -> float:
    """Return the number that a node multiplies by; 0 where it does anything else."""
    number = getattr(node, "_saved_other", None) if name in ("mul", "div") else None
    # A number of the script is a tensor without dimensions, in host memory.
    if number is None or number.dim() or number.device.type != "cpu" or number.requires_grad:
        return 0.0
    value = float(number)
    if not math.isfinite(value) or value <= 0:
        return 0.0
    return value if name == "mul" else 1 / value


def sources(graph: Graph, ends: Sequence[Ends], at: int) -> tuple[list[int], list[str]]:
    """Return which of the layers reach the input of layer `at`, and through which functions."""
    layers = {end.output: row for row, end in enumerate(ends) if end.output is not None}
    found: list[int] = []
    names: list[str] = []
    own = ends[at].output
    queue: deque[int] = deque()
    for number in ends[at].inputs:
        if number != own:
            queue.append(number)
        elif number in graph.nodes:
            queue.extend(parents(graph.nodes[number]))
    seen: set[int] = set()
    while queue and len(seen) < MAX_BETWEEN:
        number = queue.popleft()
        if number in seen or number not in graph.nodes:
            continue
        seen.add(number)
        if number in layers:
            found.append(layers[number])
            continue
        name = _product(graph.nodes[number]) or of_node(graph.nodes[number])
        if name not in RESHAPES and name not in names:
            names.append(name)
        queue.extend(parents(graph.nodes[number]))
    return found, names


def _product(node: Any) -> str:
    """Return the name of a product with something that needs no gradient; "" for anything else."""
    name = of_node(node)
    if name not in MIXES | SCALES or sum(p is not None for p, _ in node.next_functions) != 1:
        return ""
    if name in SCALES:
        left = node.next_functions[0][0] is not None
        other = getattr(node, "_saved_other" if left else "_saved_self", None)
        if other is None or (other.dim() and other.shape[-1] != 1):
            return ""
    return name + BY_CONSTANT


def parents(node: Any) -> list[int]:
    """Return the numbers of the nodes whose results a node has used."""
    parents = (parent for parent, _ in node.next_functions)
    return [n for p in parents if p is not None and (n := number_of(p)) is not None]
