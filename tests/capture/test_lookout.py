"""A training that is stopped, or told of findings, by a process that reads its log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import lossmon
from lossmon.capture.lookout import Lookout
from lossmon.errors import UsageError
from lossmon.livefinding import LiveFinding

pytestmark = pytest.mark.usefixtures("nothing_left")

Until = Callable[[Callable[[], bool]], None]


class Loop:
    """A small training whose loss is NaN from the tenth step on."""

    def __init__(self, logdir: Path, **options: Any) -> None:
        torch.manual_seed(0)
        self.model = nn.Linear(4, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.01)
        self.mon = lossmon.watch(self.model, self.optimizer, logdir=logdir, **options)
        self.steps = 0

    def step(self) -> None:
        """Make one step."""
        self.optimizer.zero_grad()
        loss = self.model(torch.ones(2, 4)).square().mean()
        loss = loss * float("nan") if self.steps >= 10 else loss
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        self.mon.step(loss)

    def run_until(self, holds: Callable[[], bool]) -> bool:
        """Make a step; return whether it holds now."""
        self.step()
        return holds()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    from lossmon.capture.monitor import OPEN

    for monitor in list(OPEN):
        monitor.close()


def children() -> list[str]:
    listed = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True
    )
    return [line for line in listed.stdout.splitlines() if "lossmon.alerts.lookout" in line]


def test_step_raises_once_the_log_shows_what_it_is_to_stop_on(tmp_path: Path, until: Until) -> None:
    loop = Loop(tmp_path / "a", stop_on=("nan-in-loss",))
    with pytest.raises(lossmon.RunStopped):
        until(lambda: loop.run_until(lambda: False))
    with pytest.raises(lossmon.RunStopped) as stopped, loop.mon:
        loop.step()  # as every later one
    loop.step()
    assert (stopped.value.slug, stopped.value.step) == ("nan-in-loss", 10)
    assert stopped.value.finding.logdir == loop.mon.logdir
    report = lossmon.diagnose(loop.mon.logdir)
    assert "nan-in-loss" in {finding.rule for finding in report.findings}
    marks = {mark.kind: mark.detail for mark in lossmon.read_run(loop.mon.logdir).marks}
    assert marks["exception"]["error"].startswith("RunStopped: nan-in-loss (error) since step 10")


def test_a_loop_with_a_flag_of_its_own_asks_for_the_finding(tmp_path: Path, until: Until) -> None:
    loop = Loop(tmp_path / "a", stop_on=("error",))
    loop.mon.step = lambda *_: None  # type: ignore[method-assign]  # as a framework's callback
    assert loop.mon.stopping is None
    until(lambda: loop.run_until(lambda: loop.mon.stopping is not None))
    assert loop.mon.stopping is not None
    assert loop.mon.stopping.severity == "error"
    loop.mon.close()
    assert loop.mon.stopping is None


def test_findings_are_told_in_another_thread_and_stop_nothing(tmp_path: Path, until: Until) -> None:
    told: list[tuple[LiveFinding, str]] = []
    loop = Loop(
        tmp_path / "a", on_finding=lambda f: told.append((f, threading.current_thread().name))
    )
    until(lambda: loop.run_until(lambda: any(f.rule == "nan-in-loss" for f, _ in told)))
    assert {name for _, name in told} == {"lossmon-lookout"}
    assert loop.mon.stopping is None
    seen = [(f.rule, f.severity) for f, _ in told]
    assert len(seen) == len(set(seen))


def test_findings_on_the_last_steps_are_told_before_close_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine the judge begins late.
    monkeypatch.setattr("lossmon.capture.lookout.LAST_WORDS_S", 60.0)
    told: list[str] = []
    loop = Loop(tmp_path / "a", on_finding=lambda finding: told.append(finding.rule))
    for _ in range(20):
        loop.step()
    loop.mon.close()
    assert "nan-in-loss" in told


def test_what_on_finding_raises_is_warned_of_and_reaches_nobody(
    tmp_path: Path, until: Until
) -> None:
    def fail(finding: LiveFinding) -> None:
        raise SystemExit(finding.rule)

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        loop = Loop(tmp_path / "a", on_finding=fail, stop_on=("nan-in-loss",))
        with pytest.raises(lossmon.RunStopped):
            until(lambda: loop.run_until(lambda: False))
        until(lambda: any("on_finding failed" in str(one.message) for one in seen))


def test_nothing_is_started_unless_it_is_asked_for(tmp_path: Path) -> None:
    loop = Loop(tmp_path / "a")
    loop.step()
    assert children() == []
    assert not [t for t in threading.enumerate() if t.name == "lossmon-lookout"]
    loop.mon.close()


def test_a_training_that_is_judged_is_bit_for_bit_the_same(tmp_path: Path) -> None:
    def trained(name: str, **options: Any) -> tuple[list[torch.Tensor], torch.Tensor]:
        loop = Loop(tmp_path / name, **options)
        for _ in range(9):
            loop.step()
        loop.mon.close()
        return [p.detach() for p in loop.model.parameters()], torch.get_rng_state()

    plain, judged = trained("a"), trained("b", stop_on=("error",), on_finding=lambda _: None)
    assert all(map(torch.equal, plain[0], judged[0]))
    assert torch.equal(plain[1], judged[1])


def test_a_closed_monitor_leaves_no_process(tmp_path: Path, until: Until) -> None:
    loop = Loop(tmp_path / "a", stop_on=("error",))
    until(lambda: len(children()) == 1)
    loop.mon.close()
    assert children() == []


def test_a_judge_that_was_killed_is_told_of_and_the_training_goes_on(
    tmp_path: Path, until: Until
) -> None:
    loop = Loop(tmp_path / "a", stop_on=("nan-in-loss",))
    assert loop.mon._lookout is not None
    process = loop.mon._lookout._process
    assert process is not None
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: bool(seen))
    for _ in range(20):
        loop.step()
    assert "has ended (exit code -9): stop_on and on_finding do nothing" in str(seen[0].message)


def test_a_judge_that_cannot_be_started_is_told_of_and_the_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no"))
    with pytest.warns(RuntimeWarning, match="cannot be started"):
        loop = Loop(tmp_path / "a", stop_on=("error",))
    loop.step()
    loop.mon.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"stop_on": "error"}, "watch(): stop_on must be a list"),
        ({"stop_on": ["nan"]}, "'nan' is neither"),
        ({"on_finding": 3}, "watch(): on_finding must be a function of a finding, not 3"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        Loop(tmp_path / "a", **options)
    assert says in str(refused.value)


def test_a_closed_lookout_can_be_closed_again() -> None:
    lookout = Lookout(("error",))
    lookout.close()
    lookout.close()
    assert lookout.finding is None


LOST = """
import sys, time, torch, lossmon
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
mon = lossmon.watch(model, optimizer, logdir=sys.argv[1], stop_on=("error",))
print(mon._lookout._process.pid, flush=True)
time.sleep(600)
"""


def test_the_judge_of_a_killed_training_ends_with_it(tmp_path: Path, until: Until) -> None:
    training = subprocess.Popen(
        [sys.executable, "-c", LOST, str(tmp_path / "a")], stdout=subprocess.PIPE, text=True
    )
    assert training.stdout is not None
    with training.stdout:
        judge = int(training.stdout.readline())
        training.kill()
    training.wait()
    until(lambda: not alive(judge))


def alive(pid: int) -> bool:
    """Return whether a process still runs; one that nobody has waited for does not."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
