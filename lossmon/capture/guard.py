"""Keeps our own faults out of the training: a failing collector warns once, then is cut."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

FAILURES_UNTIL_OFF = 3
"""A collector that failed this often is switched off for good."""


class Guard:
    """Runs collectors of one monitor; a failing one never stops the training."""

    def __init__(self, on_off: Callable[[str, str], None]) -> None:
        """`on_off(collector, error)` is told when a collector has been switched off."""
        self._failures: dict[str, int] = {}
        self._on_off = on_off

    def allows(self, collector: str) -> bool:
        """Return whether `collector` is still on."""
        return self._failures.get(collector, 0) < FAILURES_UNTIL_OFF

    @property
    def has_failed(self) -> bool:
        """Whether any collector ever has."""
        return bool(self._failures)

    def run(self, collector: str, work: Callable[..., Any], *args: Any) -> Any:
        """Return `work(*args)`, or None where it raised or the collector is off."""
        if self._failures and not self.allows(collector):
            return None
        try:
            return work(*args)
        # Whatever our own code does wrong, the training must not learn of it.
        except Exception as error:
            with suppress(Exception):
                self.failed(collector, error)
            return None

    def failed(self, collector: str, error: Exception) -> None:
        """Take note of a failure: the first is warned of, the last switches the collector off."""
        count = self._failures[collector] = self._failures.get(collector, 0) + 1
        reason = f"{type(error).__name__}: {error}"
        if count == 1:
            warn(f"lossmon: {collector} could not be recorded at one step ({reason})")
        if count == FAILURES_UNTIL_OFF:
            warn(f"lossmon: {collector} is not recorded any more ({reason})")
            self._on_off(collector, reason)

    def switch_off(self, collector: str, reason: str) -> None:
        """Switch `collector` off because it cannot work here; the log says so."""
        self._failures[collector] = FAILURES_UNTIL_OFF
        self.tell_off(collector, reason)

    def tell_off(self, collector: str, reason: str) -> None:
        """Have the log say that `collector` is off, in whole or in part."""
        self._on_off(collector, reason)


def warn(message: str) -> None:
    """Warn, and never raise."""
    # Under `-W error` warn() itself raises: then there is nobody left to tell.
    try:
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    except RuntimeWarning:
        return
