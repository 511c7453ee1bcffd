"""The first forward pass of a model: in which order its layers run, and what feeds which."""

from __future__ import annotations

import weakref
from collections.abc import Container, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from lossmon.capture.between import Ends, Graph, activation_behind, number_of, sources
from lossmon.capture.distant import (
    DISTANT,
    FUNCTIONS_INSIDE,
    distant_function,
    functions_inside,
)
from lossmon.capture.functional import functional_settings
from lossmon.capture.functions import FUNCTIONS, of_module, of_node
from lossmon.capture.layers import Layer
from lossmon.capture.layersettings import settings_of
from lossmon.records import LayerInfo

SCALE = "scale"
"""Setting of a layer whose output is multiplied by a number before the function behind it."""
_PLAIN = (Tensor, nn.Parameter)
"""Others stand for tensors that are elsewhere, or not there at all."""
_LAST = (nn.Linear, nn.LayerNorm, nn.Embedding, nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention)
_SECOND = (_NormBase, nn.GroupNorm)


def first_tensor(value: Any, depth: int = 2) -> Tensor | None:
    """Return the first tensor of real numbers in what a module takes or returns."""
    if type(value) in _PLAIN:
        readable = value.is_floating_point() and not (value.is_sparse or value.is_nested)
        return value if readable and not value.is_meta and value.numel() else None
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list) and depth:
        found = (first_tensor(item, depth - 1) for item in value)
        return next((tensor for tensor in found if tensor is not None), None)
    return None


class Survey:
    """Notes the calls of one forward pass."""

    def __init__(self) -> None:
        self.order: list[int] = []
        """Layers by number, in the order of their first call."""
        self.calls: dict[int, int] = {}
        """How often each was called."""
        self.ends: dict[int, Ends] = {}
        self._functions: dict[int, str] = {}
        self._settings: dict[int, dict[str, float]] = {}
        self._outputs: dict[int, tuple[weakref.ref[Tensor], int, int]] = {}

    def note(self, number: int, module: nn.Module, inputs: Any, output: Tensor | None) -> None:
        """Note a call of layer `number`."""
        if number not in self.calls:
            self.order.append(number)
        self.calls[number] = self.calls.get(number, 0) + 1
        node = None if output is None else output.grad_fn
        made_by = None if node is None else number_of(node)
        feeding = [x.grad_fn for x in inputs if isinstance(x, Tensor) and x.grad_fn is not None]
        numbers = [number_of(before) for before in feeding]
        found = tuple(n for n in numbers if n is not None)
        self.ends[number] = Ends(made_by, found)
        name = "" if node is None else of_node(node)
        self._functions[number] = name if name in FUNCTIONS else of_module(module)
        self._settings[number] = settings_of(module, output)
        if output is not None:
            self._outputs[id(output)] = weakref.ref(output), output._version, number

    def keep(self, numbers: Container[int]) -> None:
        """Forget the calls of other layers."""
        self.order = [number for number in self.order if number in numbers]
        self.calls = {n: count for n, count in self.calls.items() if n in numbers}

    def source(self, tensor: Tensor | None, *, overwritten: bool) -> int | None:
        """Return the layer whose output `tensor` is, unchanged since; None where it is none's.

        `overwritten`: by the layer that it has just gone into.
        """
        reference, version, number = self._outputs.get(id(tensor), (None, 0, -1))
        if tensor is None or reference is None or reference() is not tensor:
            return None
        return number if overwritten or tensor._version == version else None

    def infos(
        self,
        layers: Mapping[int, Layer],
        order: Sequence[int],
        units: dict[int, tuple[int, int]],
        graph: Graph,
    ) -> tuple[LayerInfo, ...]:
        """Return the metadata of the layers in `order`; `units`: how many there are, and seen."""
        ends = [self.ends.get(number, Ends()) for number in order]
        return tuple(
            self._info(layers[number], number, (row, ends), units.get(number, (0, 0)), graph)
            for row, number in enumerate(order)
        )

    def function(self, number: int) -> str:
        """Return the function that a layer is; "" for one that is none."""
        return self._functions.get(number, "")

    def _info(
        self,
        layer: Layer,
        number: int,
        place: tuple[int, Sequence[Ends]],
        units: tuple[int, int],
        graph: Graph,
    ) -> LayerInfo:
        row, ends = place
        module = layer.module()
        own = self.function(number)
        feeding, between = sources(graph, ends, row)
        behind, scale = activation_behind(graph, ends[row].output)
        settings = self._settings.get(number, {})
        if not own and scale != 1:
            settings = {**settings, SCALE: scale}
        others = {end.output for end in ends if end.output is not None}
        settings = {**functional_settings(graph, ends[row].output, others), **settings}
        if not own and not behind:
            inside = _inside(module, graph, ends[row].output, others)
            far = None if inside else distant_function(graph, ends[row].output, others)
            if inside:
                settings = {**settings, FUNCTIONS_INSIDE: float(len(inside))}
            elif far is not None:
                behind, settings = of_node(far), {**settings, DISTANT: 1.0}
        return LayerInfo(
            name=layer.name,
            kind="" if module is None else type(getattr(module, "_orig_mod", module)).__name__,
            activation=own or behind,
            is_activation=bool(own),
            sources=tuple(feeding),
            between=tuple(between),
            units=units[0],
            sampled_units=units[1],
            settings=settings,
        )


def _inside(
    module: nn.Module | None, graph: Graph, output: int | None, others: Container[int]
) -> list[Any]:
    """Return the functions with ends inside a layer that somebody has written of parameters."""
    if module is None or not module._parameters or type(module).__module__.startswith("torch."):
        return []
    return functions_inside(graph, output, others)


def unit_dim(module: nn.Module, dims: int, before: int | None) -> int:
    """Return which dimension of a layer's output counts its units.

    `before` is the same of the layer that feeds it, where it is known and has as many dimensions:
    functions, dropout and pooling keep it.
    """
    if isinstance(module, _ConvNd):
        return dims - len(module.kernel_size) - 1
    if isinstance(module, _SECOND):
        return min(1, dims - 1)
    if isinstance(module, nn.Softmax) and module.dim is not None:
        return module.dim
    if isinstance(module, _LAST):
        return dims - 1
    if before is not None:
        return before
    return 1 if dims == 4 else dims - 1
