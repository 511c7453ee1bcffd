"""The layers of a model as they run: where each one's output is kept, and what feeds it.

The first pass is a survey: it tells the order and, with the graph behind the loss, what follows
each layer. A layer that runs for the first time later has the next pass surveyed anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from lossmon.capture.between import Graph, graph_behind, number_of
from lossmon.capture.boards import COLUMNS, Boards, Floats, blank
from lossmon.capture.cuts import INPUT_ELEMENTS, OUTPUT_ELEMENTS, Share, share_of
from lossmon.capture.distant import (
    CLOSE,
    DISTANT,
    EVERY,
    FUNCTIONS_INSIDE,
    distant_function,
    functions_inside,
    pinned_share_of,
)
from lossmon.capture.layers import Layer
from lossmon.capture.recurrent import Gates, gates_of
from lossmon.capture.slots import MISSES, Slot, new_slot
from lossmon.capture.survey import SCALE, Survey, first_tensor, unit_dim
from lossmon.capture.transfer import Transfer
from lossmon.layersignals import SATURATED_SHARE
from lossmon.records import LayerInfo

SURVEYS = 8
"""Passes that are surveyed at most: a new order of layers begins a new file of the log."""


@dataclass(slots=True)
class Call:
    """Where what one layer takes and returns is kept."""

    output: Slot | None
    input: Slot | None = None
    source: int | None = None
    """Number of the layer whose output is its input."""
    spare: tuple[Share, torch.device] | None = None
    """What is read of its input where that output is not to be had."""
    has_gates: bool = False
    """Whether it has gates that are not layers."""


class Roster:
    """Keeps what layers put out until it is measured."""

    def __init__(self, layers: Mapping[int, Layer]) -> None:
        """`layers` by `id` of the module, which is their number."""
        self._layers = layers
        self._calls: dict[int, Call] = {}
        self._boards: Boards | None = None
        self._survey: Survey | None = Survey()
        self._surveys = 0
        self._grown = False
        self._passes = 0
        self._made: dict[int, int | None] = {}
        """Number of the node that made each layer's newest output."""
        self._distant: dict[int, int] = {}
        """Rows of the layers whose activation functions are found in the graph alone."""
        self._gates = Gates()
        self._places: dict[int, int] = {}
        """Rows of the layers that have run in a surveyed pass."""
        self._order: list[int] = []
        self.infos: tuple[LayerInfo, ...] = ()
        """What is known of the layers, in the order of the table's rows."""
        self.has_checkpoints = False
        """Whether parts of the model are run without gradients, to be run again backward."""
        self.has_run = False
        """Whether any layer has run since the last `measure`."""

    def see(self, number: int, module: nn.Module, inputs: Any, output: Any) -> None:
        """Keep the sampled elements of what layer `number` has taken and returned."""
        self.has_run = True
        result = first_tensor(output)
        call = self._calls.get(number)
        if call is None or (call.output is not None and call.output.misses >= MISSES):
            call = self._calls[number] = self._call(number, module, first_tensor(inputs), result)
            self._grown = True
        if self._survey is not None:
            self._survey.note(number, module, inputs, result)
        if self._survey is not None or self._distant:
            node = None if result is None else result.grad_fn
            self._made[number] = None if node is None else number_of(node)
        if result is not None and call.output is not None:
            call.output.take(result)
        if call.input is not None and (given := first_tensor(inputs)) is not None:
            call.input.take(given)
        if call.has_gates:
            self._gates.see(number, module, inputs, output)

    def keep(self, layers: Mapping[int, Layer]) -> None:
        """Know these layers only, before the first `measure`; what others did is forgotten."""
        self._layers = layers
        self._calls = {number: call for number, call in self._calls.items() if number in layers}
        for call in self._calls.values():
            call.source = call.source if call.source in layers else None
        self._gates.keep(layers)
        self.has_run = bool(self._calls)
        if self._survey is not None:
            self._survey.keep(layers)

    def measure(self, roots: Sequence[Tensor], transfer: Transfer) -> Floats:
        """Return the layer table of what has run, in the order of `infos`.

        It is filled at once on the CPU, and before what is sent later arrives on a device.
        """
        self.has_run = False
        graph = None
        if self._survey is not None:
            graph = graph_behind(roots)
            self._build(self._survey, graph)
            self._survey = None
        elif self._grown and self._surveys < SURVEYS:
            self._survey = Survey()
        table = blank(len(self._order))
        if self._boards is not None:
            self._boards.measure(transfer, table)
        self._gates.send(self._places, transfer, table)
        self._passes += 1
        is_due = self._passes > CLOSE or self._passes % EVERY == 0
        if self._distant and (graph is not None or is_due):
            self._measure_distant(graph or graph_behind(roots), transfer, table)
        return table

    def _measure_distant(self, graph: Graph, transfer: Transfer, table: Floats) -> None:
        others = {n for n in self._made.values() if n is not None}
        for number, row in self._distant.items():
            made = self._made.get(number)
            if FUNCTIONS_INSIDE in self.infos[row].settings:
                nodes = functions_inside(graph, made, others)
            else:
                far = distant_function(graph, made, others)
                nodes = [] if far is None else [far]
            share = pinned_share_of(nodes)
            if share is not None:
                transfer.send(share, partial(_place, table, row))

    def _call(
        self, number: int, module: nn.Module, given: Tensor | None, result: Tensor | None
    ) -> Call:
        if result is None:
            return Call(None)
        overwritten = given is not None and given.data_ptr() == result.data_ptr()
        survey = self._survey
        source = None if survey is None else survey.source(given, overwritten=overwritten)
        before = None if source is None else self._calls[source].output
        known = None if before is None or before.share.dims != result.dim() else before.share
        dim = unit_dim(module, result.dim(), None if known is None else known.unit_dim)
        share = share_of(result.shape, dim, OUTPUT_ELEMENTS)
        output = None if share is None else new_slot(number, share, result.device, is_input=False)
        taken = None
        if given is not None and not overwritten:
            alike = given.dim() == result.dim()
            taken = share_of(given.shape, dim if alike else given.dim() - 1, INPUT_ELEMENTS)
        spare = None if given is None or taken is None else (taken, given.device)
        call = Call(output, None, source, spare, has_gates=gates_of(module) > 0)
        if source is None and spare is not None:
            call.input = new_slot(number, *spare, is_input=True)
        return call

    def _build(self, survey: Survey, graph: Graph) -> None:
        self._surveys += 1
        self._grown = False
        self.has_checkpoints |= graph.has_checkpoints
        if not self._order:
            others = (n for n in self._layers if n not in survey.calls)
            self._order = [*survey.order, *others]
        units = {
            number: (call.output.share.units, call.output.share.kept)
            for number, call in self._calls.items()
            if call.output is not None
        }
        self.infos = survey.infos(self._layers, self._order, units, graph)
        places = self._places = {number: row for row, number in enumerate(self._order)}
        slots, shared = [], []
        for number, call in self._calls.items():
            self._settle_input(number, call, survey)
            row = places[number]
            if call.output is not None:
                call.output.row = row
                is_distant = DISTANT in self.infos[row].settings
                call.output.function = "" if is_distant else self.infos[row].activation
                call.output.scale = self.infos[row].settings.get(SCALE, 1.0)
                call.output.is_activation = self.infos[row].is_activation
                slots.append(call.output)
            if call.input is not None:
                call.input.row = row
                slots.append(call.input)
            elif call.source is not None:
                shared.append((row, places[call.source]))
        self._boards = Boards(slots, shared) if slots else None
        self._distant = {
            number: row
            for number, row in places.items()
            if self.infos[row].settings.keys() & {DISTANT, FUNCTIONS_INSIDE}
        }

    def _settle_input(self, number: int, call: Call, survey: Survey) -> None:
        """Have the input read for itself where the layer before it has run again since."""
        if call.source is None or survey.calls.get(call.source, 0) <= 1:
            return
        call.source = None
        if call.spare is not None:
            call.input = new_slot(number, *call.spare, is_input=True)


def _place(table: Floats, row: int, values: Any) -> None:
    table[row, COLUMNS[SATURATED_SHARE.name]] = values[0]
