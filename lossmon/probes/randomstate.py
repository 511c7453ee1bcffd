"""The state of every generator that a pass may draw from: torch's, Python's and numpy's own."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

_BESIDES = ("mps", "xpu")
"""Accelerators beside CUDA with a generator that torch hands out."""


@contextmanager
def random_state_kept(devices: Iterable[torch.device]) -> Iterator[None]:
    """Put every generator back to where it was; `devices` are those that the work uses.

    Generators that a program makes for itself are not seen.
    """
    restore = list(_restorers({device.type for device in devices}))
    try:
        yield
    finally:
        for put_back in restore:
            put_back()


def _restorers(kinds: set[str]) -> Iterator[Callable[[], None]]:
    yield _restorer(random.getstate, random.setstate)
    yield _restorer(torch.get_rng_state, torch.set_rng_state)
    if "numpy" in sys.modules:
        numpy: Any = sys.modules["numpy"]
        yield _restorer(numpy.random.get_state, numpy.random.set_state)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # torch leaves it so
        yield _restorer(torch.cuda.get_rng_state_all, torch.cuda.set_rng_state_all)
    for kind in kinds.intersection(_BESIDES):
        module: Any = getattr(torch, kind)
        yield _restorer(module.get_rng_state, module.set_rng_state)


def _restorer(get: Callable[[], Any], put: Callable[[Any], Any]) -> Callable[[], None]:
    state = get()
    return lambda: put(state)
