"""Every module and optimizer that the script makes, held weakly, in the order of their making.

Wrapping the constructors costs about a microsecond an object and nothing per step; forward hooks on
every module would cost 4 % of a tiny model's step.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


class Registry(Generic[Made]):
    """The living instances of one class and its subclasses."""

    def __init__(self, kind: type[Made]) -> None:
        self._references: dict[int, weakref.ref[Made]] = {}
        self._kind: Any = kind
        self._originals = {name: getattr(kind, name) for name in ("__init__", "__setstate__")}
        for name, original in self._originals.items():
            setattr(self._kind, name, self._noting(original))

    def living(self) -> list[Made]:
        """Return the instances that still exist, oldest first."""
        found = [(key, reference()) for key, reference in self._references.items()]
        self._references = {k: self._references[k] for k, made in found if made is not None}
        return [made for _, made in found if made is not None]

    def remove(self) -> None:
        """Give the class its own constructors back."""
        for name, original in self._originals.items():
            setattr(self._kind, name, original)

    def _noting(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def note(made: Made, *args: Any, **kwargs: Any) -> None:
            original(made, *args, **kwargs)
            self._references.setdefault(id(made), weakref.ref(made))
            if self._references[id(made)]() is not made:
                self._references[id(made)] = weakref.ref(made)

        return note
