"""Alerts to a command of the user's: by stdin and environment, never as words of its own.

So nothing that a log holds is ever read by a shell, or taken for an option.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping

from lossmon.alerts.alert import Alert
from lossmon.alerts.way import WayFailed
from lossmon.errors import UsageError

TIMEOUT_S = 60.0
SECRETS = ("LOSSMON_WEBHOOK", "LOSSMON_SMTP_PASSWORD")
"""Variables that are ours, and no business of the command's."""


class Command:
    """Runs the command for each alert; exit code 0 means that it was taken."""

    def __init__(self, words: str) -> None:
        """`words` are split as a shell does; no shell runs them.

        Raises:
            UsageError: They cannot be split, or there are none.
        """
        try:
            self._words = shlex.split(words)
        except ValueError as error:
            raise UsageError(f"--command cannot be read: {error}") from None
        if not self._words:
            raise UsageError("--command names no command")

    @property
    def name(self) -> str:
        """See `Way`."""
        return "command"

    def send(self, alert: Alert) -> None:
        """See `Way`."""
        kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
        try:
            done = subprocess.run(
                self._words,
                input=f"{json.dumps(alert.document())}\n".encode(),
                env={**kept, **_variables(alert)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError:
            raise WayFailed("there is no such command", is_final=True) from None
        except subprocess.TimeoutExpired:
            raise WayFailed(f"took longer than {TIMEOUT_S:.0f} s, and was ended") from None
        except OSError as error:
            raise WayFailed(f"cannot be run ({error.strerror})") from None
        if done.returncode:
            raise WayFailed(f"ended with exit code {done.returncode}")

    def preview(self, alert: Alert) -> str:
        """See `Way`."""
        told = "".join(f"{name}={value!r}\n" for name, value in _variables(alert).items())
        return f"{told}{json.dumps(alert.document())}"


def _variables(alert: Alert) -> Mapping[str, str]:
    told = alert.document()
    names = ("kind", "run", "logdir", "step", "status", "rule", "severity", "text")
    return {f"LOSSMON_{name.upper()}": str(told[name]) for name in names}
