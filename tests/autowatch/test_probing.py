"""`lossmon run --probe`: every training of a script is asked at its end, with no batch given."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import lossmon
from lossmon import signals
from lossmon.autowatch.places import Places
from lossmon.autowatch.watcher import Watcher
from lossmon.cli import main
from lossmon.probes import suite
from lossmon.probes.outcome import NotRun
from lossmon.probes.results import ProbeResults

OVERFIT = "overfit-batch"
Answers = dict[str, dict[str, Any]]
Probed = Callable[..., dict[str, Answers]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the one question that decides about floors, and how sensitive the model is."""
    wanted = (OVERFIT, "train-eval")
    chosen = tuple(each for each in suite.EXPERIMENTS if each[0] in wanted)
    left_out = [name for name, *_ in suite.EXPERIMENTS if name not in wanted]
    monkeypatch.setattr(suite, "EXPERIMENTS", chosen)
    left_out = dict.fromkeys((n.replace("-", "_") for n in left_out), NotRun("left out"))
    monkeypatch.setattr(suite, "ProbeResults", lambda **found: ProbeResults(**left_out, **found))


@pytest.fixture
def probed(tmp_path: Path, nothing_left: None) -> Probed:
    """Call a function that trains, as a script would; return the answers of every run by name."""

    def probed(train: Callable[[], object], error: BaseException | None = None) -> Any:
        torch.manual_seed(0)
        watcher = Watcher(Places(tmp_path / "out"), probes=True)
        try:
            train()
        finally:
            watcher.close(error)
        runs = {path.name: lossmon.read_run(path) for path in sorted((tmp_path / "out").iterdir())}
        return {
            name: {m.detail["probe"]: dict(m.detail) for m in run.marks if m.kind == signals.PROBE}
            for name, run in runs.items()
        }

    return probed


def classify(steps: int = 12, classes: int = 3) -> list[float]:
    """Train in a function: the model is gone when it returns."""
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, classes))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion, losses = nn.CrossEntropyLoss(), []
    for _ in range(steps):
        x, y = torch.randn(16, 8), torch.randint(classes, (16,))
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_a_model_that_a_function_made_is_asked_after_its_end(probed: Probed) -> None:
    (answers,) = probed(classify).values()
    assert answers[OVERFIT]["fitted"] is True
    assert 0.8 < answers[OVERFIT]["prior_loss"] <= math.log(3)


def test_the_answers_are_shown(probed: Probed, capsys: pytest.CaptureFixture[str]) -> None:
    probed(classify)
    head, *answers = capsys.readouterr().err.splitlines()
    assert head == "lossmon: probing Sequential, for 60 s at most"
    assert len(answers) == 5
    assert answers[0].startswith("  overfit-batch     fitted: loss ")


def test_losses_are_those_of_the_script_without_it(probed: Probed) -> None:
    heard: list[list[float]] = []
    probed(lambda: heard.append(classify(40)))
    torch.manual_seed(0)
    assert heard == [classify(40)]


def test_a_model_that_is_too_small_cannot_fit_its_batch(probed: Probed) -> None:
    def train() -> None:
        model, optimizer = _narrow()
        for _ in range(12):
            x = torch.randn(64, 8)
            optimizer.zero_grad()
            F.mse_loss(model(x).squeeze(1), torch.randn(64)).backward()
            optimizer.step()

    (answers,) = probed(train).values()
    assert answers[OVERFIT]["fitted"] is False


def test_each_side_of_a_game_has_its_own_answers(probed: Probed) -> None:
    (first, second) = probed(play).values()
    assert set(first) == set(second) == {OVERFIT, "train-eval"}
    assert first[OVERFIT]["first_loss"] != second[OVERFIT]["first_loss"]


def test_accumulated_passes_are_heard_too(probed: Probed) -> None:
    def train() -> None:
        model, optimizer = _narrow()
        for step in range(24):
            (model(torch.randn(4, 8)).square().mean() / 2).backward()
            if step % 2:
                optimizer.step()
                optimizer.zero_grad()

    (answers,) = probed(train).values()
    assert OVERFIT in answers


def test_a_script_that_watches_itself_is_asked_in_its_own_log(
    probed: Probed, tmp_path: Path
) -> None:
    def train() -> None:
        model, optimizer = _narrow()
        lossmon.watch(model, optimizer, logdir=tmp_path / "out" / "own")
        for _ in range(12):
            optimizer.zero_grad()
            model(torch.randn(4, 8)).square().mean().backward()
            optimizer.step()

    assert OVERFIT in probed(train)["own"]


def test_a_script_that_failed_is_not_asked(probed: Probed) -> None:
    (answers,) = probed(classify, ValueError("out of disk")).values()
    assert answers == {}


def test_too_few_steps_are_said_so(probed: Probed, capsys: pytest.CaptureFixture[str]) -> None:
    (answers,) = probed(lambda: classify(3)).values()
    assert answers == {}
    said = "lossmon: Sequential is not probed: none of its steps could be listened to\n"
    assert capsys.readouterr().err == said


def test_an_interrupt_ends_the_probe_and_keeps_the_log(
    probed: Probed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(suite, "EXPERIMENTS", ((OVERFIT, interrupted, 1.0),))
    (answers,) = probed(classify).values()
    assert answers == {}
    assert capsys.readouterr().err.endswith("lossmon: the probe was broken off\n")


def test_ranks_of_a_launcher_cannot_be_probed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--probe", "torchrun", "train.py"]) == 2
    assert "--probe" in capsys.readouterr().err


def play() -> None:
    """Train a generator against a critic."""
    maker, critic = nn.Linear(2, 4), nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    makes = torch.optim.Adam(maker.parameters(), lr=1e-3)
    judges = torch.optim.Adam(critic.parameters(), lr=1e-3)
    for batch in _noise(40):
        judges.zero_grad()
        real, made = torch.randn(8, 4) + 1, maker(batch).detach()
        (F.softplus(critic(made)) + F.softplus(-critic(real))).mean().backward()
        judges.step()
        makes.zero_grad()
        F.softplus(-critic(maker(batch))).mean().backward()
        makes.step()


def _noise(count: int) -> Iterator[Tensor]:
    for _ in range(count):
        yield torch.randn(8, 2)


def _narrow() -> tuple[nn.Module, torch.optim.Optimizer]:
    model = nn.Sequential(nn.Linear(8, 1), nn.Tanh(), nn.Linear(1, 1))
    return model, torch.optim.SGD(model.parameters(), lr=0.1)
