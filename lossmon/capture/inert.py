"""A hook on one module that copies and pickles of the module do not take with them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from torch import nn


class InertHook:
    """Calls a function after each forward pass; a copy, or what is unpickled, does nothing.

    A pickle names nothing of lossmon, so that it loads where there is none.
    """

    def __init__(self, call: Callable[[nn.Module, Any, Any], None]) -> None:
        self._call = call

    def __call__(self, module: nn.Module, inputs: Any, output: Any) -> None:
        """See `torch.nn.Module.register_forward_hook`."""
        self._call(module, inputs, output)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return _nothing()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return getattr, (contextlib.nullcontext(), "__exit__")


def _nothing() -> Callable[..., None]:
    """Return a function of three arguments that does nothing, and that pickles anywhere."""
    return contextlib.nullcontext().__exit__
