"""Which process of a family this is: asking the system four times a step would cost more."""

from __future__ import annotations

import os

_forks = 0


def generation() -> int:
    """Return how many forks lie between this process and the one that first asked.

    A process and its children never see the same number as each other's own.
    """
    return _forks


def _forked() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
