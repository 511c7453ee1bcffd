"""Whether torch.compile has been asked for: then no hook may lie in what is about to be traced.

A hook that is there while a model is traced becomes part of the graph, and taking it away compiles
the model anew. So whoever has hooks is told before anything can be traced, and takes them away.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Container
from typing import Any, Protocol

import torch
from torch import nn

from lossmon.capture.hooks import put_wrapper

WRAPPER = "OptimizedModule"
"""Class of what torch.compile makes of a module; to import it costs a second."""


class Hooked(Protocol):
    """Has hooks in modules that may be compiled. Must not raise."""

    def compile_asked(self) -> None:
        """Take the hooks away now."""


class Compilations:
    """Wraps `torch.compile`, which `Module.compile` calls too, while anybody wants to know."""

    def __init__(self) -> None:
        self._told: weakref.WeakSet[Hooked] = weakref.WeakSet()
        self._restore: Callable[[], None] | None = None

    def add(self, hooked: Hooked) -> None:
        """Begin to tell `hooked`."""
        self._told.add(hooked)
        if self._restore is None:
            self._restore = put_wrapper(torch, "compile", self._telling)

    def discard(self, hooked: Hooked) -> None:
        """Stop telling `hooked`; unknown ones are fine."""
        self._told.discard(hooked)
        if not self._told and self._restore is not None:
            self._restore()
            self._restore = None

    def _telling(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def compile(*args: Any, **kwargs: Any) -> Any:
            for hooked in list(self._told):
                hooked.compile_asked()
            return original(*args, **kwargs)

        return compile


COMPILATIONS = Compilations()
"""One per process, as what it wraps is one per process."""


def has_compiled() -> bool:
    """Return whether anything in this process has been handed to torch.compile."""
    frames = sys.modules.get("torch._dynamo.eval_frame")
    backends: dict[int, Any] = getattr(frames, "cached_backends", {})
    return any(backend is not None for backend in backends.values())


def is_wrapper(module: nn.Module) -> bool:
    """Return whether `module` is what torch.compile made of a module."""
    return type(module).__name__ == WRAPPER


def is_wrapped(modules: Container[int]) -> bool:
    """Return whether torch.compile has made a wrapper of a model with a module of these `id`s.

    Looks at every object there is, some 0.1 s: to be asked once, where something was compiled.
    """
    wrappers = [x for x in gc.get_objects() if type(x).__name__ == WRAPPER]
    return any(id(part) in modules for wrapper in wrappers for part in wrapper.modules())


def is_compiled(model: nn.Module) -> bool:
    """Return whether `model`, or a part of it, runs compiled."""
    return any(is_wrapper(m) or m._compiled_call_impl is not None for m in model.modules())
