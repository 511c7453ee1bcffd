"""Which process of a job this is, and what the ranks of a job call it, each by itself."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import Counter
from typing import Any

import torch

_JOB_VARIABLES = (
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "MASTER_ADDR",
    "MASTER_PORT",
    "SLURM_JOB_ID",
    "SLURM_STEP_ID",
)
_STORE_KEY = "lossmon/job"

_begun: Counter[str] = Counter()
"""Runs that this process has begun, by where they were wanted."""


def process_rank() -> tuple[int, int]:
    """Return rank and world size, from torch.distributed or the launcher's environment."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    world = _integer("WORLD_SIZE", 1)
    return (_integer("RANK", 0), world) if world > 1 else (0, 1)


def next_run_of_job(wanted: str) -> str:
    """Return a name for the next run wanted at `wanted` that all ranks find; "" without ranks.

    It is another one for each job, also where one is the restart of another. Ranks must want their
    runs in the same order.
    """
    if process_rank()[1] < 2:
        return ""
    _begun[wanted] += 1
    return f"{_job()}-{_begun[wanted]}"


def _job() -> str:
    store = _store()
    if store is not None:
        try:
            # The first one to come names the job. No rank waits for another here.
            name: bytes = store.compare_set(_STORE_KEY, "", secrets.token_hex(6))
            return name.decode()
        except Exception:
            # A store that cannot do it: then the environment must do.
            pass
    told = [f"{name}={os.environ[name]}" for name in _JOB_VARIABLES if name in os.environ]
    if os.environ.get("LOCAL_WORLD_SIZE") == os.environ.get("WORLD_SIZE"):
        # All on one host: the same launcher. Its other names may be those of its last launch.
        told.append(f"launcher={os.getppid()}")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _store() -> Any:
    """Return what the ranks of the process group have in common; None without a group."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return None
    get_store = getattr(torch.distributed.distributed_c10d, "_get_default_store", None)
    return None if get_store is None else get_store()


def _integer(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() else default
