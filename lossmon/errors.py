"""Every error that lossmon raises on purpose. Each carries the exit code of the command line."""

from __future__ import annotations


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
