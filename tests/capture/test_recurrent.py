"""How far the gates inside a recurrent layer are pinned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import lossmon
from lossmon.capture.recurrent import pinned_gates
from lossmon.layersignals import SATURATED_SHARE


def _biased(module: nn.Module, bias: float) -> nn.Module:
    with torch.no_grad():
        for name, values in module.named_parameters():
            if "bias_ih" in name:
                values.fill_(bias)
    return module


def _share(module: nn.Module, given: object) -> float:
    share = pinned_gates(module, (given,), module(given))
    assert share is not None
    return float(share)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.LSTM(5, 8, batch_first=True),
        lambda: nn.LSTM(5, 300),
        lambda: nn.GRU(5, 8, num_layers=2, bidirectional=True),
        lambda: nn.GRU(5, 8),
        lambda: nn.RNN(5, 8),
    ],
)
def test_gates_are_pinned_by_their_bias_and_not_without(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    x = torch.randn(6, 7, 5)
    assert _share(_biased(make(), 0.0), x) == 0.0
    assert _share(_biased(make(), 12.0), x) == 1.0


def test_gates_of_a_cell_and_of_packed_sequences_are_seen_too() -> None:
    torch.manual_seed(0)
    packed = nn.utils.rnn.pack_padded_sequence(torch.randn(4, 6, 5), [6, 5, 2, 1], batch_first=True)
    assert _share(_biased(nn.LSTM(5, 8, batch_first=True), 12.0), packed) == 1.0
    assert _share(nn.GRUCell(5, 8), 1000 * torch.randn(4, 5)) > 0.9


def test_a_state_that_pins_the_gates_of_the_next_step_is_counted() -> None:
    torch.manual_seed(0)
    rnn = nn.RNN(5, 8)
    with torch.no_grad():
        for values in rnn.parameters():
            values.zero_()
        rnn.bias_ih_l0.fill_(4.0)
        rnn.weight_hh_l0.copy_(4.0 * torch.eye(8))
    assert _share(rnn, torch.zeros(3, 2, 5)) == 1.0


def test_layers_without_gates_and_weights_that_are_worked_out_are_let_be() -> None:
    x = torch.randn(6, 7, 5)
    relu, linear = nn.RNN(5, 8, nonlinearity="relu"), nn.Linear(5, 8)
    assert pinned_gates(relu, (x,), relu(x)) is None
    assert pinned_gates(linear, (x,), linear(x)) is None
    worked_out = nn.utils.parametrizations.weight_norm(nn.LSTM(5, 8), "weight_ih_l0")
    assert pinned_gates(worked_out, (x,), worked_out(x)) is None


def test_weights_keep_their_gradients_under_autocast() -> None:
    rnn, x = nn.GRUCell(5, 8), torch.randn(4, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert pinned_gates(rnn, (x,), None) is not None
        rnn(x).sum().backward()
    assert rnn.weight_ih.grad is not None


def test_the_share_is_recorded_of_the_layer(tmp_path: Path) -> None:
    torch.manual_seed(0)

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = _biased(nn.LSTM(3, 8, batch_first=True), 12.0)
            self.head = nn.Linear(8, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.rnn(x)[0][:, -1])

    model = Reader()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with lossmon.watch(model, optimizer, logdir=tmp_path):
        for _ in range(4):
            model(torch.randn(8, 5, 3)).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
    table = lossmon.read_run(tmp_path).layers
    assert table is not None
    assert (table.column(SATURATED_SHARE)[:, 0] == 1.0).all()
