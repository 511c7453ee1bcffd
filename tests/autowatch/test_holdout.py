"""`lossmon run --hold-out`: a script without validation gets a loss of examples it never learns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import lossmon
from lossmon import signals
from lossmon.autowatch import holdout
from lossmon.autowatch.apart import SHARE, Apart
from lossmon.autowatch.holdout import HoldOut
from lossmon.cli import main
from lossmon.records import Run

EXAMPLES, SIZE = 160, 8
HELD = int(SHARE * EXAMPLES)


class Training:
    """A classifier of numbered examples, and the numbers of those that its steps saw."""

    def __init__(self, optimizer: Callable[..., Any] = torch.optim.Adam, **options: Any) -> None:
        x = torch.randn(EXAMPLES, 4)
        numbers = torch.arange(EXAMPLES)
        self.data = TensorDataset(x, (x[:, 0] > 0).long(), numbers)
        self.model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
        self.optimizer = optimizer(self.model.parameters(), lr=0.01, **options)
        self.criterion = nn.CrossEntropyLoss()
        self.seen: list[list[int]] = []
        self.moved: list[list[int]] = []
        """Of every step that moved a weight, the numbers of its examples."""
        self.losses: list[float] = []

    def loader(self, **options: Any) -> DataLoader[Any]:
        return DataLoader(self.data, **{"batch_size": SIZE, "shuffle": True, **options})

    def run(self, passes: int = 3, *, loader: DataLoader[Any] | None = None) -> None:
        loader = self.loader() if loader is None else loader
        for _ in range(passes):
            for x, y, numbers in loader:
                self.step(x, y, numbers)

    def step(self, x: Tensor, y: Tensor, numbers: Tensor) -> None:
        before = [p.detach().clone() for p in self.model.parameters()]
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())
        self.seen.append(numbers.tolist())
        after = self.model.parameters()
        if any(not torch.equal(a, b) for a, b in zip(before, after, strict=True)):
            self.moved.append(numbers.tolist())

    def never_learnt(self) -> set[int]:
        return set(range(EXAMPLES)) - {n for numbers in self.moved for n in numbers}


def validation(run: Run) -> list[float]:
    series = run.scalar(signals.VAL_LOSS)
    return [] if series is None else series.values.tolist()


def test_a_fifth_of_the_examples_never_moves_a_weight(held_out: Any) -> None:
    training = Training()
    held_out(training.run)
    assert len(training.never_learnt()) == HELD


def test_the_script_is_given_all_examples_of_every_pass_in_batches_as_large(held_out: Any) -> None:
    training = Training()
    held_out(training.run)
    batches = EXAMPLES // SIZE
    for first in range(0, 3 * batches, batches):
        one_pass = training.seen[first : first + batches]
        assert {len(numbers) for numbers in one_pass} == {SIZE}
        assert sorted(n for numbers in one_pass for n in numbers) == list(range(EXAMPLES))


def test_their_mean_loss_is_the_validation_loss_before_each_pass_but_the_first(
    held_out: Any,
) -> None:
    training = Training()
    run, said = held_out(training.run)
    batches, held = EXAMPLES // SIZE, HELD // SIZE
    means = [sum(training.losses[at : at + held]) / held for at in (batches, 2 * batches)]
    assert validation(run) == pytest.approx(means)
    assert f"held out {HELD} of {EXAMPLES} examples" in said


def test_its_error_is_that_of_the_change_since_the_pass_before(held_out: Any) -> None:
    training = Training()
    run, _ = held_out(training.run)
    batches, held = EXAMPLES // SIZE, HELD // SIZE
    first, second = (torch.tensor(training.losses[at : at + held]) for at in (batches, 2 * batches))
    errors = run.scalar(signals.VAL_LOSS_ERROR)
    assert errors is not None
    wanted = float((second - first).std()) / held**0.5
    assert errors.values.tolist() == pytest.approx([wanted], rel=1e-4)


def test_the_log_says_how_many_were_held_out(held_out: Any) -> None:
    run, _ = held_out(Training().run)
    (mark,) = (mark for mark in run.marks if mark.kind == signals.HOLD_OUT)
    assert mark.detail == {"examples": HELD, "of": EXAMPLES}


def test_so_does_that_of_every_training_of_a_script(tmp_path: Path, watching: Any) -> None:
    def train() -> None:
        for name in "ab":
            training = Training()
            with lossmon.watch(training.model, training.optimizer, logdir=tmp_path / name):
                training.run(2)

    watching(train)
    for name in "ab":
        run = lossmon.read_run(tmp_path / name)
        assert [m.detail["of"] for m in run.marks if m.kind == signals.HOLD_OUT] == [EXAMPLES]
        assert len(validation(run)) == 1


def test_the_first_pass_of_a_training_is_not_taken_for_the_last_of_another(
    tmp_path: Path, watching: Any
) -> None:
    def train() -> None:
        Training().run(2)
        Training().run(2)

    watching(train)
    for place in sorted((tmp_path / "out").iterdir()):
        assert len(validation(lossmon.read_run(place))) == 1


def test_steps_on_them_are_no_steps_of_the_training(held_out: Any) -> None:
    training = Training()
    run, _ = held_out(training.run)
    assert run.last_step + 1 == len(training.moved)
    loss = run.scalar(signals.LOSS)
    assert loss is not None
    learnt = [
        value
        for value, numbers in zip(training.losses, training.seen, strict=True)
        if numbers in training.moved
    ]
    assert loss.values.tolist() == pytest.approx(learnt)


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1}),
        (torch.optim.AdamW, {}),
        (torch.optim.RMSprop, {"momentum": 0.9}),
    ],
)
def test_neither_momentum_nor_decay_moves_a_weight_on_them(
    optimizer: Any, options: dict[str, float], held_out: Any
) -> None:
    training = Training(optimizer, **options)
    held_out(training.run)
    assert len(training.never_learnt()) == HELD


def test_nor_where_the_step_is_given_a_closure(held_out: Any) -> None:
    training = Training(torch.optim.AdamW)

    def train() -> None:
        for _ in range(3):
            for x, y, numbers in training.loader():
                before = training.model[0].weight.detach().clone()

                def closure(x: Tensor = x, y: Tensor = y) -> Tensor:
                    training.optimizer.zero_grad()
                    loss = training.criterion(training.model(x), y)
                    loss.backward()
                    return loss

                training.optimizer.step(closure)
                if not torch.equal(before, training.model[0].weight):
                    training.moved.append(numbers.tolist())

    run, _ = held_out(train)
    assert len(training.never_learnt()) == HELD
    assert len(validation(run)) == 2


def test_a_grad_scaler_steps_as_ever(held_out: Any) -> None:
    training = Training()
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)

    def train() -> None:
        for _ in range(3):
            for x, y, _ in training.loader():
                training.optimizer.zero_grad()
                loss = training.criterion(training.model(x), y)
                scaler.scale(loss).backward()
                scaler.step(training.optimizer)
                scaler.update()
                training.losses.append(loss.item())

    run, _ = held_out(train)
    batches, held = EXAMPLES // SIZE, HELD // SIZE
    assert validation(run)[0] == pytest.approx(
        sum(training.losses[batches : batches + held]) / held
    )


def test_a_loop_that_fetches_a_batch_ahead_learns_none_of_them(held_out: Any) -> None:
    training = Training()

    def train() -> None:
        for _ in range(3):
            coming = iter(training.loader())
            batch = next(coming)
            for following in coming:
                training.step(*batch)
                batch = following
            training.step(*batch)

    held_out(train)
    chosen = Apart(range(EXAMPLES), EXAMPLES, SIZE).chosen
    assert chosen <= training.never_learnt()


def test_loaders_made_anew_hold_out_the_same_examples(held_out: Any) -> None:
    training = Training()

    def train() -> None:
        for _ in range(3):
            training.run(1, loader=training.loader())

    held_out(train)
    assert len(training.never_learnt()) == HELD


def test_workers_load_them_as_well(held_out: Any) -> None:
    training = Training()
    loader = training.loader(num_workers=1, persistent_workers=True)
    run, _ = held_out(lambda: training.run(3, loader=loader))
    assert len(training.never_learnt()) == HELD
    assert len(validation(run)) == 2


def test_a_monitor_of_the_scripts_own_is_not_told_of_them(tmp_path: Path, held_out: Any) -> None:
    training = Training()

    def train() -> None:
        with lossmon.watch(
            training.model, training.optimizer, logdir=tmp_path / "out" / "own"
        ) as mon:
            for _ in range(3):
                for x, y, numbers in training.loader():
                    training.step(x, y, numbers)
                    mon.step(training.losses[-1])

    run, _ = held_out(train)
    assert run.last_step + 1 == len(training.moved)
    assert len(validation(run)) == 2


def test_a_script_that_validates_keeps_its_own_validation_loss(held_out: Any) -> None:
    training = Training()

    def train() -> None:
        for _ in range(3):
            training.run(1)
            with torch.no_grad():
                x, y, _ = training.data[:]
                training.criterion(training.model(x), y)

    run, said = held_out(train)
    assert len(validation(run)) == 3
    assert "nothing was held out: the script has a validation loss of its own" in said


def test_a_validation_loader_that_shuffles_is_left_as_it_is(held_out: Any) -> None:
    training, order = Training(), []
    other = DataLoader(training.data, batch_size=SIZE, shuffle=False)

    def train() -> None:
        training.run(2)
        with torch.no_grad():
            order.extend(n for *_, numbers in other for n in numbers.tolist())

    held_out(train)
    assert order == list(range(EXAMPLES))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"shuffle": False}, "its loader does not shuffle"),
        ({"batch_size": 80}, "one pass has 2 batches of 160 examples"),
        ({"batch_size": None, "shuffle": False}, "its examples are not numbered and drawn in"),
    ],
)
def test_where_nothing_can_be_held_out_it_says_why(
    options: dict[str, Any], why: str, held_out: Any
) -> None:
    training = Training()

    def train() -> None:
        for x, y, numbers in training.loader(**options):
            training.step(x.reshape(-1, 4), y.reshape(-1), numbers.reshape(-1))

    run, said = held_out(train)
    assert f"nothing was held out: {why}" in said
    (off,) = (mark for mark in run.marks if mark.kind == "collector-off")
    assert off.detail["collector"] == signals.HELD_OUT_LOSS
    assert why in off.detail["error"]
    assert not validation(run)
    assert not training.never_learnt()


def test_accumulated_gradients_are_kept_and_nothing_is_written(held_out: Any) -> None:
    training = Training()

    def train() -> None:
        for _ in range(3):
            for place, (x, y, _) in enumerate(training.loader()):
                training.criterion(training.model(x), y).backward()
                if place % 2:
                    training.optimizer.step()
                    training.optimizer.zero_grad()

    run, said = held_out(train)
    assert "more than one backward pass goes before a step" in said
    assert not validation(run)


def test_it_leaves_loaders_and_torch_as_they_were(held_out: Any) -> None:
    training = Training()
    loader = training.loader()
    sampler, backward = loader.batch_sampler.sampler, torch.autograd.backward
    held_out(lambda: training.run(2, loader=loader))
    assert loader.batch_sampler.sampler is sampler
    assert torch.autograd.backward is backward


def test_it_is_refused_for_a_launcher(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--hold-out", "torchrun", "train.py"]) == 2
    assert "--hold-out is for a script in one process" in capsys.readouterr().err


def test_a_forked_worker_says_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    own = HoldOut()
    monkeypatch.setattr(holdout, "generation", lambda: -1)
    assert own.close() == ""
