"""Parameters of which a norm makes no sense: left out with one notice; the others are recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lossmon.records import Run
from lossmon.signals import GRAD_NORM

STEPS = 4


class Beside(nn.Module):
    """A classifier with one parameter more, that stays as it is."""

    def __init__(self, odd: Tensor) -> None:
        super().__init__()
        self.odd = nn.Parameter(odd, requires_grad=False)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


ODD: dict[str, Callable[[], Tensor]] = {
    "int8": lambda: torch.ones(4, 4, dtype=torch.int8),
    "bool": lambda: torch.ones(4, dtype=torch.bool),
    "fp8 e4m3": lambda: torch.ones(4, 4).to(torch.float8_e4m3fn),
    "fp8 e5m2": lambda: torch.ones(4, 4).to(torch.float8_e5m2),
    "quantised": lambda: torch.quantize_per_tensor(torch.ones(4, 4), 0.1, 0, torch.qint8),
    "sparse": lambda: torch.eye(4).to_sparse(),
    "sparse rows": lambda: torch.eye(4).to_sparse_csr(),
}


@pytest.mark.parametrize("kind", list(ODD))
@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning", "ignore:.*quantize:UserWarning")
def test_odd_parameters_are_left_out_with_one_notice(
    kind: str, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = Beside(ODD[kind]())
        optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model.fc, optimizer, side.loss(model))
        return model.fc, optimizer

    (run,) = twice(train, ledger=False, notices=1)
    assert [p.name for p in run.meta.parameters] == ["fc.weight", "fc.bias"]
    (left,) = [mark for mark in run.marks if mark.kind == "not-recorded"]
    assert left.detail == {"count": 1, "names": ["odd"]}
    assert (run.parameters.column(GRAD_NORM) > 0).all()


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_parameter_without_a_number_is_left_out_silently(
    device: str, twice: Callable[..., list[Run]]
) -> None:
    def train(side: Any) -> tuple[Any, ...]:
        model = Beside(torch.ones(0 if device == "cpu" else 4, 4, device=device))
        optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.1)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model.fc, optimizer, side.loss(model))
        return model.fc, optimizer

    (run,) = twice(train, ledger=False)
    assert [p.name for p in run.meta.parameters] == ["fc.weight", "fc.bias"]


def test_complex_parameters_are_read_by_their_absolute_values(
    twice: Callable[..., list[Run]],
) -> None:
    class Waves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Parameter(torch.randn(6, 6, dtype=torch.complex64))
            self.fc = nn.Linear(6, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(torch.fft.ifft(torch.fft.fft(x) @ self.mix).real)

    def train(side: Any) -> tuple[Any, ...]:
        model = Waves()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        side.watch(model, optimizer)
        for _ in range(STEPS):
            side.step(model, optimizer, side.loss(model))
        return model, optimizer

    (run,) = twice(train)
    assert run.meta.parameters[0].dtype == "complex64"
