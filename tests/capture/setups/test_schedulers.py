from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from lossmon.records import Run
from lossmon.signals import LR

STEPS = 8

MAKE: dict[str, Callable[[Any], Any]] = {
    "step": lambda o: lr_scheduler.StepLR(o, 3, 0.5),
    "warm-up": lambda o: lr_scheduler.LinearLR(o, 0.1, total_iters=4),
    "one cycle, which moves momentum too": lambda o: lr_scheduler.OneCycleLR(
        o, max_lr=0.1, total_steps=STEPS + 1
    ),
    "one after the other": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.ConstantLR(o, 0.5), lr_scheduler.ExponentialLR(o, 0.9)], [3]
    ),
    "two at once": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ExponentialLR(o, 0.9), lr_scheduler.LinearLR(o)]
    ),
}


@pytest.mark.parametrize("watched_first", [True, False])
@pytest.mark.parametrize("name", list(MAKE))
def test_the_lr_of_every_step_is_the_one_it_was_made_with(
    name: str, watched_first: bool, twice: Callable[..., list[Run]]
) -> None:
    rates: list[float] = []

    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        rates.clear()
        if watched_first:
            side.watch(model, optimizer)
        # Schedulers replace `optimizer.step` by a wrapper of their own.
        scheduler = MAKE[name](optimizer)
        if not watched_first:
            side.watch(model, optimizer)
        for _ in range(STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            side.step(model, optimizer, side.loss(model))
            scheduler.step()
        return model, optimizer, scheduler

    (run,) = twice(train)
    assert run.scalar(LR).steps.tolist() == list(range(STEPS))
    np.testing.assert_allclose(run.scalar(LR).values, rates, rtol=1e-6)


def test_averaged_weights_are_a_copy_that_nobody_watches(
    twice: Callable[..., list[Run]],
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        averaged = torch.optim.swa_utils.AveragedModel(model)
        side.watch(model, optimizer)
        scheduler = torch.optim.swa_utils.SWALR(optimizer, swa_lr=0.05)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model))
            averaged.update_parameters(model)
            scheduler.step()
        return model, averaged, optimizer, scheduler

    twice(train)
