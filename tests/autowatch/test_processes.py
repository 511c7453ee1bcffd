"""Scripts that train in several processes: ranks, pools, loader workers."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import lossmon
from lossmon.autowatch import places
from lossmon.autowatch.places import Places
from lossmon.eventfile.place import FOLDER, claim_here
from lossmon.signals import LOSS, RANK_LOST, TOTAL_GRAD_NORM

RunPython = Callable[..., subprocess.CompletedProcess[str]]

HEAD = """
import os, sys
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

class Net(nn.Linear): pass

def train(model, steps=20):
    torch.set_num_threads(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(steps):
        optimizer.zero_grad()
        model(torch.ones(4, 5)).square().mean().backward()
        optimizer.step()
"""

RANK = """
def rank(number, world, meeting):
    dist.init_process_group("gloo", init_method=meeting, rank=number, world_size=world)
    torch.manual_seed(0)
    train(nn.parallel.DistributedDataParallel(Net(5, 2)))
    if "fail" in sys.argv and number == 1:
        raise RuntimeError("no more data")
    dist.destroy_process_group()
"""

SPAWN = """
if __name__ == "__main__":
    mp.spawn(rank, args=(2, f"file://{os.getcwd()}/meeting"), nprocs=2)
    print("done")
"""

TORCHRUN = """
def main():
    dist.init_process_group("gloo")
    torch.manual_seed(0)
    from torch.distributed.fsdp import fully_shard
    net = Net(5, 2)
    fully_shard(net)
    train(net)
    dist.destroy_process_group()

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def run(tmp_path: Path, run_python: RunPython) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Write `script.py` and run words, below `tmp_path`; the logdir is `out`."""

    def run(source: str, *words: str):  # type: ignore[no-untyped-def]
        (tmp_path / "script.py").write_text(HEAD + source)
        return run_python(*words, cwd=tmp_path)

    return run


WATCHED = ("-m", "lossmon", "run", "--logdir", "out")


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def test_spawned_ranks_are_one_run_and_its_report_comes_once(run, tmp_path: Path) -> None:
    done = run(RANK + SPAWN, *WATCHED, "script.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"
    assert names(tmp_path / "out") == ["Net-1"]
    assert done.stderr.count("Net-1: ") == 1
    found = lossmon.read_run(tmp_path / "out" / "Net-1")
    assert found.meta.world_size == 2
    assert len(found.scalar(LOSS)) == 20
    assert found.marks[-1].kind == "closed"


def test_the_exception_of_a_spawned_rank_is_in_its_log(run, tmp_path: Path) -> None:
    done = run(RANK + SPAWN, *WATCHED, "script.py", "fail")
    assert done.returncode == 1
    (lost,) = [
        mark
        for mark in lossmon.read_run(tmp_path / "out" / "Net-1").marks
        if mark.kind == RANK_LOST
    ]
    assert lost.detail == {"rank": 1, "error": "RuntimeError: no more data"}


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_that_train_models_of_their_own_have_a_run_each(
    method: str, run, tmp_path: Path
) -> None:
    done = run(
        "def one(number): train(Net(5, 2), 10 + number)\n"
        "if __name__ == '__main__':\n"
        f"    c = mp.get_context('{method}')\n"
        "    started = [c.Process(target=one, args=(n,)) for n in range(3)]\n"
        "    [p.start() for p in started]; [p.join() for p in started]\n"
        "    print([p.exitcode for p in started])\n",
        *WATCHED,
        "script.py",
    )
    assert done.stdout == "[0, 0, 0]\n", done.stderr
    assert names(tmp_path / "out") == ["Net-1", "Net-2", "Net-3"]
    runs = lossmon.read_run
    counts = [len(runs(tmp_path / "out" / f"Net-{n}").scalar(LOSS)) for n in (1, 2, 3)]
    assert sorted(counts) == [10, 11, 12]
    assert all(f"Net-{n}: " in done.stderr for n in (1, 2, 3))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_that_load_data_leave_nothing_and_end_well(
    method: str, run, tmp_path: Path
) -> None:
    done = run(
        "class Data(torch.utils.data.Dataset):\n"
        "    def __len__(self): return 40\n"
        "    def __getitem__(self, i): return torch.ones(5)\n"
        "if __name__ == '__main__':\n"
        "    loader = torch.utils.data.DataLoader(Data(), batch_size=4, num_workers=2,\n"
        f"                                         multiprocessing_context='{method}')\n"
        "    net = Net(5, 2); o = torch.optim.SGD(net.parameters(), lr=0.1)\n"
        "    for _ in range(2):\n"
        "        for x in loader:\n"
        "            o.zero_grad(); net(x).square().mean().backward(); o.step()\n",
        *WATCHED,
        "script.py",
    )
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "out") == ["Net-1"]
    assert len(lossmon.read_run(tmp_path / "out" / "Net-1").scalar(LOSS)) == 20
    assert "Warning" not in done.stderr


TO_TWO = ("--standalone", "--nproc-per-node", "2")


@pytest.mark.parametrize(
    "words",
    [
        (*WATCHED, "torchrun", *TO_TWO, "script.py"),
        ("-m", "torch.distributed.run", *TO_TWO, *WATCHED, "script.py"),
    ],
    ids=["lossmon run torchrun", "torchrun -m lossmon run"],
)
def test_ranks_that_torchrun_begins_are_one_run_and_its_report_comes_once(
    words: tuple[str, ...], run, tmp_path: Path
) -> None:
    done = run(TORCHRUN, *words)
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "out") == ["Net-1"]
    assert done.stderr.count("Net-1: ") == 1
    found = lossmon.read_run(tmp_path / "out" / "Net-1")
    assert found.meta.world_size == 2
    assert len(found.scalar(TOTAL_GRAD_NORM)) == 20


def test_a_program_that_torchrun_does_not_start_by_python_is_one_line(run) -> None:
    done = run("", *WATCHED, "torchrun", "--no-python", "./script.py")
    assert done.returncode == 2
    assert done.stderr == (
        "lossmon: a program that torchrun starts with --no-python cannot be watched\n"
    )


def test_json_ends_with_one_line_feed(run) -> None:
    done = run("train(Net(5, 2))\n", *WATCHED, "--json", "script.py")
    assert done.stdout.endswith("}\n")
    assert not done.stdout.endswith("\n\n")
    assert json.loads(done.stdout)["runs"][0]["run"] == "Net-1"


def test_executions_that_begin_at_the_same_time_have_a_root_each(tmp_path: Path) -> None:
    begin = threading.Barrier(6)
    executions = [Places(tmp_path / "out") for _ in range(6)]

    def work(mine: Places) -> None:
        begin.wait()
        for model in ("Net", "Head"):
            mine.claim(model, resumes=False)

    workers = [threading.Thread(target=work, args=(mine,)) for mine in executions]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len({mine.root for mine in executions}) == 6
    for mine in executions:
        assert names(mine.root) == ["Head-2", "Net-1"]


def test_processes_of_one_execution_have_one_root(tmp_path: Path) -> None:
    first, second = (Places(tmp_path / "out", "s") for _ in range(2))
    other = Places(tmp_path / "out")
    made = [each.claim("Net", resumes=False) for each in (first, other, second)]
    assert [str(path.relative_to(tmp_path)) for path in made] == [
        "out/Net-1",
        "out-2/Net-1",
        "out/Net-2",
    ]
    assert first.all_claimed() == [made[0], made[2]]


def test_a_rank_waits_for_the_one_that_has_made_its_place_and_not_signed_it_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "out"
    folder = root / "Net-1" / FOLDER
    lock = root / places.LOCK
    assert claim_here(folder, "abc-1")
    lock.mkdir()

    def sign(_: float) -> None:
        (folder / ".session-abc").touch()
        lock.rmdir()

    monkeypatch.setattr(places.time, "sleep", sign)
    assert Places(root).claim("Net", resumes=False, job="abc-1") == root / "Net-1"


def test_a_rank_that_comes_after_the_lock_is_gone_looks_for_the_signature_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "out"
    first, second = Places(root), Places(root)
    first.claim("Net", resumes=False, job="abc-1")
    seen, truth = [], Places._signed

    def late(mine: Places, below: Path) -> list[Path]:
        seen.append(below)
        return truth(mine, below) if len(seen) > 1 else []

    monkeypatch.setattr(Places, "_signed", late)
    assert second.claim("Net", resumes=False, job="abc-1") == root / "Net-1"


def test_ranks_of_one_job_have_one_place(tmp_path: Path) -> None:
    ranks = [Places(tmp_path / "out") for _ in range(3)]
    assert {rank.claim("Net", resumes=False, job="abc-1") for rank in ranks} == {
        tmp_path / "out" / "Net-1"
    }
    again = Places(tmp_path / "out").claim("Net", resumes=False, job="def-1")
    assert again == tmp_path / "out-2" / "Net-1"
