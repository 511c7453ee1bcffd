"""A compiled model is compiled as often as without lossmon, and the log says what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import lossmon
from lossmon import layersignals
from lossmon.records import Run


@pytest.fixture(autouse=True)
def nothing_compiled() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


class Backend:
    """Runs what is compiled as it is, and counts the graphs."""

    def __init__(self) -> None:
        self.graphs = 0

    def __call__(self, graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Any:
        self.graphs += 1
        return graph.forward


class Pair(nn.Module):
    """A model of one's own: of a Sequential nothing is compiled in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(torch.relu(self.first(x)))


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


def train(model: Callable[..., torch.Tensor], plain: nn.Module, steps: int = 8) -> None:
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(16, 6)).square().mean().backward()
        optimizer.step()


@pytest.fixture(autouse=True)
def no_warning(recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    yield
    assert [str(w.message) for w in recwarn if "global hooks" in str(w.message)] == []


def off_marks(run: Run) -> list[str]:
    return [m.detail["error"] for m in run.marks if m.kind == "collector-off"]


@pytest.mark.parametrize("every", [1, 2])
def test_model_compiled_after_watch_gives_one_graph_without_a_break(
    tmp_path: Path, every: int
) -> None:
    model, backend = net(), Backend()
    with lossmon.watch(model, logdir=tmp_path / "run", every=every) as monitor:
        train(torch.compile(model, backend=backend, fullgraph=True), model)
    assert backend.graphs == 1
    assert off_marks(lossmon.read_run(monitor.logdir))


def test_model_compiled_before_watch_has_its_output_recorded(tmp_path: Path) -> None:
    model, backend = net(), Backend()
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    with lossmon.watch(compiled, logdir=tmp_path / "run", every=2) as monitor:
        train(compiled, model)
    run = lossmon.read_run(monitor.logdir)
    assert backend.graphs == 1
    assert run.meta is not None
    assert run.layers is not None
    assert [(info.name, info.kind) for info in run.meta.layers] == [("output", "Sequential")]
    assert (run.layers.column(layersignals.STD_OUT) > 0).all()
    assert "compiled" in off_marks(run)[0]


def test_model_compiled_in_place_gives_one_graph(tmp_path: Path) -> None:
    model, backend = Pair(), Backend()
    with lossmon.watch(model, logdir=tmp_path / "run", every=2) as monitor:
        model.compile(backend=backend, fullgraph=True)
        train(model, model)
    assert backend.graphs == 1
    assert off_marks(lossmon.read_run(monitor.logdir))


def test_a_graph_of_aot_autograd_is_known_for_a_compiled_one(tmp_path: Path) -> None:
    model = net()
    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        train(torch.compile(model, backend="aot_eager"), model, steps=3)
    assert "compiled" in off_marks(lossmon.read_run(monitor.logdir))[0]


def test_a_model_that_is_not_compiled_is_watched_beside_one_that_is(tmp_path: Path) -> None:
    other = torch.compile(net(), backend=Backend())
    other(torch.randn(2, 6))
    model = net()
    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        train(model, model)
    run = lossmon.read_run(monitor.logdir)
    assert run.layers is not None
    assert (run.layers.column(layersignals.STD_OUT)[1:] > 0).all()
    assert off_marks(run) == []


def test_torch_compile_is_its_own_again_after_close(tmp_path: Path) -> None:
    original = torch.compile
    monitor = lossmon.watch(net(), logdir=tmp_path / "run")
    assert torch.compile is not original
    monitor.close()
    assert torch.compile is original
