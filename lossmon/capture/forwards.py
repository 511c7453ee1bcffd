"""Which modules run at all: tells a branch that is not used from one whose graph is cut.

A global forward hook, for the first steps only: kept on, it would cost 4 % of a tiny model's step.
torch.compile makes its graphs anew where a global hook comes or goes: with graphs about none is
added, and one that is there stays until the end. It sees no modules inside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from lossmon.capture.compiling import COMPILATIONS, has_compiled
from lossmon.capture.foreign import FOREIGN
from lossmon.capture.layout import Row

RAN, WITHOUT_GRADIENTS = 1.0, 0.5
STEPS = 3
"""Sampled steps after which the hook is taken away."""


class ForwardMeter:
    """Notes forward calls between two calls of `take`.

    Those without gradients only in training mode: in eval mode a model is tried, or held fixed.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        """May be replaced between two steps."""
        self._ran: dict[int, float] = {}
        self._left = STEPS
        self._handle: Any = None
        if not has_compiled():
            self._handle = register_module_forward_hook(self._note)
            COMPILATIONS.add(self)

    def compile_asked(self) -> None:
        """See `compiling.Hooked`."""
        self.remove()

    def take(self) -> NDArray[np.float32]:
        """Return module_ran of every row; NaN where no module at all, or no longer, was seen."""
        ran, self._ran = self._ran, {}
        self._left -= 1
        compiled = has_compiled()
        if self._left <= 0 and not compiled:
            self.remove()
        if not ran or compiled:
            return np.full(len(self.rows), np.nan, np.float32)
        most = [max((ran.get(id(o()), 0.0) for o in row.owners), default=0) for row in self.rows]
        return np.array(most, "f4")

    def remove(self) -> None:
        """Take the hook away. Idempotent."""
        COMPILATIONS.discard(self)
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _note(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or FOREIGN.is_running:
            return
        if torch.is_grad_enabled():
            self._ran[id(module)] = RAN
        elif module.training:
            self._ran.setdefault(id(module), WITHOUT_GRADIENTS)
