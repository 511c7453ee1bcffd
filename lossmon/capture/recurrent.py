"""How far the gates of a recurrent layer are pinned, which it works out inside one call.

From its weights, for a few places in the batch: 16 times 256 units of a layer of 512 cost 0.3 ms.
Where the state before a step is not to be seen, as below the top of a stack, it is the first step's
gates that are worked out, of a state of zeros.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lossmon.capture.boards import COLUMNS, Floats
from lossmon.capture.functions import PINNED
from lossmon.capture.transfer import Transfer
from lossmon.layersignals import SATURATED_SHARE

GATES = "gates"
"""Setting of a layer with gates inside it: how many each unit has."""
PLACES = 16
"""Examples whose gates are worked out, each at one step."""
MAX_UNITS = 256
"""Of more every second, third, ... is looked at."""
_COUNTS: tuple[tuple[tuple[type[nn.Module], ...], int], ...] = (
    ((nn.LSTM, nn.LSTMCell), 4),
    ((nn.GRU, nn.GRUCell), 3),
    ((nn.RNN, nn.RNNCell), 1),
)
Pair = tuple[Tensor, Tensor | None]
"""What some examples gave a layer at one step, and their state before it; None for zeros."""


class Gates:
    """The pinned shares of one forward pass."""

    def __init__(self) -> None:
        self._shares: dict[int, Tensor] = {}

    def see(self, number: int, module: nn.Module, inputs: Any, output: Any) -> None:
        """Work them out for layer `number`; of a cell that runs at every step, at the first."""
        if number not in self._shares:
            share = pinned_gates(module, inputs, output)
            if share is not None:
                self._shares[number] = share

    def keep(self, numbers: Container[int]) -> None:
        """Forget what was worked out of other layers."""
        self._shares = {n: share for n, share in self._shares.items() if n in numbers}

    def send(self, places: Mapping[int, int], transfer: Transfer, table: Floats) -> None:
        """Have them placed in `table`, whose rows `places` tells, and forget them."""
        shares, self._shares = self._shares, {}
        column = COLUMNS[SATURATED_SHARE.name]
        for device in {share.device for share in shares.values()}:
            mine = {places[n]: x for n, x in shares.items() if x.device == device}
            transfer.send(torch.cat([*mine.values()]), partial(_place, table, [*mine], column))


def gates_of(module: nn.Module) -> int:
    """Return how many functions with ends each unit of a layer has inside; 0 for other layers."""
    if not getattr(module, "nonlinearity", "tanh").startswith("tanh"):
        return 0
    return next((count for kinds, count in _COUNTS if isinstance(module, kinds)), 0)


def pinned_gates(module: nn.Module, inputs: Any, output: Any) -> Tensor | None:
    """Return the share of a layer's gates that lie beyond their ends, shape (1,).

    Of its first layer and direction. None where it has none, or is given what cannot be read.
    """
    count = gates_of(module)
    if not count or not isinstance(inputs, tuple) or not inputs:
        return None
    is_cell = isinstance(module, nn.RNNCellBase)
    pair = _of_cell(inputs) if is_cell else _of_sequence(module, inputs, output)
    suffix = "" if is_cell else "_l0"
    # Not by attribute: a weight that is worked out may change what it is worked out from.
    own = module._parameters
    given, held = (own.get(f"weight_{way}{suffix}") for way in ("ih", "hh"))
    if pair is None or type(given) is not nn.Parameter or type(held) is not nn.Parameter:
        return None
    biases = [own.get(f"bias_{way}{suffix}") for way in ("ih", "hh")]
    with torch.no_grad(), _as_they_are(given.device):
        new = _product(pair[0], given, biases[0], count)
        old = _product(pair[1], held, biases[1], count)
        before = _before_functions(new, old, count)
        return (before.abs_() >= PINNED).mean(dtype=torch.float32).reshape(1)


def _as_they_are(device: torch.device) -> AbstractContextManager[Any]:
    """Keep autocast off: the casts it makes of weights, here without a gradient, it uses again."""
    if not torch._C._is_any_autocast_enabled():
        return nullcontext()  # some devices have none to switch off
    return torch.autocast(device.type, enabled=False)


def _before_functions(new: Tensor, old: Tensor, count: int) -> Tensor:
    """Return what goes into the gates, by what the input and the state make of it."""
    if count != 3:
        return new + old
    # A GRU's reset gate lets through what the state adds to the candidate.
    ways = new[:, :2] + old[:, :2]
    return torch.cat((ways, new[:, 2:] + ways[:, :1].sigmoid() * old[:, 2:]), 1)


def _product(x: Tensor | None, weight: Tensor, bias: Tensor | None, count: int) -> Tensor:
    """Return (places, gates, units) of a linear map, for some of the units."""
    units = len(weight) // count
    every = -(-units // MAX_UNITS)
    if every > 1:
        chosen = weight.view(count, units, -1)[:, ::every]
        bias = None if bias is None else bias.view(count, units)[:, ::every].flatten()
        weight = chosen.flatten(0, 1)
    if x is None:
        x = weight.new_zeros(1, weight.shape[1])
    return nn.functional.linear(x.to(weight.dtype), weight, bias).view(len(x), count, -1)


def _of_cell(inputs: tuple[Any, ...]) -> Pair | None:
    x, state = inputs[0], inputs[1] if len(inputs) > 1 else None
    state = state[0] if isinstance(state, tuple) else state
    if not isinstance(x, Tensor) or (state is not None and state.dim() != x.dim()):
        return None
    return _some(x), None if state is None else _some(state)


def _of_sequence(module: Any, inputs: tuple[Any, ...], output: Any) -> Pair | None:
    x, states = inputs[0], output[0] if isinstance(output, tuple) else None
    if isinstance(x, PackedSequence):
        # The first step of a packed batch lies first, one row an example.
        return _some(x.data[: int(x.batch_sizes[0])]), None
    if not isinstance(x, Tensor) or not isinstance(states, Tensor) or not x.numel():
        return None
    if module.batch_first and x.dim() == 3:
        x, states = x.transpose(0, 1), states.transpose(0, 1)
    if module.num_layers > 1 or len(x) < 2:
        return _some(x[0]), None
    # Half way: the end of a short example is padding.
    at, width = len(x) // 2, getattr(module, "proj_size", 0) or module.hidden_size
    return _some(x[at]), _some(states[at - 1][..., :width])


def _some(x: Tensor) -> Tensor:
    rows = x.detach().reshape(-1, x.shape[-1])
    return rows[:: max(1, len(rows) // PLACES)][:PLACES]


def _place(table: Floats, rows: list[int], column: int, values: Any) -> None:
    table[rows, column] = values
