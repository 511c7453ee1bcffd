"""What a script computes without gradients, by the loss module that it trains by, is validation."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossmon import signals
from lossmon.capture.heldout import HeldOut
from lossmon.capture.hooks import TAPS
from lossmon.records import Run

Watched = Callable[[Callable[[], None]], dict[str, Run]]


class Training:
    """A linear regression, and data to evaluate it on."""

    def __init__(self) -> None:
        self.x, self.y = torch.randn(24, 4), torch.randn(24, 1)
        self.model = nn.Linear(4, 1)
        self.criterion = nn.MSELoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)
        self.wanted: list[float] = []

    def step(self) -> None:
        self.optimizer.zero_grad()
        self.criterion(self.model(self.x[:8]), self.y[:8]).backward()
        self.optimizer.step()

    @torch.no_grad()
    def evaluate(self, x: Tensor, y: Tensor, size: int = 8) -> None:
        for at in range(0, len(x), size):
            self.criterion(self.model(x[at : at + size]), y[at : at + size])

    @torch.no_grad()
    def note(self, x: Tensor, y: Tensor) -> None:
        """Remember what the evaluation must come to."""
        self.wanted.append(F.mse_loss(self.model(x), y).item())


def validation(runs: dict[str, Run]) -> tuple[list[int], list[float]]:
    (run,) = runs.values()
    series = run.scalar(signals.VAL_LOSS)
    return ([], []) if series is None else (series.steps.tolist(), series.values.tolist())


def test_an_evaluation_is_the_mean_over_its_examples_at_the_step_before(watched: Watched) -> None:
    training = Training()

    def train() -> None:
        for step in range(20):
            training.step()
            if step % 10 == 9:
                training.evaluate(training.x[8:], training.y[8:], size=6)  # 6, 6 and 4
                training.note(training.x[8:], training.y[8:])

    steps, values = validation(watched(train))
    assert steps == [9, 19]
    assert values == pytest.approx(training.wanted)


def test_of_training_and_test_set_the_higher_mean_is_taken(watched: Watched) -> None:
    training = Training()

    def train() -> None:
        for _ in range(3):
            training.step()
        training.evaluate(training.x[:8], training.y[:8])
        training.evaluate(training.x[8:], training.y[8:] + 5)
        training.note(training.x[8:], training.y[8:] + 5)

    assert validation(watched(train))[1] == pytest.approx(training.wanted)


def test_losses_with_gradients_and_losses_of_single_examples_are_none(watched: Watched) -> None:
    training = Training()
    each = nn.MSELoss(reduction="none")

    def train() -> None:
        for _ in range(5):
            training.step()
            training.criterion(training.model(training.x), training.y)
            with torch.no_grad():
                each(training.model(training.x), training.y)

    assert validation(watched(train)) == ([], [])


def test_an_evaluation_after_every_step_of_a_long_run_is_heard_of_less_often(
    watched: Watched,
) -> None:
    training = Training()

    def train() -> None:
        for _ in range(400):
            training.step()
            training.evaluate(training.x[8:], training.y[8:])

    steps, _ = validation(watched(train))
    assert steps[:50] == list(range(50))
    assert max(b - a for a, b in itertools.pairwise(steps)) == 4


def test_an_experiment_on_a_copy_is_no_evaluation(watched: Watched) -> None:
    training = Training()

    def train() -> None:
        for _ in range(5):
            training.step()
        with TAPS.suspended():
            training.evaluate(training.x, training.y)

    assert validation(watched(train)) == ([], [])


def test_loss_modules_are_as_they_were_and_copies_are_plain(watched: Watched) -> None:
    call = nn.MSELoss.__call__
    training = Training()

    def train() -> None:
        training.step()
        copied = pickle.loads(pickle.dumps(training.criterion))
        assert copied(training.x, training.x) == 0
        assert torch.jit.script(training.criterion)(training.x, training.x) == 0
        compiled = torch.compile(training.criterion, backend="eager", fullgraph=True)
        with torch.no_grad():
            assert compiled(training.x, training.x) == 0

    try:
        watched(train)
    finally:
        torch._dynamo.reset()  # what was compiled would be seen by the tests that follow
    assert nn.MSELoss.__call__ is call
    assert "__call__" not in vars(nn.modules.loss._Loss)


@pytest.mark.parametrize("name", ["_see", "_flush"])
def test_an_evaluation_that_cannot_be_recorded_goes_on_with_one_warning(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fails(*args: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(HeldOut, name, fails)
    training = Training()

    def train() -> None:
        for _ in range(6):
            training.step()
            training.evaluate(training.x, training.y)

    with pytest.warns(RuntimeWarning, match="validation could not be recorded at one step"):
        steps, _ = validation(watched(train))
    assert steps == []
