"""Parameters that are replaced while a real training runs: who is named, and since when."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

import lossmon
from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.finding import Report
from lossmon.records import Run

LATE, STEPS = 50, 120


class Net(nn.Module):
    """A body and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 16), nn.Tanh())
        self.fc = nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.body(x))


def new_head(model: Net) -> None:
    model.fc = nn.Linear(16, 3)


def loaded(model: Net) -> None:
    model.load_state_dict(copy.deepcopy(model.state_dict()), assign=True)


def moved(model: Net) -> None:
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    model.double()


@pytest.fixture(autouse=True)
def _params_are_overwritten_here_only() -> Iterator[None]:
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    yield
    torch.__future__.set_overwrite_module_params_on_conversion(before)


@pytest.fixture
def replace(
    record: Callable[..., Run],
) -> Callable[..., tuple[Run, Report]]:
    """Train, call `change(model)` at step 50, go on; with `again` a new optimizer is built then."""

    def run(
        change: Callable[[Net], None], *, again: bool = False, frozen: bool = False
    ) -> tuple[Run, Report]:
        model = Net()
        model.body.requires_grad_(not frozen)

        def adam() -> torch.optim.Optimizer:
            return torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-2)

        def train(monitor: lossmon.Monitor) -> None:
            optimizer = first
            for step in range(STEPS):
                if step == LATE:
                    change(model)
                    optimizer = adam() if again else optimizer
                x = torch.randn(32, 6)
                loss = nn.functional.cross_entropy(
                    model(x.to(model.fc.weight.dtype)), x[:, :3].argmax(1)
                )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                monitor.step(loss)

        first = adam()
        found = record(model, first, train, every=1)
        return found, diagnose(found)

    return run


@pytest.mark.parametrize("change", [loaded, moved])
def test_an_optimizer_left_with_the_old_parameters_is_named_since_they_were_replaced(
    change: Callable[[Net], None], replace: Callable[..., tuple[Run, Report]]
) -> None:
    run, report = replace(change)
    assert report.cause == "optimizer-wrong-params"
    assert report.primary is not None
    assert report.primary.since_step == LATE
    assert report.primary.culprits == ("body.0.weight", "body.0.bias", "fc.weight", "fc.bias")
    assert "first seen in the model at step 50" in report.primary.evidence[0].reads
    assert report.status_reads == f"no parameter has changed in steps {LATE}-{STEPS - 1}"
    assert [p.since for p in run.meta.parameters] == [LATE] * 4


def test_a_new_head_that_no_optimizer_holds_is_named_since_it_is_there(
    replace: Callable[..., tuple[Run, Report]],
) -> None:
    run, report = replace(new_head)
    assert report.cause == "optimizer-missing-params"
    assert report.primary is not None
    assert report.primary.since_step == LATE
    assert report.primary.culprits == ("fc.weight", "fc.bias")
    assert [p.since for p in run.meta.parameters] == [0, 0, LATE, LATE]


def test_a_new_head_on_a_frozen_body_leaves_the_optimizer_nothing_that_is_trained(
    replace: Callable[..., tuple[Run, Report]],
) -> None:
    _, report = replace(new_head, frozen=True)
    assert report.cause == "optimizer-wrong-params"
    assert report.primary is not None
    assert report.primary.since_step == LATE
    assert report.primary.culprits == ("fc.weight", "fc.bias")


@pytest.mark.parametrize("change", [new_head, loaded, moved])
def test_parameters_that_are_replaced_with_their_optimizer_are_no_fault(
    change: Callable[[Net], None], replace: Callable[..., tuple[Run, Report]]
) -> None:
    _, report = replace(change, again=True)
    assert not [finding for finding in report.findings if finding.severity != "info"]
    assert report.status == "learning"
