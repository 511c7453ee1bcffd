"""Alerts to the terminal that follows: its bell, or a desktop notification of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lossmon.alerts.alert import Alert
from lossmon.tui import notice
from lossmon.tui.notice import Way as Sign


class Terminal:
    """Writes what draws attention; see `lossmon.tui.notice`."""

    def __init__(
        self, signs: Sequence[Sign], write: Callable[[str], object], env: Mapping[str, str]
    ) -> None:
        self._signs, self._write, self._env = tuple(signs), write, env

    @property
    def name(self) -> str:
        """See `Way`."""
        return "terminal"

    def send(self, alert: Alert) -> None:
        """See `Way`."""
        self._write(notice.alert(self._signs, alert.title, self._env))

    def preview(self, alert: Alert) -> str:
        """See `Way`."""
        return f"{', '.join(self._signs)}: {alert.title}"
