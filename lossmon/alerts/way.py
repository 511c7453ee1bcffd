"""A way to reach somebody, and how it fails. What a failure says never holds a secret."""

from __future__ import annotations

from typing import Protocol

from lossmon.alerts.alert import Alert


class WayFailed(Exception):  # noqa: N818  # it is told, not raised to anybody
    """An alert could not be sent."""

    def __init__(self, reason: str, *, is_final: bool = False, wait_s: float = 0.0) -> None:
        """`is_final`: it is not worth trying again; `wait_s`: least time until then."""
        super().__init__(reason)
        self.is_final = is_final
        self.wait_s = wait_s


class Way(Protocol):
    """Sends alerts to one place."""

    @property
    def name(self) -> str:
        """What it is called in messages; no secret."""

    def send(self, alert: Alert) -> None:
        """Send it; return once the other side has taken it.

        Raises:
            WayFailed: It was not taken.
        """

    def preview(self, alert: Alert) -> str:
        """Return what would be sent, without secrets."""
