"""Every error that lossmon raises on purpose. Each carries the exit code of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossmon.livefinding import LiveFinding


class LossmonError(Exception):
    """One clear line: what was wrong, where, what to do."""

    exit_code = 1
    """Exit code of the command that ends with this error; 1 means a fault of lossmon's own."""


class UsageError(LossmonError):
    """An argument cannot be used: a script that does not exist, a rule of no such name."""

    exit_code = 2


class NoDataError(LossmonError):
    """There is nothing to read: no such logdir, an empty one, no file that can be opened."""

    exit_code = 4


class EventFileError(LossmonError):
    """A record cannot be decoded; readers count it and go on, so this seldom leaves `eventfile`."""

    exit_code = 4


class RemoteError(LossmonError):
    """A remote logdir cannot be had: no connection, no permission, no such folder."""

    exit_code = 4


class RunStopped(LossmonError):  # noqa: N818  # no error: it is what was wanted
    """Ends a training, because its user asked for it by `stop_on`; nothing else raises it."""

    exit_code = 6

    def __init__(self, finding: LiveFinding) -> None:
        """`finding` is the first that `stop_on` names."""
        super().__init__(finding)
        self.finding = finding

    def __str__(self) -> str:
        found = self.finding
        return f"{found.rule} ({found.severity}) since step {found.since_step}: {found.claim}"

    @property
    def slug(self) -> str:
        """The rule of the finding."""
        return self.finding.rule

    @property
    def step(self) -> int:
        """The first step at which the finding is seen."""
        return self.finding.since_step
