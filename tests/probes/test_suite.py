"""All experiments together: arguments, answers as text, marks in the log, failures told."""

from __future__ import annotations

import dataclasses
import io
import math
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import lossmon
from lossmon.diagnosis.facts import Facts
from lossmon.errors import UsageError
from lossmon.probes.clock import Clock
from lossmon.probes.outcome import NotRun
from lossmon.probes.results import ProbeResults

KEYS = {
    "overfit-batch": {"fitted", "first_loss", "last_loss", "prior_loss", "steps"},
    "input-twin": {"loss", "zeroed_loss", "shuffled_loss", "shuffled_spread", "uses_input"},
    "lr-sweep": {"lr", "critical_lr", "lrs", "losses"},
    "train-eval": {"train_loss", "eval_loss"},
    "batch-dependency": {"depends", "of"},
}
"""What rules read."""


class Task:
    """A small classifier, its batch and its optimizer."""

    def __init__(self) -> None:
        self.model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.criterion = nn.CrossEntropyLoss()
        x = torch.randn(32, 6)
        self.batch = x, x[:, :3].argmax(1)


@pytest.fixture
def task() -> Task:
    return Task()


def test_answers_stand_in_the_log_for_the_rules(task: Task, tmp_path: Path) -> None:
    with lossmon.watch(
        task.model, task.optimizer, criterion=task.criterion, logdir=tmp_path / "run"
    ) as monitor:
        found = monitor.probe(task.batch)
    facts = Facts(lossmon.read_run(monitor.logdir))
    for name, keys in KEYS.items():
        detail = facts.probe(name)
        assert detail is not None
        answer = getattr(found, name.replace("-", "_"))
        assert set(detail) == {"probe", *keys}
        for key in keys:
            value = getattr(answer, key)
            assert detail[key] == (list(value) if isinstance(value, tuple) else value)
    assert facts.probe("overfit-batch")["fitted"] is True
    assert facts.probe("input-twin")["uses_input"] is True


def test_without_an_optimizer_that_holds_it_lr_sweep_alone_is_missing(task: Task) -> None:
    found = lossmon.probe(task.model, task.criterion, task.batch)
    assert isinstance(found.lr_sweep, NotRun)
    assert str(found).count("could not be run") == 1


def test_the_text_is_aligned_and_names_every_experiment(task: Task) -> None:
    lines = str(lossmon.probe(task.model, F.cross_entropy, task.batch, task.optimizer)).split("\n")
    assert {line.split()[0] for line in lines} == set(KEYS)
    assert {len(line) - len(line.split(maxsplit=1)[1]) for line in lines} == {18}
    assert not any("nan" in line for line in lines)


def test_results_cannot_be_changed(task: Task) -> None:
    found = lossmon.probe(task.model, task.criterion, task.batch)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.train_eval = NotRun("")  # type: ignore[misc]


def test_a_function_of_model_and_batch_may_take_anything(task: Task, tmp_path: Path) -> None:
    batch = {"features": task.batch[0], "classes": task.batch[1], "note": "anything"}

    def loss_fn(model: nn.Module, batch: Any) -> Tensor:
        return F.cross_entropy(model(batch["features"]), batch["classes"])

    with lossmon.watch(task.model, task.optimizer, logdir=tmp_path / "run") as monitor:
        found = monitor.probe(batch, loss_fn=loss_fn)
    assert "could not be run" not in str(found)


def test_a_model_that_returns_its_own_loss_needs_no_other() -> None:
    class Output(dict[str, Tensor]):
        pass

    class Own(nn.Linear):
        def forward(self, x: Tensor, labels: Tensor) -> Output:
            logits = super().forward(x)
            return Output(loss=F.cross_entropy(logits, labels), logits=logits)

    x = torch.randn(32, 6)
    found = lossmon.probe(Own(6, 3), None, {"x": x, "labels": x[:, :3].argmax(1)})
    assert isinstance(found.input_twin, NotRun) is False
    assert found.batch_dependency.depends == 0


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"batch": torch.ones(3)}, "batch must be a pair (inputs, targets), not a tensor"),
        ({"batch": (1, 2, 3)}, "not a tuple of 3"),
        ({"loss_fn": None}, "no loss is known; pass loss_fn="),
        ({"loss_fn": 3}, "loss_fn must be a criterion or a function of (model, batch), not int"),
        ({"model": 3}, "model must be a torch module, not int"),
        ({"optimizer": 3}, "optimizer must be a torch optimizer, or a list of them, not int"),
        ({"seconds": 0}, "seconds must be a number above 0, not 0"),
        ({"seconds": math.nan}, "seconds must be a number above 0, not nan"),
    ],
)
def test_arguments_that_cannot_be_used_raise_one_line(
    task: Task, change: dict[str, Any], line: str
) -> None:
    arguments = {
        "model": task.model, "loss_fn": task.criterion, "batch": task.batch,
        "optimizer": task.optimizer, "seconds": 60,
    }  # fmt: skip
    with pytest.raises(UsageError) as caught:
        lossmon.probe(**{**arguments, **change})
    assert line in str(caught.value)
    assert str(caught.value).startswith("probe(): ")
    assert "\n" not in str(caught.value)


def test_without_a_criterion_a_monitor_asks_for_one(task: Task, tmp_path: Path) -> None:
    with (
        lossmon.watch(task.model, task.optimizer, logdir=tmp_path / "run") as monitor,
        pytest.raises(UsageError, match="no loss is known"),
    ):
        monitor.probe(task.batch)


def test_a_closed_monitor_answers_and_writes_nothing(task: Task, tmp_path: Path) -> None:
    with lossmon.watch(task.model, task.optimizer, logdir=tmp_path / "run") as monitor:
        pass
    before = lossmon.read_run(monitor.logdir).marks
    assert monitor.probe(task.batch, loss_fn=task.criterion).overfit_batch.fitted
    assert lossmon.read_run(monitor.logdir).marks == before


def test_a_copy_of_a_monitor_has_no_model_to_ask(task: Task, tmp_path: Path) -> None:
    with lossmon.watch(task.model, task.optimizer, logdir=tmp_path / "run") as monitor:
        copied = pickle.loads(pickle.dumps(monitor))
    with pytest.raises(UsageError, match="the watched model is gone"):
        copied.probe(task.batch)


def test_what_raises_is_told_and_the_others_go_on(task: Task) -> None:
    class OnlyTrains(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            if not self.training:
                raise ValueError("train first\nand more")
            return super().forward(x)

    found = lossmon.probe(OnlyTrains(6, 3), task.criterion, task.batch)
    assert found.train_eval == NotRun("ValueError: train first")
    assert isinstance(found.batch_dependency, NotRun)
    assert not isinstance(found.overfit_batch, NotRun)
    assert not isinstance(found.input_twin, NotRun)


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        (lambda model, batch: None, "the loss is no tensor but of type NoneType"),
        (lambda model, batch: model(batch[0]), "the loss is no single number"),
        (lambda model, batch: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_loss_that_cannot_be_used_is_told_by_every_experiment(
    task: Task, loss: Any, why: str
) -> None:
    found = lossmon.probe(task.model, loss, task.batch, task.optimizer)
    assert str(found).count(f"could not be run: {why}") == 5


def test_time_is_kept_and_what_it_did_not_allow_is_told(task: Task) -> None:
    class Slow(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            time.sleep(0.02)
            return super().forward(x)

    began = time.monotonic()
    found = lossmon.probe(Slow(6, 3), task.criterion, task.batch, seconds=0.5)
    assert time.monotonic() - began < 2
    assert isinstance(found.overfit_batch, NotRun)
    assert "give it more seconds=" in str(found.overfit_batch)
    assert "give it more seconds=" in str(found.input_twin)


def test_inside_no_grad_and_inference_mode_it_works_as_well(task: Task) -> None:
    with torch.no_grad():
        plain = lossmon.probe(task.model, task.criterion, task.batch, task.optimizer)
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        batch = task.batch[0] + 0, task.batch[1] + 0
        found = lossmon.probe(task.model, task.criterion, batch, task.optimizer)
    assert found == plain


def test_under_autocast_weights_are_cast_anew(task: Task) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found = lossmon.probe(task.model, task.criterion, task.batch, task.optimizer)
        assert torch.is_autocast_cache_enabled()
    assert found.overfit_batch.fitted


def test_several_monitors_on_one_training_all_write_the_answers(task: Task, tmp_path: Path) -> None:
    monitors = [
        lossmon.watch(task.model, task.optimizer, logdir=tmp_path / str(n)) for n in range(2)
    ]
    monitors[1].probe(task.batch, loss_fn=task.criterion)
    for monitor in monitors:
        monitor.close()
        assert Facts(lossmon.read_run(monitor.logdir)).probe("train-eval") is not None


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_after_a_second_and_taken_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen, now = Screen(), [0.0]
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    clock = Clock(60, now=lambda: now[0])
    clock.begin("overfit-batch", 0.5)
    clock.tell("step 10")
    assert screen.getvalue() == ""
    now[0] = 1.5
    clock.tell("step 20")
    clock.tell("step 30")
    assert screen.getvalue() == "\rlossmon: overfit-batch, step 20, 2 s\r"
    clock.clear()
    assert screen.getvalue().endswith(f"\r{' ' * 36}\r")


def test_off_a_terminal_nothing_is_shown(
    task: Task, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lossmon.probes.clock.PATIENCE_S", 0.0)
    lossmon.probe(task.model, task.criterion, task.batch)
    assert capsys.readouterr() == ("", "")


def test_results_are_one_type() -> None:
    assert {field.name.replace("_", "-") for field in dataclasses.fields(ProbeResults)} == set(KEYS)
