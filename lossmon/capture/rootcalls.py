"""Sees the model's next forward: how long it was waited for, and what it is given.

A global hook that takes itself away at the first call of the model or of any part of it, which is
the outermost one. Kept on it would cost every module a microsecond; on the model itself it would be
in the way of `torch.jit.script`, and in every pickle. Where `torch.compile` is at work a global
hook would be warned of: then only a compiled model as a whole is looked at, by a hook of its own.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from lossmon.capture.compiling import COMPILATIONS, has_compiled
from lossmon.capture.foreign import FOREIGN, training_clock
from lossmon.capture.guard import Guard
from lossmon.capture.layout import in_transform
from lossmon.eventfile.forks import generation

PATIENCE = 64
"""Calls of other modules, or without gradients, after which the model is not waited for."""

See = Callable[[tuple[Any, ...], Mapping[str, Any]], None]


class RootCalls:
    """Waits for one forward with gradients enabled at a time."""

    def __init__(self, modules: Iterable[nn.Module], see: See, guard: Guard) -> None:
        """`modules` are the outermost ones, held weakly; `see` gets a call's arguments."""
        self._roots = [weakref.ref(module) for module in modules]
        self._see = see
        self._guard = guard
        self._known: set[int] = set()
        self._handles: list[RemovableHandle] = []
        self._is_armed = False
        self._since: float | None = None
        self._spoilt = False
        self._waited: float | None = None
        self._calls = 0
        self._thread = threading.get_ident()
        self._born = generation()
        COMPILATIONS.add(self)

    def arm(self, since: float | None = None) -> None:
        """Wait for the next call; its wait counts from `since`, by the clock of the training."""
        self._since, self._waited, self._calls, self._spoilt = since, None, 0, False
        self._thread = threading.get_ident()
        if self._is_armed:
            return
        # A forward that raised leaves the hook of its end behind.
        self.disarm()
        self._is_armed = True
        roots = [root for reference in self._roots if (root := reference()) is not None]
        if not has_compiled():
            self._know(roots)
            self._handles = [register_module_forward_pre_hook(self._called)]
        else:
            whole = [root for root in roots if "_orig_mod" in root._modules]
            self._handles = [
                root.register_forward_pre_hook(self._called_whole, with_kwargs=True)
                for root in whole
            ]

    def disarm(self) -> None:
        """Take the hook away. Idempotent."""
        self._is_armed = False
        while self._handles:
            self._handles.pop().remove()

    def compile_asked(self) -> None:
        """See `compiling.Hooked`."""
        self.disarm()

    def remove(self) -> None:
        """Take the hook away for good. Idempotent."""
        self.disarm()
        COMPILATIONS.discard(self)

    def take_wait(self) -> float | None:
        """Return the seconds from `since` to the call, once; None where none was seen.

        None, too, where a forward without gradients lay between: that time is an evaluation's.
        """
        waited, self._waited = self._waited, None
        return waited

    def _know(self, roots: list[nn.Module]) -> None:
        if not self._known:
            self._known = {id(module) for root in roots for module in root.modules()}

    def _called(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if not is_traced():
            self._guard.run("inputs", self._notice, module, args)

    def _notice(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if not self._is_meant(module):
            return
        if args:
            self._take(args, {})
        else:
            # Keyword arguments reach no global hook; this one lives as long as the call.
            self._note_wait()
            self._handles = [module.register_forward_hook(self._returned, with_kwargs=True)]

    def _called_whole(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if torch.is_grad_enabled() and not is_traced():
            self._guard.run("inputs", self._take, args, kwargs)

    def _returned(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        self.disarm()
        self._guard.run("inputs", self._see, args, kwargs)

    def _is_meant(self, module: nn.Module) -> bool:
        if threading.get_ident() != self._thread or generation() != self._born:
            return False
        self._calls += 1
        if self._calls > PATIENCE:
            # Parts may have been added since; look again the next time.
            self._known = set()
            self.disarm()
            return False
        # A wrapper (DDP, a model with its loss) is none of the model's parts, but holds one.
        ours = id(module) in self._known or any(
            id(child) in self._known for child in module._modules.values()
        )
        if ours and not torch.is_grad_enabled():
            self._spoilt = True
        return ours and torch.is_grad_enabled() and not in_transform()

    def _take(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._note_wait()
        self._see(args, kwargs)

    def _note_wait(self) -> None:
        self.disarm()
        if self._since is not None and not self._spoilt:
            self._waited = training_clock() - self._since


def is_traced() -> bool:
    """Return whether the forward under way is no training: traced, transformed, or foreign."""
    # First, so that a compiler that traces this hook sees no more of it.
    if torch.compiler.is_compiling() or FOREIGN.is_running:
        return True
    traced = torch._C._get_tracing_state() is not None
    return traced or torch._C._functorch.peek_interpreter_stack() is not None
