from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from lossmon.records import Run
from lossmon.signals import BACKWARDS, GRAD_STALE, UNCLIPPED_NORM

STEPS = 5


@pytest.mark.parametrize("clips", [False, True])
def test_accumulated_passes_are_one_step_with_the_gradient_of_all_of_them(
    clips: bool, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            optimizer.zero_grad()
            for _ in range(4):
                loss = side.loss(model)
                side.ledger.loss(loss)
                (loss / 4).backward()
            side.ledger.unclipped(model)
            if clips:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 0.05)
            side.ledger.before(model)
            optimizer.step()
            side.ledger.after(model)
        return model, optimizer

    (run,) = twice(train)
    assert run.totals.column(BACKWARDS)[:, 0].tolist() == [4] * STEPS
    assert not (run.parameters.column(GRAD_STALE)[1:] == 1).any()


def test_a_shorter_last_step_has_no_gradient_before_clipping(
    twice: Callable[..., list[Run]],
) -> None:
    passes = (3, 3, 1, 3)

    def train(side: Any) -> tuple[Any, ...]:
        model = side.classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for count in passes:
            optimizer.zero_grad()
            for _ in range(count):
                loss = side.loss(model)
                side.ledger.loss(loss)
                loss.backward()
            side.ledger.before(model)
            optimizer.step()
            side.ledger.after(model)
        return model, optimizer

    (run,) = twice(train)
    seen = ~(run.parameters.column(UNCLIPPED_NORM) != run.parameters.column(UNCLIPPED_NORM))
    assert seen.all(axis=1).tolist() == [True, True, False, True]
    assert run.totals.column(BACKWARDS)[:, 0].tolist() == list(passes)
