"""What the layers' outputs are like, on some of the sampled steps.

A global forward hook, there only before a step whose layers are read: nothing lies in the model, so
copies, pickles and scripts of it know of nothing. It copies at most 4,096 elements of each output
the moment the layer has made it; all arithmetic is done once, when the backward pass begins.
Counted are forward passes with gradients, the last before the backward pass; of a layer that runs
several times in it the last run.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from lossmon.capture.between import graph_behind
from lossmon.capture.boards import Floats
from lossmon.capture.compiling import COMPILATIONS, has_compiled, is_wrapped
from lossmon.capture.firstpass import FIRST_PASS
from lossmon.capture.foreign import FOREIGN
from lossmon.capture.guard import Guard
from lossmon.capture.inert import InertHook
from lossmon.capture.layers import OUTPUT, Layer
from lossmon.capture.layout import capturing
from lossmon.capture.log import RunLog
from lossmon.capture.roster import Roster
from lossmon.capture.transfer import Transfer
from lossmon.records import LayerInfo

NAME = "activations"
FIRST = 32
"""So many sampled steps have their layers read; then every eighth: what layers are like changes
slowly and needs no neighbouring steps, and it costs half of all else that is measured."""
THEN_EVERY = 8
UNSEEN = 3
"""Steps without a word from any layer after which none is expected any more."""
PASSES = 9
"""The cost of a pass is the median of so many. They are timed by the clock on the wall, as that of
a thread costs as much as a copy; the median leaves out what the neighbours took."""
COMPILED = "the model is compiled: a hook would compile it anew"


class ActivationMeter:
    """Measures the layers of one model, between two calls of `expect`."""

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        every: int | None,
        guard: Guard,
        transfer: Transfer,
        name_layers: Callable[[tuple[LayerInfo, ...]], None],
    ) -> None:
        """`every`: of so many sampled steps one is measured; None: as it is cheap.

        `name_layers` is told what the rows of the table are, before the first and at each change.
        """
        self._every = every
        self._guard = guard
        self._transfer = transfer
        self._name_layers = name_layers
        self._layers_by_id = {id(layer.module()): layer for layer in layers}
        self._roster = Roster(self._layers_by_id)
        self._before = FIRST_PASS.hand_over(self._layers_by_id)
        """What has run before this; None once it is measured."""
        self._infos: tuple[LayerInfo, ...] = ()
        self._sampled = self._measured = self._unseen = 0
        self._taken = False
        self._pass_s = self._spent_s = 0.0
        self._passes: deque[float] = deque(maxlen=PASSES)
        self._handle: Any = None
        # The output of a compiled model is seen outside what is compiled.
        self._outside = layers[0].module if layers[0].name == OUTPUT else None
        self._waits_for_graph = False
        if self._outside is None:
            self._waits_for_graph = has_compiled()
            COMPILATIONS.add(self)
        self.expect(True)

    def expect(self, wanted: bool) -> None:
        """Prepare for the next step: is it going to be sampled?"""
        self._taken = False
        if wanted:
            interval = self._every or (1 if self._measured < FIRST else THEN_EVERY)
            wanted = self._sampled % interval == 0
            self._sampled += 1
        if not wanted or self._waits_for_graph or not self._guard.allows(NAME):
            self._disarm()
        elif self._handle is None:
            self._handle = self._arm()

    def compile_asked(self) -> None:
        """See `compiling.Hooked`."""
        self._disarm()
        self._waits_for_graph = True

    def take(self, roots: Sequence[Tensor]) -> Floats | None:
        """Return the layer table of the forward pass behind `roots`; None for no measurement."""
        if self._waits_for_graph:
            self._look_for_compiled(roots)
            return None
        if self._handle is None or self._taken:
            return None
        self._taken = True
        before, self._before = self._before, None
        if not self._roster.has_run:
            if before is not None:
                return self._measure(before, roots)
            self._miss()
            return None
        self._unseen = 0
        self._passes.append(self._pass_s)
        self._pass_s = 0.0
        self._spent_s += sorted(self._passes)[len(self._passes) // 2]
        self._measured += 1
        return self._measure(self._roster, roots)

    def spent(self) -> float:
        """Return the seconds that the hook has taken since the last call."""
        spent, self._spent_s = self._spent_s, 0.0
        return spent

    def remove(self) -> None:
        """Leave no hook behind. Idempotent."""
        self._disarm()
        COMPILATIONS.discard(self)

    def _measure(self, roster: Roster, roots: Sequence[Tensor]) -> Floats:
        with torch.no_grad():
            table = roster.measure(roots, self._transfer)
        if roster.infos != self._infos:
            self._infos = roster.infos
            self._name_layers(self._infos)
        return table

    def _arm(self) -> Any:
        if self._outside is None:
            return register_module_forward_hook(self._note)
        model = self._outside()
        return None if model is None else model.register_forward_hook(InertHook(self._note))

    def _disarm(self) -> None:
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _note(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if torch.compiler.is_compiling():
            return
        layer = self._layers_by_id.get(id(module))
        if layer is None or self._taken or FOREIGN.is_running:
            return
        try:
            self._see(layer, module, inputs, output)
        # Whatever our own code does wrong, the training must not learn of it.
        except Exception as error:
            self._guard.failed(NAME, error)

    def _see(self, layer: Layer, module: nn.Module, inputs: Any, output: Any) -> None:
        if layer.module() is not module or not self._counts(module):
            return
        began = time.perf_counter()
        self._roster.see(id(module), module, inputs, output)
        self._pass_s += time.perf_counter() - began

    def _counts(self, module: nn.Module) -> bool:
        """Return whether this is a forward pass of the training, made for the first time."""
        if not torch.is_grad_enabled() and not (self._roster.has_checkpoints and module.training):
            return False
        return not (
            torch._C._current_graph_task_id() != -1  # a checkpoint, run again
            or torch._C._are_functorch_transforms_active()
            or torch._C._get_tracing_state() is not None
            or capturing()
        )

    def _miss(self) -> None:
        self._unseen += 1
        if self._unseen >= UNSEEN:
            self._guard.switch_off(NAME, "no forward pass of any layer is seen")
            self._disarm()

    def _look_for_compiled(self, roots: Sequence[Tensor]) -> None:
        compiled = graph_behind(roots).is_compiled or is_wrapped(self._layers_by_id)
        if compiled and self._guard.allows(NAME):
            self._guard.switch_off(NAME, COMPILED)
        self._waits_for_graph = False


def activation_meter(
    layers: Sequence[Layer], every: int | None, log: RunLog, transfer: Transfer
) -> ActivationMeter | None:
    """Return a meter that tells `log` of its rows; None where there is no layer to watch."""
    if not layers:
        return None
    return ActivationMeter(
        layers, every=every, guard=log.guard, transfer=transfer, name_layers=log.name_layers
    )
