"""torch.compile: no further graph, no break, no recompilation, whenever the watch begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from lossmon.capture.epochs import LOADERS
from lossmon.capture.hooks import noting_passes
from lossmon.records import Run

STEPS = 8


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    torch._dynamo.eval_frame.cached_backends.clear()


def counts() -> dict[str, int]:
    """Return how many graphs dynamo has made, each anew included, and how often it broke one."""
    found = torch._dynamo.utils.counters
    return {
        "graphs": found["stats"]["unique_graphs"],
        "operations": found["stats"]["calls_captured"],
        "breaks": sum(found["graph_break"].values()),
    }


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x).tanh())


@pytest.mark.parametrize("when", ["before", "after", "after the first call"])
@pytest.mark.parametrize("way", ["function", "in place", "criterion too"])
def test_compiling_is_what_it_was(way: str, when: str, twice: Callable[..., list[Run]]) -> None:
    seen: list[dict[str, int]] = []

    def train(side: Any) -> tuple[Any, ...]:
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        model = Net()
        criterion = nn.CrossEntropyLoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        def watch() -> None:
            side.watch(model, optimizer, criterion=criterion)

        if when == "before":
            watch()
        run: Any = model
        if way == "in place":
            model.compile(backend="aot_eager")
        elif way == "function":
            run = torch.compile(model, backend="aot_eager")
        else:
            run = torch.compile(lambda x: model(x), backend="aot_eager")
        if when == "after":
            watch()
        if when == "after the first call":
            run(torch.randn(16, 6))
            watch()
        judge = (
            torch.compile(criterion, backend="aot_eager") if way == "criterion too" else criterion
        )
        for _ in range(STEPS):
            x = torch.randn(16, 6)
            side.step(model, optimizer, judge(run(x), x[:, :3].argmax(1)))
        seen.append(counts())
        return model, optimizer

    twice(train, off=("activations",))
    assert seen[1] == seen[0]
    assert seen[0]["graphs"] > 0


def test_a_compiled_optimizer_step_is_read(twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        torch._dynamo.reset()
        model = nn.Linear(6, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        compiled = torch.compile(optimizer.step, backend="aot_eager")
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = side.loss(model)
            loss.backward()
            side.ledger.loss(loss)
            side.ledger.unclipped(model)
            side.ledger.before(model)
            compiled()
            side.ledger.after(model)
        return model, optimizer

    twice(train, off=("activations",))


def test_a_loop_that_is_compiled_whole_is_read(twice: Callable[..., list[Run]]) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        torch._dynamo.reset()
        model = nn.Linear(6, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)

        @torch.compile(backend="aot_eager")
        def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss

        for _ in range(STEPS):
            optimizer.zero_grad()
            x = torch.randn(16, 6)
            loss = step(x, x[:, :3].argmax(1))
            side.ledger.loss(loss)
            side.ledger.unclipped(model)
            side.ledger.before(model)
            optimizer.step()
            side.ledger.after(model)
        return model, optimizer

    twice(train, off=("activations",))


def test_a_pass_over_data_that_a_compiled_function_begins_is_noted_untraced() -> None:
    graphs: list[Any] = []

    def keeping(graph: Any, _: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    before = LOADERS.begun
    begin = noting_passes(lambda loader: torch.ones(2) + 1)
    torch.compile(lambda loader: begin(loader), backend=keeping)(DataLoader([0]))
    assert LOADERS.begun == before + 1
    assert graphs == []
