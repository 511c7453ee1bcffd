"""The batch job that a process is part of, as its environment tells it: scheduler, id, node.

An environment is the user's: what is absent is left out, and what is there is cut to a line.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping

Names = Mapping[str, tuple[str, ...]]

LONGEST = 120
"""Characters of an answer."""
_SCHEDULERS: Mapping[str, Names] = {
    "Slurm": {
        "id": ("SLURM_JOB_ID", "SLURM_JOBID"),
        "array": ("SLURM_ARRAY_JOB_ID",),
        "task": ("SLURM_ARRAY_TASK_ID",),
        "name": ("SLURM_JOB_NAME",),
        "node": ("SLURMD_NODENAME",),
    },
    "PBS": {"id": ("PBS_JOBID",), "name": ("PBS_JOBNAME",)},
    "LSF": {"id": ("LSB_JOBID",), "name": ("LSB_JOBNAME",)},
    "Grid Engine": {"id": ("JOB_ID",), "task": ("SGE_TASK_ID",), "name": ("JOB_NAME",)},
    "Kubernetes": {"id": ("POD_NAME", "HOSTNAME"), "node": ("NODE_NAME",)},
    "torchrun": {"id": ("TORCHELASTIC_RUN_ID",)},
}
_SIGNS = {"Grid Engine": "SGE_ROOT", "Kubernetes": "KUBERNETES_SERVICE_HOST"}
"""What must be set as well: others use the names of the rest too."""
_NONE = {"", "undefined", "none"}
"""What stands for "there is no array", or "no id was given". PBS and LSF have the index of an array
in id and name."""


def job_of(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return `scheduler`, `id`, `array`, `task`, `name`, `node` and `restarts`, as far as known.

    Empty outside a job. The restarts of torchrun's workers are added to those of the scheduler.
    """
    for scheduler, names in _SCHEDULERS.items():
        if _SIGNS.get(scheduler, "") not in ("", *environment):
            continue
        found = {key: _first(environment, among) for key, among in names.items()}
        found = {key: value for key, value in found.items() if value.lower() not in _NONE}
        if "id" in found:
            # A pod's host name is its own.
            here = {} if scheduler == "Kubernetes" else {"node": platform.node()}
            return {"scheduler": scheduler, **here, **found, **_again(environment)}
    return {}


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    value = next((environment[name] for name in names if environment.get(name)), "")
    return " ".join(value.split())[:LONGEST]


def _again(environment: Mapping[str, str]) -> dict[str, str]:
    """Return how often the process was begun anew; nothing for the first time."""
    counts = [environment.get(n, "") for n in ("SLURM_RESTART_COUNT", "TORCHELASTIC_RESTART_COUNT")]
    total = sum(int(count) for count in counts if count.isdecimal() and len(count) < 9)
    return {"restarts": str(total)} if total else {}
