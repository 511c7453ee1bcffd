"""What is known of the forward pass before a training is known to be one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from lossmon.capture.activations import ActivationMeter
from lossmon.capture.boards import COLUMNS, Floats
from lossmon.capture.firstpass import FIRST_PASS
from lossmon.capture.guard import Guard
from lossmon.capture.layers import layers_of_model
from lossmon.capture.transfer import Transfer
from lossmon.layersignals import SATURATED_SHARE, STD_OUT
from lossmon.records import LayerInfo


class Heard:
    """A meter, and what it has said of the layers."""

    def __init__(self, model: nn.Module) -> None:
        self.infos: list[tuple[LayerInfo, ...]] = []
        self.meter = ActivationMeter(
            layers_of_model(model),
            every=1,
            guard=Guard(lambda collector, reason: None),
            transfer=Transfer(),
            name_layers=self.infos.append,
        )

    def take(self, loss: Tensor) -> Floats | None:
        table = self.meter.take([loss])
        self.meter.expect(True)
        return table


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    FIRST_PASS.end()
    assert not torch.nn.modules.module._global_forward_hooks


def _model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))


def test_the_pass_before_a_training_is_found_is_measured_like_those_after_it() -> None:
    FIRST_PASS.begin()
    model, x = _model(), 100 * torch.randn(64, 4)
    loss = model(x).sum()
    heard = Heard(model)
    first = heard.take(loss)
    second = heard.take(model(x).sum())
    heard.meter.remove()
    assert first is not None
    assert second is not None
    for signal in (STD_OUT, SATURATED_SHARE):
        column = COLUMNS[signal.name]
        assert first[:, column] == pytest.approx(second[:, column], nan_ok=True)
    assert first[0, COLUMNS[SATURATED_SHARE.name]] > 0.5
    assert [info.name for info in heard.infos[0]] == ["0", "1", "2"]
    assert len(heard.infos) == 1


def test_other_models_and_passes_without_gradients_leave_nothing_of_themselves() -> None:
    FIRST_PASS.begin()
    other, model, x = _model(), _model(), torch.randn(64, 4)
    with torch.no_grad():
        model(1000 * x)
    loss = model(other(x).detach().expand(64, 4)).sum()
    heard = Heard(model)
    table = heard.take(loss)
    heard.meter.remove()
    assert table is not None
    assert [info.sources for info in heard.infos[0]] == [(), (0,), (1,)]
    assert table[0, COLUMNS[STD_OUT.name]] < 10


def test_what_was_heard_is_of_no_use_once_the_model_has_run_again() -> None:
    FIRST_PASS.begin()
    model, x = _model(), torch.randn(64, 4)
    model(1000 * x)
    heard = Heard(model)
    table = heard.take(model(x).sum())
    heard.meter.remove()
    assert table is not None
    assert table[0, COLUMNS[STD_OUT.name]] < 10


def test_nothing_is_heard_any_more_once_something_is_to_be_compiled() -> None:
    FIRST_PASS.begin()
    FIRST_PASS.compile_asked()
    assert not torch.nn.modules.module._global_forward_hooks
