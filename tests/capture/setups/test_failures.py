"""Whatever of ours fails, the training is the same: one warning, then the collector is off."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import lossmon.capture
from lossmon.capture import activations, recorder, sampler
from lossmon.capture.accumulation import Accumulation
from lossmon.capture.batches import BatchMeter
from lossmon.capture.criterion import CriterionMeter
from lossmon.capture.device import DeviceMeter
from lossmon.capture.epochs import Epochs
from lossmon.capture.forwards import ForwardMeter
from lossmon.capture.log import RunLog
from lossmon.capture.modes import ModeMeter
from lossmon.capture.recorder import Recorder
from lossmon.capture.renewal import Renewal
from lossmon.capture.rootcalls import RootCalls
from lossmon.capture.roster import Roster
from lossmon.capture.routes import Routes
from lossmon.capture.samples import Sample
from lossmon.capture.scalars import ScalarLog
from lossmon.capture.scaling import Scaling
from lossmon.capture.segments import Segments
from lossmon.capture.units import UnitMeter
from lossmon.capture.updates import StepMeter
from lossmon.capture.wiring import WiringMeter
from lossmon.records import Run
from lossmon.signals import LOSS

STEPS = 8

BREAKS: list[tuple[str, Any, str]] = [
    ("wiring", WiringMeter, "backward_begins"),
    ("wiring", WiringMeter, "backward_ended"),
    ("wiring", WiringMeter, "step_ended"),
    ("updates", WiringMeter, "take"),
    ("modes", ModeMeter, "measure"),
    ("criterion", CriterionMeter, "measure"),
    ("updates", StepMeter, "before"),
    ("updates", StepMeter, "gradients"),
    ("updates", StepMeter, "after"),
    ("updates", Segments, "gather"),
    ("updates", UnitMeter, "distinct_share"),
    ("updates", ForwardMeter, "take"),
    ("updates", Sample, "finish"),
    ("predictions", sampler, "verdicts"),
    ("activations", Roster, "see"),
    ("activations", Roster, "measure"),
    ("unclipped", sampler, "unclipped_norms"),
    ("loss", recorder, "held_loss"),
    ("accumulation", Accumulation, "look"),
    ("loss", ScalarLog, "put"),
    ("lr", RunLog, "learning_rates"),
    ("parameters", Renewal, "look"),
    ("epochs", Epochs, "look"),
    ("inputs", BatchMeter, "_look"),
    ("inputs", RootCalls, "_notice"),
    ("pace", BatchMeter, "pace"),
    ("device", DeviceMeter, "readings"),
    ("ticks", Recorder, "_tick"),
    ("loss scale", Scaling, "_note"),
    ("routing", Routes, "_owner"),
    ("routing", Routes, "_trainings"),
    ("monitor", Recorder, "backward_begins"),
    ("monitor", Recorder, "backward_ended"),
    ("monitor", Recorder, "step_begins"),
    ("monitor", Recorder, "step_ended"),
    ("monitor", Recorder, "user_step"),
    ("monitor", Recorder, "user_log"),
    ("log", RunLog, "close"),
    ("close", Recorder, "close"),
]


def training(side: Any) -> tuple[Any, ...]:
    """Accumulate and clip under a scaler, tell losses: all that a collector could look at."""
    model = side.classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    side.watch(model, optimizer)
    for _ in range(STEPS):
        optimizer.zero_grad()
        for _ in range(2):
            loss = side.loss(model)
            scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        scaler.step(optimizer)
        scaler.update()
        if side.watched:
            side.monitors[0].step(loss)
            side.monitors[0].log(val_loss=1.0)
    return model, optimizer, scaler


def broken(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, error: BaseException) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(place, name, fails)


def counted(meter: DeviceMeter, device: torch.device, make: Any = DeviceMeter.__init__) -> None:
    """Make a meter that takes the host for a device."""
    make(meter, device)
    meter.is_counted = True


@pytest.mark.parametrize("break_", BREAKS, ids=lambda b: f"{b[0]}: {b[2]}")
@pytest.mark.parametrize(
    "error", [RuntimeError("on purpose"), MemoryError()], ids=["any", "memory"]
)
def test_training_goes_on_bit_for_bit_with_one_warning(
    break_: tuple[str, Any, str],
    error: Exception,
    twice: Callable[..., list[Run]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collector, place, name = break_
    broken(monkeypatch, place, name, error)
    if place is DeviceMeter:
        monkeypatch.setattr(DeviceMeter, "__init__", counted)
    said = twice(training, ledger=False, fails=True).warnings
    first, *rest = [text for text in said if f"lossmon: {collector} " in text]
    assert "could not be recorded at one step" in first
    assert all("is not recorded any more" in text for text in rest)
    assert len(rest) < 2
    assert len(said) == 1 + len(rest), said


def test_every_guarded_collector_is_broken_above() -> None:
    folder = Path(lossmon.capture.__file__).parent
    source = "\n".join(path.read_text() for path in folder.glob("*.py"))
    guarded = {*re.findall(r'guard\.run\(\s*"([\w ]+)"', source), activations.NAME}
    # Only `lossmon run` listens to evaluations: broken in the tests of that.
    assert guarded == {"validation", *(collector for collector, _, _ in BREAKS)}


def test_a_collector_that_fails_again_and_again_is_off_and_the_rest_is_recorded(
    twice: Callable[..., list[Run]], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, StepMeter, "before", RuntimeError("on purpose"))
    (run,) = twice(training, ledger=False, fails=True)
    assert len(run.scalar(LOSS)) == STEPS
    off = [mark.detail for mark in run.marks if mark.kind == "collector-off"]
    assert off == [{"collector": "updates", "error": "RuntimeError: on purpose"}]


def test_a_monitor_that_failed_leaves_the_next_one_whole(
    twice: Callable[..., list[Run]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        broken(patch, Recorder, "step_ended", RuntimeError("on purpose"))
        twice(training, ledger=False, fails=True)
    (run,) = twice(training, ledger=False)
    assert len(run.scalar(LOSS)) == STEPS


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(3)], ids=["interrupt", "exit"])
def test_an_interrupt_passes_through_and_the_log_closes(
    stop: BaseException,
    twice: Callable[..., list[Run]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for step in range(STEPS):
            optimizer.zero_grad()
            loss = side.loss(model)
            if side.watched and step == 5:
                with monkeypatch.context() as patch:
                    broken(patch, WiringMeter, "backward_ended", stop)
                    with pytest.raises(type(stop)):
                        loss.backward()
            else:
                loss.backward()
            optimizer.step()
        return model, optimizer

    (run,) = twice(train, ledger=False)
    assert len(run.scalar(LOSS)) == STEPS


def test_an_error_of_the_users_that_cannot_be_printed_is_still_the_users(tmp_path: Path) -> None:
    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise ValueError("no text")

    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train() -> None:
        with lossmon.watch(model, optimizer, logdir=tmp_path / "run"):
            raise UnprintableError

    with pytest.warns(RuntimeWarning, match="close could not be"), pytest.raises(UnprintableError):
        train()
