"""`lossmon run --hold-out` in the loops that scripts have: none learns less for it than it says."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset, WeightedRandomSampler

import lossmon
from lossmon import signals
from lossmon.autowatch.apart import Apart
from lossmon.capture.hooks import TAPS
from lossmon.records import Run

EXAMPLES, SIZE = 160, 8
HELD = EXAMPLES // 5
CHOSEN = Apart(range(EXAMPLES), EXAMPLES, SIZE).chosen


class Training:
    """A classifier of numbered examples, and the numbers of those that moved its weights."""

    def __init__(self) -> None:
        x = torch.randn(EXAMPLES, 4)
        self.data = TensorDataset(x, (x[:, 0] > 0).long(), torch.arange(EXAMPLES))
        self.model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.criterion = nn.CrossEntropyLoss()
        self.moved: list[list[int]] = []

    def loader(self, **options: Any) -> DataLoader[Any]:
        shuffles = "sampler" not in options
        return DataLoader(self.data, **{"batch_size": SIZE, "shuffle": shuffles, **options})

    def step(self, x: Any, y: Any, numbers: Any) -> None:
        before = [p.detach().clone() for p in self.model.parameters()]
        self.optimizer.zero_grad()
        self.criterion(self.model(x), y).backward()
        self.optimizer.step()
        after = self.model.parameters()
        if any(not torch.equal(a, b) for a, b in zip(before, after, strict=True)):
            self.moved.append(numbers.tolist())

    def evaluate(self, loader: DataLoader[Any], *, grad: bool = False) -> None:
        with torch.set_grad_enabled(grad):
            for x, *_ in loader:
                self.model(x)

    @property
    def learnt(self) -> set[int]:
        return {n for numbers in self.moved for n in numbers}

    @property
    def learnt_the_rest(self) -> bool:
        """Whether it learnt all but what is held out, or what came once more right behind that."""
        return not self.learnt & CHOSEN and len(self.learnt) > EXAMPLES - HELD - SIZE


def written(run: Run) -> int:
    series = run.scalar(signals.VAL_LOSS)
    return 0 if series is None else len(series)


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_validation_between_a_batch_and_its_step_does_not_let_it_be_learnt(
    grad: bool, shuffle: bool, held_out: Any
) -> None:
    training = Training()
    loader, other = training.loader(), training.loader(shuffle=shuffle)

    def train() -> None:
        for _ in range(3):
            for batch in loader:
                training.evaluate(other, grad=grad)
                training.step(*batch)

    run, _ = held_out(train)
    assert training.learnt_the_rest
    assert written(run) == 2


def test_another_loader_beside_it_that_does_not_shuffle_changes_nothing(held_out: Any) -> None:
    training = Training()
    other = training.loader(shuffle=False)

    def train() -> None:
        for _ in range(3):
            for batch, _ in zip(training.loader(), other, strict=True):
                training.step(*batch)

    run, _ = held_out(train)
    assert training.learnt_the_rest
    assert written(run) == 2


def test_two_trainings_that_take_turns_have_a_loss_each(tmp_path: Path, watching: Any) -> None:
    trainings = [Training(), Training()]
    loaders = [each.loader() for each in trainings]

    def train() -> None:
        for _ in range(3):
            iterators = [iter(each) for each in loaders]
            for _ in range(EXAMPLES // SIZE):
                for training, iterator in zip(trainings, iterators, strict=True):
                    training.step(*next(iterator))

    watching(train)
    assert all(each.learnt_the_rest for each in trainings)
    runs = [lossmon.read_run(place) for place in (tmp_path / "out").iterdir()]
    assert [written(run) for run in runs] == [2, 2]


def looks_first(training: Training) -> None:
    loader = training.loader()
    training.model(next(iter(loader))[0])
    for batch in chain(loader, loader, loader):
        training.step(*batch)


def keeps_what_it_looked_at(training: Training) -> None:
    loader = training.loader()
    first = iter(loader)
    next(first)
    for batch in chain(loader, loader, loader):
        training.step(*batch)


def begins_anew(training: Training) -> None:
    loader = training.loader()
    for number, batch in enumerate(loader):
        if number == 2:
            break
        training.step(*batch)
    for batch in chain(loader, loader, loader):
        training.step(*batch)


def never_ends(training: Training) -> None:
    loader = training.loader()
    forever = (batch for _ in range(9) for batch in loader)
    for batch in islice(forever, 3 * EXAMPLES // SIZE):
        training.step(*batch)


@pytest.mark.parametrize("loop", [looks_first, keeps_what_it_looked_at, begins_anew, never_ends])
def test_it_holds_out_of_a_loop_that(loop: Callable[[Training], None], held_out: Any) -> None:
    training = Training()
    run, said = held_out(lambda: loop(training))
    assert training.learnt_the_rest
    assert written(run) == 2
    assert f"held out {HELD} of {EXAMPLES} examples" in said


def breaks_off(training: Training) -> None:
    loader = training.loader()
    for _ in range(15):
        for batch in islice(loader, 3):
            training.step(*batch)


def takes_the_first_batch(training: Training) -> None:
    loader = training.loader()
    for _ in range(40):
        training.step(*next(iter(loader)))


def fetches_far_ahead(training: Training) -> None:
    loader = training.loader()
    for _ in range(4):
        waiting: deque[Any] = deque()
        for batch in loader:
            waiting.append(batch)
            if len(waiting) == 3:
                training.step(*waiting.popleft())
        for batch in waiting:
            training.step(*batch)


def fetches_in_a_thread(training: Training) -> None:
    loader = training.loader()
    for _ in range(3):
        batches: list[Any] = []
        thread = threading.Thread(target=lambda into=batches: into.extend(loader))
        thread.start()
        thread.join()
        for batch in batches:
            training.step(*batch)


def joins_two_that_shuffle(training: Training) -> None:
    loader, other = training.loader(), training.loader()
    for _ in range(3):
        for batch, _ in zip(loader, other, strict=True):
            training.step(*batch)


def passes_backward_twice(training: Training) -> None:
    loader = training.loader()
    for _ in range(3):
        for batch in loader:
            training.step(*batch)
            training.step(*batch)


@pytest.mark.parametrize(
    ("loop", "why"),
    [
        (breaks_off, "its passes end early"),
        (takes_the_first_batch, "its passes end early"),
        (fetches_far_ahead, "batches are skipped, or fetched ahead of their steps"),
        (fetches_in_a_thread, "a thread of the script's own fetches its batches"),
        (joins_two_that_shuffle, "batches of several loaders make one step"),
        (passes_backward_twice, "a batch takes more than one backward pass"),
    ],
)
def test_it_soon_gives_up_says_why_and_lets_everything_be_learnt(
    loop: Callable[[Training], None], why: str, held_out: Any
) -> None:
    training = Training()
    run, said = held_out(lambda: loop(training))
    assert f"nothing was held out: {why}" in said
    assert not written(run)
    assert training.learnt & CHOSEN


def test_a_single_batch_that_is_stepped_on_over_and_over_is_learnt(held_out: Any) -> None:
    training = Training()

    def train() -> None:
        batch = next(iter(training.loader()))
        for _ in range(9):
            training.step(*batch)

    run, said = held_out(train)
    assert len(training.moved) == run.last_step + 1 == 9
    assert "nothing was held out" in said


def test_a_pass_that_ended_with_an_exception_holds_nothing_out_of_what_follows(
    held_out: Any,
) -> None:
    training = Training()

    def train() -> None:
        with suppress(ValueError):
            for batch in training.loader():
                training.step(*batch)
                raise ValueError
        for batch in training.loader(shuffle=False):
            training.step(*batch)

    held_out(train)
    assert len(training.learnt) == EXAMPLES
    assert len(training.moved) == EXAMPLES // SIZE


def test_one_pass_has_no_validation_loss_and_it_says_so(held_out: Any) -> None:
    training = Training()

    def train() -> None:
        for batch in training.loader():
            training.step(*batch)

    _, said = held_out(train)
    assert "nothing was held out: its examples were gone through only once" in said


@pytest.mark.parametrize(
    "sampler",
    [
        SubsetRandomSampler(torch.arange(0, EXAMPLES, 2)),
        WeightedRandomSampler([1.0] * EXAMPLES, EXAMPLES),
    ],
)
def test_of_what_a_sampler_draws_it_says_how_much_was_held_out(sampler: Any, held_out: Any) -> None:
    training = Training()
    loader = training.loader(sampler=sampler)

    def train() -> None:
        for _ in range(3):
            for batch in loader:
                training.step(*batch)

    run, _ = held_out(train)
    (mark,) = (mark for mark in run.marks if mark.kind == signals.HOLD_OUT)
    assert mark.detail["of"] == len(sampler)
    assert 0.1 < mark.detail["examples"] / len(sampler) < 0.3
    assert written(run) == 2


def test_a_validation_loss_that_is_logged_while_they_are_held_out_is_not_lost(
    tmp_path: Path, held_out: Any
) -> None:
    training = Training()

    def train() -> None:
        with lossmon.watch(
            training.model, training.optimizer, logdir=tmp_path / "out" / "own"
        ) as mon:
            for _ in range(3):
                for number, batch in enumerate(training.loader()):
                    if number == 0:
                        mon.log(val_loss=0.5, other=1.0)
                    training.step(*batch)

    run, said = held_out(train)
    assert "nothing was held out: the script has a validation loss of its own" in said
    series = run.scalar(signals.VAL_LOSS)
    assert series is not None
    assert set(series.values.tolist()) == {0.5}


@pytest.fixture
def compiling() -> Iterator[None]:
    yield
    torch._dynamo.reset()  # what was compiled would be seen by the tests that follow


def test_a_compiled_step_learns_none_of_them(compiling: None, held_out: Any) -> None:
    training = Training()
    compiled = torch.compile(training.criterion, backend="eager")

    def step(x: Any, y: Any) -> None:
        training.optimizer.zero_grad()
        compiled(training.model(x), y).backward()
        training.optimizer.step()

    whole = torch.compile(step, backend="eager")

    def train() -> None:
        for _ in range(3):
            for x, y, numbers in training.loader():
                before = training.model[0].weight.detach().clone()
                whole(x, y)
                if not torch.equal(before, training.model[0].weight):
                    training.moved.append(numbers.tolist())

    run, _ = held_out(train)
    assert training.learnt_the_rest
    assert written(run) == 2


def test_nobody_is_kept_from_listening_once_it_has_ended(held_out: Any) -> None:
    training = Training()
    kept: list[Iterator[Any]] = []

    def train() -> None:
        kept.append(iter(training.loader()))
        training.step(*next(kept[0]))
        assert not TAPS._listeners

    def train_on() -> None:
        for batch in training.loader(shuffle=False):
            training.step(*batch)
        assert TAPS._listeners

    held_out(lambda: (train(), train_on()))
    assert len(training.moved) == EXAMPLES // SIZE
