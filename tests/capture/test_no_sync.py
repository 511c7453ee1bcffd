"""No collector waits for a device: played by one whose values nobody can read, torch's `meta`.

Reading a value of it raises, as `.item()` would wait on a GPU; numbers that are copied there from
host memory, for which the host would wait too, are looked for in every operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from lossmon.capture.criterion import CriterionMeter
from lossmon.capture.fingerprint import Fingerprints
from lossmon.capture.inputs import InputMeter
from lossmon.capture.judged import Judged
from lossmon.capture.recurrent import pinned_gates
from lossmon.capture.units import UnitMeter
from lossmon.capture.updates import StepMeter
from lossmon.capture.verdicts import verdicts

FAR = torch.device("meta")


class NoCopy(TorchDispatchMode):
    """Raises where host memory goes into a tensor on the device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        far = isinstance(out, Tensor) and out.device == FAR
        assert not (far and any(x.device.type == "cpu" for x in tensors)), func
        return out


@pytest.fixture(autouse=True)
def no_copy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("tensor", "as_tensor"):
        original = getattr(torch, name)

        def near(*args: Any, _original: Any = original, device: Any = None, **kwargs: Any) -> Any:
            assert device is None or torch.device(device) != FAR
            return _original(*args, device=device, **kwargs)

        monkeypatch.setattr(torch, name, near)
    with NoCopy():
        yield


def far(*shape: int) -> Tensor:
    return torch.empty(shape, device=FAR)


def indices(*shape: int) -> Tensor:
    return torch.zeros(shape, device=FAR, dtype=torch.int64)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Judged("nll", far(32, 10), indices(32)),
        lambda: Judged("nll", far(32, 10), indices(32), far(10), given=far(32, 10), summed=True),
        lambda: Judged("nll", far(2, 10, 4, 4), indices(2, 4, 4), normalises=True),
        lambda: Judged("soft", far(32, 10), far(32, 10), far(1, 10)),
        lambda: Judged("mse", far(32, 3), far(32, 3)),
        lambda: Judged("l1", far(32, 3), far(32, 3)),
        lambda: Judged("huber", far(32, 3), far(32, 3)),
        lambda: Judged("bce", far(32, 1), far(32, 1)),
        lambda: Judged("bce_logits", far(32, 1), far(32, 1), far(1)),
    ],
    ids=["nll", "weighted", "pixels", "soft", "mse", "l1", "huber", "bce", "bce_logits"],
)
def test_a_criterion_is_read_without_waiting(make: Any) -> None:
    judged, meter = make(), CriterionMeter()
    for _ in range(3):
        assert meter.measure(judged).device == FAR
        assert verdicts(judged).device == FAR


def test_inputs_are_looked_at_without_waiting() -> None:
    meter, prints = InputMeter(), Fingerprints()
    for _ in range(2):
        assert meter.measure(far(32, 3, 64, 64)).device == FAR
        assert prints.of(far(32, 3, 64, 64)).device == FAR
        assert prints.of(indices(32)).device == FAR


def test_a_step_is_measured_without_waiting() -> None:
    tensors = [far(300, 40), far(5)]
    meter = StepMeter(tensors)
    for own_step in range(3):
        meter.before(tensors)
        meter.gradients([tensors[0], None])
        assert meter.after(tensors, lane=0, own_step=own_step).device == FAR


def test_units_are_compared_without_waiting() -> None:
    assert UnitMeter().distinct_share(far(20, 30)).device == FAR


@pytest.mark.parametrize("rnn", [nn.LSTM(4, 8, device=FAR), nn.GRU(4, 8, device=FAR)])
def test_gates_are_worked_out_without_waiting(rnn: nn.Module) -> None:
    share = pinned_gates(rnn, (far(6, 5, 4),), (far(6, 5, 8), None))
    assert share is not None
    assert share.device == FAR
