"""What layers put out before the first step of a training that nobody has announced.

`lossmon run` finds a training at its first backward pass, when the forward pass behind it is over.
So every module's forward is heard until then, and the layers of the model found are picked out: by
the first step alone units may be pinned or killed. Costs a first pass what any sampled one costs.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.loss import _Loss
from torch.nn.modules.module import register_module_forward_hook

from lossmon.capture.compiling import COMPILATIONS, has_compiled
from lossmon.capture.foreign import FOREIGN
from lossmon.capture.layers import Layer
from lossmon.capture.layout import capturing
from lossmon.capture.roster import Roster

MAX_CALLS = 10_000
"""Of layers, with gradients, that no backward pass has followed; then it is given up."""


class FirstPass:
    """Hears the layers of all models between `begin` and the first `hand_over`."""

    def __init__(self) -> None:
        self._roster: Roster | None = None
        self._handle: Any = None
        self._thread = self._calls = 0

    def begin(self) -> None:
        """Begin to hear; not where something was compiled."""
        self.end()
        if has_compiled():
            return
        COMPILATIONS.add(self)
        self._roster, self._thread, self._calls = Roster({}), threading.get_ident(), 0
        self._handle = register_module_forward_hook(self._note)

    def end(self) -> None:
        """Leave no hook behind, and forget what was heard. Idempotent."""
        COMPILATIONS.discard(self)
        self._roster = None
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def compile_asked(self) -> None:
        """See `compiling.Hooked`."""
        self.end()

    def hand_over(self, layers: Mapping[int, Layer]) -> Roster | None:
        """Return what was heard of these layers, by `id` of the module; None for nothing."""
        roster = self._roster
        self.end()
        if roster is not None:
            roster.keep(layers)
        return roster if roster is not None and roster.has_run else None

    def _note(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or not torch.is_grad_enabled():
            return
        if self._roster is None or not _is_layer(module) or self._is_none_of_ours():
            return
        self._calls += 1
        try:
            self._roster.see(id(module), module, inputs, output)
        # Whatever our own code does wrong, the script must not learn of it.
        except Exception:
            self._calls = MAX_CALLS
        if self._calls >= MAX_CALLS:
            self.end()

    def _is_none_of_ours(self) -> bool:
        return (
            threading.get_ident() != self._thread
            or FOREIGN.is_running
            or torch._C._are_functorch_transforms_active()
            or torch._C._get_tracing_state() is not None
            or capturing()
        )


FIRST_PASS = FirstPass()
"""One per process, as its hook is."""


def _is_layer(module: nn.Module) -> bool:
    """Return whether `layers_of` may count a module among the layers."""
    whole = isinstance(module, nn.MultiheadAttention) or "parametrizations" in module._modules
    return (whole or not module._modules) and not isinstance(module, _Loss)
