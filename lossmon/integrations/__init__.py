"""One line in each framework. Lazy: importing this imports no framework, and no torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossmon.integrations import accelerate, fabric, ignite, lightning, skorch, transformers

__all__ = ["accelerate", "fabric", "ignite", "lightning", "skorch", "transformers"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
