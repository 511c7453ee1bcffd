"""A run in the words of a page."""

from __future__ import annotations

import pytest

from lossmon.records import Run, RunMeta
from lossmon.report.words import about, job_words


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ({"scheduler": "Slurm", "id": "12", "node": "gpu7"}, "Slurm job 12 on gpu7"),
        ({"scheduler": "Slurm", "id": "12", "array": "10", "task": "3"}, "Slurm job 10_3"),
        ({"scheduler": "PBS", "id": "7.head", "name": "gpt"}, "PBS job 7.head (gpt)"),
        ({"scheduler": "Kubernetes", "id": "train-0"}, "Kubernetes pod train-0"),
        ({"scheduler": "torchrun", "id": "a", "restarts": "2"}, "torchrun run a, restart 2"),
        ({"id": 12, "other": [1]}, "job 12"),
        ({"scheduler": "Slurm"}, ""),
        ({}, ""),
    ],
)
def test_a_job_is_named_by_what_is_known_of_it(job: dict[str, object], words: str) -> None:
    assert job_words(job) == words


def test_the_facts_of_a_run_end_with_its_job() -> None:
    meta = RunMeta("a", "a-0", model="Net", job={"scheduler": "Slurm", "id": "12\x1b"})
    assert about(Run("a", meta=meta), "live") == ["live", "Net", "Slurm job 12\\x1b"]
