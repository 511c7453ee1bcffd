"""What the environment tells of a batch job."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
import torch
from torch import nn

import lossmon
from lossmon.capture.job import job_of

HERE = platform.node()


@pytest.mark.parametrize(
    ("environment", "job"),
    [
        (
            {"SLURM_JOB_ID": "12", "SLURM_JOB_NAME": "gpt", "SLURMD_NODENAME": "gpu7"},
            {"scheduler": "Slurm", "id": "12", "name": "gpt", "node": "gpu7"},
        ),
        (
            {
                "SLURM_JOB_ID": "12",
                "SLURM_ARRAY_JOB_ID": "10",
                "SLURM_ARRAY_TASK_ID": "3",
                "SLURM_RESTART_COUNT": "2",
                "TORCHELASTIC_RESTART_COUNT": "1",
            },
            {
                "scheduler": "Slurm",
                "id": "12",
                "array": "10",
                "task": "3",
                "node": HERE,
                "restarts": "3",
            },
        ),
        ({"PBS_JOBID": "7[3].head"}, {"scheduler": "PBS", "id": "7[3].head", "node": HERE}),
        ({"LSB_JOBID": "7"}, {"scheduler": "LSF", "id": "7", "node": HERE}),
        (
            {"JOB_ID": "7", "SGE_TASK_ID": "undefined", "SGE_ROOT": "/opt/sge"},
            {"scheduler": "Grid Engine", "id": "7", "node": HERE},
        ),
        (
            {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "train-0", "NODE_NAME": "n1"},
            {"scheduler": "Kubernetes", "id": "train-0", "node": "n1"},
        ),
        (
            {"TORCHELASTIC_RUN_ID": "abc", "TORCHELASTIC_RESTART_COUNT": "0"},
            {"scheduler": "torchrun", "id": "abc", "node": HERE},
        ),
        ({"TORCHELASTIC_RUN_ID": "none"}, {}),
        ({"JOB_ID": "7", "HOSTNAME": "laptop"}, {}),
        ({}, {}),
    ],
)
def test_the_job_is_what_its_scheduler_says(
    environment: dict[str, str], job: dict[str, str]
) -> None:
    assert job_of(environment) == job


def test_whatever_the_environment_holds_is_a_line_of_bounded_length() -> None:
    found = job_of({"SLURM_JOB_ID": "a\nb" + "x" * 10_000, "SLURM_RESTART_COUNT": "9" * 10_000})
    assert found["id"].startswith("a bx")
    assert len(found["id"]) == 120
    assert "restarts" not in found


def test_the_log_of_a_training_names_its_job_and_a_resumed_one_where_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    for node in ("gpu7", "gpu8"):
        monkeypatch.setenv("SLURM_JOB_ID", "12")
        monkeypatch.setenv("SLURMD_NODENAME", node)
        with lossmon.watch(model, optimizer, logdir=tmp_path / "a") as mon:
            for _ in range(3):
                optimizer.zero_grad()
                loss = model(torch.ones(4, 2)).pow(2).mean()
                loss.backward()
                optimizer.step()
                mon.step(loss)
    run = lossmon.read_run(tmp_path / "a")
    assert run.meta is not None
    assert run.meta.job == {"scheduler": "Slurm", "id": "12", "node": "gpu8"}
    (mark,) = [mark for mark in run.marks if mark.kind == "resumed"]
    assert mark.detail["node"] == "gpu8"
