"""What is called the loss of a step of several backward passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon.records import Run
from lossmon.signals import LOSS

PASSES = 3
STEPS = 3
Divide = Callable[[Tensor, int], Tensor]
scaler = torch.amp.GradScaler("cpu", init_scale=8.0)


@pytest.fixture
def recorded(
    task: Any, record: Callable[..., Run]
) -> Callable[[Divide, str], tuple[list[float], list[float]]]:
    """Accumulate the gradients of divided losses; return the recorded losses and the true ones."""

    def recorded(divided: Divide, words: str = "", reduction: str = "mean") -> Any:
        truth: list[float] = []

        def train(monitor: Any) -> None:
            for step in range(STEPS):
                losses = []
                passes = PASSES - (step == STEPS - 1)
                for part in range(passes):
                    rows = slice(16 * part, 16 * part + 16)
                    loss = F.cross_entropy(
                        task.model(task.x[rows]), task.y[rows], reduction=reduction
                    )
                    losses.append(loss.item())
                    divided(loss, passes).backward()
                    if words == "each" and part < passes - 1:
                        monitor.step(loss)
                task.optimizer.step()
                task.optimizer.zero_grad()
                if words:
                    monitor.step(loss)
                truth.append(sum(losses) / len(losses))

        series = record(task.model, task.optimizer, train).scalar(LOSS)
        assert series is not None
        return series.values.tolist(), truth

    return recorded


@pytest.mark.parametrize(
    "divided",
    [
        lambda loss, passes: loss,
        lambda loss, passes: loss / passes,
        lambda loss, passes: loss / PASSES,
        lambda loss, passes: loss * (1 / passes),
        lambda loss, passes: loss.div_(passes),
        lambda loss, passes: scaler.scale(loss / passes),
        lambda loss, passes: loss / passes / 1,
    ],
    ids=["not", "by passes", "by passes of a whole step", "times", "in place", "scaled", "twice"],
)
def test_a_loss_that_is_divided_to_accumulate_is_recorded_whole(
    recorded: Callable[..., Any], divided: Divide
) -> None:
    found, truth = recorded(divided)
    assert found == pytest.approx(truth, rel=1e-6)


def test_sums_over_a_count_of_all_targets_of_the_step_add_up(recorded: Callable[..., Any]) -> None:
    count: list[Tensor] = []

    def divided(loss: Tensor, passes: int) -> Tensor:
        if loss.item() and len(count) % PASSES == 0:
            count.clear()
            count.append(torch.tensor(16 * passes))
        else:
            count.append(count[0])
        return loss / count[0]

    found, truth = recorded(divided, reduction="sum")
    assert found[:2] == pytest.approx([loss / 16 for loss in truth[:2]], rel=1e-6)


def test_sums_over_a_constant_do_not_add_up(recorded: Callable[..., Any]) -> None:
    size = torch.tensor(16)
    found, truth = recorded(lambda loss, passes: loss / size, reduction="sum")
    assert found[1:] == pytest.approx([loss / 16 for loss in truth[1:]], rel=1e-6)


def test_a_loss_divided_by_anything_else_is_recorded_as_it_is(recorded: Callable[..., Any]) -> None:
    found, truth = recorded(lambda loss, passes: loss / 7)
    assert found == pytest.approx([loss / 7 for loss in truth], rel=1e-6)


def test_a_loop_may_tell_the_loss_of_every_pass(recorded: Callable[..., Any]) -> None:
    found, truth = recorded(lambda loss, passes: loss / passes, words="each")
    assert found == pytest.approx(truth, rel=1e-6)


def test_an_optimizer_that_only_wraps_another_is_seen_through() -> None:
    from lossmon.capture.groups import inner_optimizer

    class Wrapper(torch.optim.Optimizer):
        def __init__(self, optimizer: torch.optim.Optimizer) -> None:
            self.optimizer = optimizer

        def step(self) -> None:  # type: ignore[override]
            self.optimizer.step()

    inner = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    assert inner_optimizer(Wrapper(inner)) is inner
    assert inner_optimizer(inner) is inner
