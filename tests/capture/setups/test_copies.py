"""A watched model is still a model like any other; its copies are unmonitored."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import lossmon
from lossmon.records import Run
from lossmon.signals import LOSS

STEPS = 5


class Judging(nn.Module):
    """A model that owns its criterion, as many do."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, x: Tensor) -> Tensor:
        return self.criterion(self.net(x), x[:, :3].argmax(1))


def through_pickle(model: nn.Module) -> nn.Module:
    return pickle.loads(pickle.dumps(model))


def through_file(model: nn.Module) -> nn.Module:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


COPIES: dict[str, Callable[[nn.Module], nn.Module]] = {
    "deepcopy": copy.deepcopy,
    "pickle": through_pickle,
    "torch.save": through_file,
    "averaged": lambda model: AveragedModel(model).module,
    "exponentially averaged": lambda model: (
        AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9)).module
    ),
}


@pytest.mark.parametrize("when", ["at once", "while it trains", "between forward and backward"])
@pytest.mark.parametrize("how", list(COPIES))
def test_a_copy_trains_unmonitored_and_the_original_goes_on(
    how: str, when: str, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = Judging()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer, criterion=model.criterion)
        copied = COPIES[how](model) if when == "at once" else None
        for step in range(STEPS):
            optimizer.zero_grad()
            if when == "while it trains" and step == 2:
                copied = COPIES[how](model)
            loss = model(torch.randn(16, 6))
            if when == "between forward and backward" and step == 2:
                copied = COPIES[how](model)
            loss.backward()
            optimizer.step()
        own = torch.optim.SGD(copied.parameters(), lr=0.1)
        for _ in range(STEPS):
            own.zero_grad()
            copied(torch.randn(16, 6)).backward()
            own.step()
        return model, copied, optimizer, own

    (run,) = twice(train, ledger=False)
    assert len(run.scalar(LOSS)) == STEPS


def test_a_saved_model_loads_where_lossmon_is_not_installed(tmp_path: Path) -> None:
    model = nn.CrossEntropyLoss()
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with lossmon.watch(net, optimizer, criterion=model, logdir=tmp_path / "run"):
        model(net(torch.ones(2, 6)), torch.zeros(2, dtype=torch.long)).backward()
        optimizer.step()
        torch.save((net, model, optimizer), tmp_path / "all.pt")
    script = (
        "import sys, torch\n"
        "sys.modules['lossmon'] = None  # importing it raises\n"
        f"saved = torch.load({str(tmp_path / 'all.pt')!r}, weights_only=False)\n"
        "net, criterion, optimizer = saved\n"
        "criterion(net(torch.ones(2, 6)), torch.zeros(2, dtype=torch.long)).backward()\n"
        "optimizer.step()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("how", ["script", "trace", "export"])
def test_a_watched_model_is_scripted_traced_and_exported(
    how: str, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            x = torch.randn(16, 6)
            if how == "script":
                turned: Any = torch.jit.script(model)
            elif how == "trace":
                turned = torch.jit.trace(model, x)
            else:
                turned = torch.export.export(model, (x,)).module()
            torch.testing.assert_close(turned(x), model(x))
            side.step(model, optimizer, F.cross_entropy(model(x), x[:, :3].argmax(1)))
        return model, optimizer

    twice(train)


def test_a_scripted_model_is_watched_itself(twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model: Any = torch.jit.script(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    twice(train)
