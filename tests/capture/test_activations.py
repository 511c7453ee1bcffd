"""What is recorded of layers equals what plain PyTorch says of their whole outputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import lossmon
from lossmon import layersignals
from lossmon.errors import UsageError
from lossmon.records import LayerInfo, Run
from lossmon.signals import Signal

Outputs = dict[str, list[tuple[Tensor, Tensor]]]
"""Of every leaf its input and output at each step, as they were when it had made them."""


class Net(nn.Module):
    """A model whose forward pass is a function of its parts."""

    def __init__(self, forward: Callable[..., Tensor], **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self.run = forward

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.run(self, *inputs)


def train(
    model: nn.Module, inputs: Callable[[], Tensor], steps: int = 1, seen: Outputs | None = None
) -> Callable[[Any], None]:
    """Return a loop for `record`; to `seen` go the tensors that the recorded ones are part of."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def note(name: str) -> Callable[[Any, Any, Any], None]:
        def hook(module: nn.Module, given: Any, output: Any) -> None:
            output = output if isinstance(output, Tensor) else output[0]
            assert seen is not None
            seen.setdefault(name, []).append((given[0].detach().clone(), output.detach().clone()))

        return hook

    def loop(monitor: lossmon.Monitor) -> None:
        handles = []
        if seen is not None:
            leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
            handles = [m.register_forward_hook(note(n)) for n, m in leaves]
        for _ in range(steps):
            optimizer.zero_grad()
            model(inputs()).square().mean().backward()
            optimizer.step()
        for handle in handles:
            handle.remove()

    return loop


def layer_infos(run: Run) -> dict[str, LayerInfo]:
    assert run.meta is not None
    return {info.name: info for info in run.meta.layers}


def column(run: Run, signal: Signal) -> dict[str, np.ndarray]:
    assert run.layers is not None
    return dict(zip(layer_infos(run), run.layers.column(signal).T, strict=True))


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


def cnn() -> nn.Module:
    # 4 channels of 8x8 at a batch of 8 are read whole.
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(256, 4)
    )


def lstm() -> nn.Module:
    return Net(
        lambda m, x: m.head(m.lstm(x)[0][:, -1]), lstm=nn.LSTM(6, 8, batch_first=True),
        head=nn.Linear(8, 3),
    )  # fmt: skip


def transformer() -> nn.Module:
    return nn.Sequential(
        nn.Embedding(20, 16), nn.TransformerEncoderLayer(16, 2, 32, batch_first=True),
        nn.Linear(16, 20),
    )  # fmt: skip


def tied() -> nn.Module:
    model = Net(
        lambda m, x: m.head(torch.tanh(m.body(m.words(x)))), words=nn.Embedding(20, 8),
        body=nn.Linear(8, 8), head=nn.Linear(8, 20, bias=False),
    )  # fmt: skip
    model.head.weight = model.words.weight
    return model


GRID: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor]]] = {
    "mlp": (mlp, lambda: torch.randn(32, 6) + 3),
    "cnn and batch norm": (cnn, lambda: torch.randn(8, 3, 8, 8)),
    "channels last": (
        lambda: cnn().to(memory_format=torch.channels_last),
        lambda: torch.randn(8, 3, 8, 8).to(memory_format=torch.channels_last),
    ),
    "lstm": (lstm, lambda: torch.randn(8, 4, 6)),
    "transformer": (transformer, lambda: torch.randint(0, 20, (8, 4))),
    "tied weights": (tied, lambda: torch.randint(0, 20, (8, 4))),
}


@pytest.mark.parametrize("case", GRID)
def test_moments_are_those_of_the_whole_tensors(case: str, record: Callable[..., Run]) -> None:
    make, inputs = GRID[case]
    model, seen = make(), {}
    run = record(model, [], train(model, inputs, seen=seen), every=1)
    assert set(seen) - {"1.self_attn.out_proj"} <= set(layer_infos(run))
    for name, [(given, output)] in seen.items():
        known = {s.name: column(run, s)[name][0] for s in layersignals.LAYER_SIGNALS}
        dims = [
            d for d in range(output.dim()) if d != (1 if output.dim() == 4 else output.dim() - 1)
        ]
        assert known["std_out"] == pytest.approx(output.std(correction=0).item(), rel=1e-4)
        assert known["mean_out"] == pytest.approx(output.mean().item(), rel=1e-4, abs=1e-6)
        within = output.var(dims, correction=0).mean().sqrt().item()
        assert known["unit_std"] == pytest.approx(within, rel=1e-4)
        assert known["out_nonfinite"] == 0
        if given.is_floating_point() and given.numel() <= 2048 and name != "4":
            assert known["std_in"] == pytest.approx(given.std(correction=0).item(), rel=1e-4)


def test_layers_are_named_in_the_order_in_which_they_run(record: Callable[..., Run]) -> None:
    model = Net(
        lambda m, x: m.last(m.first(x)), last=nn.Linear(8, 2), unused=nn.Linear(2, 2),
        first=nn.Linear(6, 8),
    )  # fmt: skip
    run = record(nn.DataParallel(model), [], train(model, lambda: torch.randn(4, 6)), every=1)
    assert list(layer_infos(run)) == ["first", "last", "unused"]
    assert np.isnan(column(run, layersignals.STD_OUT)["unused"]).all()


FUNCTIONAL = {
    "relu": F.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
    "silu": F.silu,
    "relu6": F.relu6,
    "hardtanh": F.hardtanh,
    "leakyrelu": F.leaky_relu,
    "elu": F.elu,
    "softmax": lambda x: x.softmax(-1),
    "": lambda x: x * 2,
}


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_function_behind_a_layer_is_named(name: str, record: Callable[..., Run]) -> None:
    model = Net(
        lambda m, x: m.b(FUNCTIONAL[name](m.a(x).view(-1, 2, 4)).flatten(1)), a=nn.Linear(6, 8),
        b=nn.Linear(8, 2),
    )  # fmt: skip
    infos = layer_infos(record(model, [], train(model, lambda: torch.randn(8, 6)), every=1))
    assert infos["a"].activation == name
    assert not infos["a"].is_activation
    assert infos["b"].activation == ""
    assert infos["b"].sources == (0,)
    between = {"": ("mulbyconstant",), "relu6": ("relu6",)}.get(name, (name,))
    assert infos["b"].between == between


LINKS = torch.eye(8)
PRODUCTS = {
    "mmbyconstant": lambda x: LINKS @ x,
    "bmmbyconstant": lambda x: torch.bmm(LINKS[None], x[None])[0],
    "divbyconstant": lambda x: x / torch.ones(8, 1),
    "mul": lambda x: x * torch.ones(8, 8),
    "mm": lambda x: x @ x.T,
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_product_with_what_is_the_same_for_all_features_is_told_from_others(
    name: str, record: Callable[..., Run]
) -> None:
    model = Net(lambda m, x: m.b(PRODUCTS[name](m.a(x))), a=nn.Linear(6, 8), b=nn.Linear(8, 2))
    infos = layer_infos(record(model, [], train(model, lambda: torch.randn(8, 6)), every=1))
    assert set(infos["b"].between) - {"t"} == {name}


@pytest.mark.parametrize(
    ("module", "name"),
    [(nn.ReLU(inplace=True), "relu"), (nn.ReLU6(), "relu6"), (nn.Softsign(), "softsign"),
     (nn.GELU(), "gelu"), (nn.PReLU(), "prelu"), (nn.Hardtanh(-2, 2), "")],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_module_that_is_a_function_is_known(
    module: nn.Module, name: str, record: Callable[..., Run]
) -> None:
    model = nn.Sequential(nn.Linear(6, 8), module, nn.Linear(8, 2))
    infos = layer_infos(record(model, [], train(model, lambda: torch.randn(8, 6)), every=1))
    assert infos["1"].activation == name
    assert infos["1"].is_activation == bool(name)
    assert infos["1"].sources == (0,)


def half_dead(function: Callable[[Tensor], Tensor] | nn.Module) -> nn.Module:
    """A layer of 8 units of which 3 lie far below 0."""
    first, last = nn.Linear(6, 8), nn.Linear(8, 2)
    with torch.no_grad():
        first.bias[:3] = -100
    if isinstance(function, nn.Module):
        return nn.Sequential(first, function, last)
    return Net(lambda m, x: m.last(function(m.first(x))), first=first, last=last)


@pytest.mark.parametrize(
    "function", [nn.ReLU(), nn.ReLU(inplace=True), F.relu, F.relu6, torch.relu_],
    ids=["module", "in place", "function", "relu6", "function in place"],
)  # fmt: skip
def test_units_that_never_fire_are_dead_once_512_samples_were_seen(
    function: Any, record: Callable[..., Run]
) -> None:
    model = half_dead(function)
    run = record(model, [], train(model, lambda: torch.randn(64, 6), steps=10), every=1)
    dead = column(run, layersignals.DEAD_SHARE)
    first = next(iter(dead))
    assert np.isnan(dead[first][:7]).all()
    assert dead[first][7:].tolist() == [3 / 8] * 3
    assert column(run, layersignals.DORMANT_SHARE)[first][7:].tolist() == [3 / 8] * 3
    assert column(run, layersignals.WINDOW_SAMPLES)[first].tolist() == [
        64 * (i + 1) for i in range(10)
    ]
    if isinstance(function, nn.Module):
        assert dead["1"][7:].tolist() == [3 / 8] * 3
    assert np.isnan(dead[list(dead)[-1]]).all()


def test_a_unit_that_fires_for_few_samples_is_not_dead(record: Callable[..., Run]) -> None:
    model = half_dead(nn.ReLU())
    rare = torch.zeros(64, 6)
    batches = iter(
        [torch.randn(64, 6)] * 3 + [rare.index_fill(0, torch.tensor([5]), 1e4)] + [rare] * 20
    )
    with torch.no_grad():
        model[0].weight[:3] = 1.0
    run = record(model, [], train(model, lambda: next(batches), steps=12), every=1)
    assert column(run, layersignals.DEAD_SHARE)["0"][7:].tolist() == [0.0] * 5


def test_a_unit_that_dies_is_told_within_1024_samples(record: Callable[..., Run]) -> None:
    model = half_dead(nn.ReLU())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)

    def loop(monitor: lossmon.Monitor) -> None:
        for step in range(40):
            if step == 10:
                with torch.no_grad():
                    model[0].bias[:] = -100
            optimizer.zero_grad()
            model(torch.randn(64, 6)).square().mean().backward()
            optimizer.step()

    run = record(model, optimizer, loop, every=1, activations=True)
    dead = column(run, layersignals.DEAD_SHARE)["0"]
    assert dead[9] == 3 / 8
    assert (dead[10 + 16 :] == 1).all()


@pytest.mark.parametrize("function", ["gelu", "silu", "tanh", "elu"])
def test_dormant_units_are_those_of_the_definition(
    function: str, record: Callable[..., Run]
) -> None:
    model = half_dead(FUNCTIONAL[function])
    with torch.no_grad():
        model.first.bias[3:5] = 0
        model.first.weight[3:5] *= 1e-3
    seen: Outputs = {}
    loop = train(model, lambda: torch.randn(64, 6), steps=8, seen=seen)
    run = record(model, [], loop, every=1)
    outputs = torch.cat([FUNCTIONAL[function](output) for _, output in seen["first"]]).abs()
    score = outputs.mean(0) / outputs.mean()
    expected = (score <= 0.025).float().mean().item()
    assert 0 < expected < 1
    assert column(run, layersignals.DORMANT_SHARE)["first"][7] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("function", "limit"),
    [(torch.tanh, 5), (torch.sigmoid, 5), (F.hardtanh, 1), (F.hardsigmoid, 3), (nn.Tanh(), 5),
     (nn.Sigmoid(), 5), (nn.Hardtanh(inplace=True), 1), (lambda x: torch.tanh(4 * x), 1.25),
     (lambda x: torch.sigmoid(x / 0.5), 2.5)],
    ids=["tanh", "sigmoid", "hardtanh", "hardsigmoid", "Tanh", "Sigmoid", "Hardtanh", "a multiple",
         "a share"],
)  # fmt: skip
def test_saturation_is_judged_by_the_pre_activation(
    function: Any, limit: float, record: Callable[..., Run]
) -> None:
    model, seen = half_dead(function), {}
    with torch.no_grad():
        model.get_submodule("0" if isinstance(function, nn.Module) else "first").weight *= 5
    loop = train(model, lambda: torch.randn(64, 6), seen=seen)
    shares = column(record(model, [], loop, every=1), layersignals.SATURATED_SHARE)
    name = next(iter(shares))
    expected = (seen[name][0][1].abs() >= limit).float().mean().item()
    assert expected > 3 / 8
    assert shares[name][0] == pytest.approx(expected)
    if isinstance(function, nn.Module):
        assert shares["1"][0] == pytest.approx(expected)


@pytest.mark.parametrize("function", [nn.Softmax(-1), FUNCTIONAL["softmax"]], ids=["module", "f"])
def test_softmax_is_saturated_where_it_is_certain(
    function: Any, record: Callable[..., Run]
) -> None:
    model, seen = half_dead(function), {}
    loop = train(model, lambda: torch.randn(64, 6) * 12, seen=seen)
    shares = column(record(model, [], loop, every=1), layersignals.SATURATED_SHARE)
    name = next(iter(shares))
    largest = seen[name][0][1].softmax(-1).amax(-1)
    expected = (largest > 1 / (1 + math.exp(-5))).float().mean().item()
    assert 0 < expected < 1
    assert shares[name][0] == pytest.approx(expected)


def test_values_that_are_not_finite_are_counted(record: Callable[..., Run]) -> None:
    model = Net(lambda m, x: m.b(m.a(x)), a=nn.Linear(6, 8), b=nn.Linear(8, 2))
    with torch.no_grad():
        model.a.bias[1] = math.inf
        model.a.bias[2] = math.nan
    run = record(model, [], train(model, lambda: torch.randn(16, 6)), every=1)
    assert column(run, layersignals.OUT_NONFINITE)["a"][0] == 32
    assert np.isnan(column(run, layersignals.STD_OUT)["a"][0])


def test_wide_layers_and_large_batches_are_sampled(record: Callable[..., Run]) -> None:
    model, seen = nn.Sequential(nn.Linear(64, 3000), nn.ReLU(), nn.Linear(3000, 2)), {}
    run = record(model, [], train(model, lambda: torch.randn(300, 64), 4, seen), every=1)
    info = layer_infos(run)["0"]
    assert info.units == 3000
    assert 128 < info.sampled_units <= 256
    for step, (_, output) in enumerate(seen["0"]):
        std = column(run, layersignals.STD_OUT)["0"][step]
        assert std == pytest.approx(output.std().item(), rel=0.2)


@pytest.mark.parametrize("value", ["yes", 0, -1, 1.5, None, [1]])
def test_bad_activations_are_refused_in_one_line(value: Any, tmp_path: Any) -> None:
    with pytest.raises(UsageError, match=r"^watch\(\): activations must be [^\n]+$"):
        lossmon.watch(mlp(), logdir=tmp_path, activations=value)


@pytest.mark.parametrize(
    ("value", "steps"), [(True, range(10)), (3, range(0, 10, 3)), ("auto", range(10)), (False, ())]
)
def test_activations_says_at_which_sampled_steps(
    value: Any, steps: Any, record: Callable[..., Run]
) -> None:
    model = mlp()
    loop = train(model, lambda: torch.randn(8, 6), steps=10)
    run = record(model, [], loop, every=1, activations=value)
    if value is False:
        assert layer_infos(run) == {}
        return
    known = np.flatnonzero(~np.isnan(column(run, layersignals.STD_OUT)["0"]))
    assert known.tolist() == list(steps)


def test_left_to_itself_it_looks_at_the_first_steps_and_then_at_every_eighth(
    record: Callable[..., Run],
) -> None:
    model = mlp()
    run = record(model, [], train(model, lambda: torch.randn(8, 6), steps=90), every=1)
    known = np.flatnonzero(~np.isnan(column(run, layersignals.STD_OUT)["0"]))
    assert known.tolist() == [*range(32), *range(32, 90, 8)]
