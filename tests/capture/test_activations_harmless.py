"""Watching layers changes nothing of the training, and leaves nothing in the model."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.module import _global_forward_hooks
from torch.utils.checkpoint import checkpoint

import lossmon
from lossmon import layersignals, signals
from lossmon.capture.activations import ActivationMeter
from lossmon.capture.roster import Roster
from lossmon.records import Run

MODELS: dict[str, Callable[[], nn.Module]] = {
    "mlp with dropout": lambda: nn.Sequential(
        nn.Linear(8, 16), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Linear(16, 3)
    ),
    "cnn": lambda: nn.Sequential(
        nn.Unflatten(1, (2, 2, 2)), nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
        nn.Linear(16, 3),
    ),
    "transformer": lambda: nn.Sequential(
        nn.Unflatten(1, (4, 2)), nn.TransformerEncoderLayer(2, 1, 4, batch_first=True),
        nn.Flatten(), nn.Linear(8, 3),
    ),
}  # fmt: skip


def steps(model: nn.Module, count: int, each: Callable[[int], None] = lambda step: None) -> None:
    optimizer = torch.optim.Adam(model.parameters())
    for step in range(count):
        optimizer.zero_grad()
        model(torch.randn(16, 8)).square().mean().backward()
        optimizer.step()
        each(step)


@pytest.mark.parametrize("name", MODELS)
def test_parameters_and_random_state_are_the_same_to_the_last_bit(
    name: str, tmp_path: Path
) -> None:
    ends = []
    for activations in (None, True):
        torch.manual_seed(3)
        model = MODELS[name]()
        if activations is None:
            steps(model, 12)
        else:
            with lossmon.watch(model, logdir=tmp_path / "run", activations=activations, every=1):
                steps(model, 12)
        ends.append((model.state_dict(), torch.get_rng_state()))
    (plain, plain_state), (watched, watched_state) = ends
    assert all(torch.equal(plain[key], watched[key]) for key in plain)
    assert torch.equal(plain_state, watched_state)


@pytest.mark.parametrize("name", MODELS)
def test_model_copies_pickles_and_saves_between_two_steps(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()

    def store(step: int) -> None:
        copied = copy.deepcopy(model)
        loaded = pickle.loads(pickle.dumps(model))
        torch.save(model, saved := io.BytesIO())
        assert b"lossmon" not in saved.getvalue()
        for twin in (copied, loaded):
            twin(torch.randn(4, 8)).sum().backward()
            assert not any(m._forward_hooks or m._forward_pre_hooks for m in twin.modules())

    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        steps(model, 3, store)
    run = lossmon.read_run(monitor.logdir)
    assert run.layers is not None
    assert len(run.layers) == 3


def test_compiled_model_pickles_with_a_hook_that_needs_no_lossmon(tmp_path: Path) -> None:
    from lossmon.capture.inert import InertHook

    module = nn.Linear(2, 2)
    module.register_forward_hook(InertHook(lambda *call: pytest.fail("a copy was watched")))
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        twin(torch.ones(1, 2))
    assert b"lossmon" not in pickle.dumps(module)


def test_model_can_be_scripted_and_traced_while_it_is_watched(tmp_path: Path) -> None:
    model = MODELS["cnn"]()
    with lossmon.watch(model, logdir=tmp_path / "run", every=1):
        steps(model, 2)
        torch.jit.script(model)(torch.randn(4, 8))
        traced = torch.jit.trace(model, torch.randn(4, 8), check_trace=False)
        assert "aten::copy_" not in str(traced.inlined_graph)


def test_torch_func_goes_on_as_before(tmp_path: Path) -> None:
    model = MODELS["mlp with dropout"]().eval()
    model[1].inplace = False

    def loss(parameters: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(model, parameters, (x,)).sum()

    with lossmon.watch(model, logdir=tmp_path / "run", every=1):
        steps(model, 1)
        grad = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))
        found = grad(dict(model.named_parameters()), torch.randn(5, 8))
    assert found["0.weight"].shape == (5, 16, 8)


def test_no_hook_is_left_after_close(tmp_path: Path) -> None:
    before = len(_global_forward_hooks)
    model = MODELS["cnn"]()
    monitor = lossmon.watch(model, logdir=tmp_path / "run", every=1)
    steps(model, 5)
    assert len(_global_forward_hooks) == before + 1
    monitor.close()
    assert len(_global_forward_hooks) == before


def test_hook_is_there_for_sampled_steps_only(tmp_path: Path) -> None:
    before, there = len(_global_forward_hooks), []
    model = MODELS["cnn"]()
    with lossmon.watch(model, logdir=tmp_path / "run", every=4):
        steps(model, 16, lambda step: there.append(len(_global_forward_hooks) - before))
    # At the end of a step: is the next one sampled? Until the third sample there is another hook.
    assert there[9:] == [0, 0, 1, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("place", "name"), [(Roster, "see"), (Roster, "measure"), (ActivationMeter, "expect")]
)
def test_fault_of_ours_never_reaches_the_training(
    place: type, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ValueError("ours")

    model = MODELS["mlp with dropout"]()
    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        monkeypatch.setattr(place, name, fail)
        with pytest.warns(RuntimeWarning, match="activations"):
            steps(model, 10)
    run = lossmon.read_run(monitor.logdir)
    off = [mark.detail for mark in run.marks if mark.kind == "collector-off"]
    assert [detail["collector"] for detail in off] == ["activations"]
    losses = run.scalar(signals.LOSS)
    assert losses is not None
    assert len(losses) == 10


def samples(run: Run, name: str) -> list[float]:
    assert run.meta is not None
    assert run.layers is not None
    at = [info.name for info in run.meta.layers].index(name)
    return run.layers.column(layersignals.WINDOW_SAMPLES)[:, at].tolist()


def test_passes_that_evaluate_do_not_count(tmp_path: Path) -> None:
    model = MODELS["mlp with dropout"]()

    def evaluate(step: int) -> None:
        with torch.no_grad():
            model(torch.full((16, 8), 1e6))

    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        steps(model, 4, evaluate)
    run = lossmon.read_run(monitor.logdir)
    assert run.layers is not None
    assert samples(run, "0") == [16, 32, 48, 64]
    assert run.layers.column(layersignals.STD_OUT).max() < 100


def test_an_evaluation_that_forgot_no_grad_is_not_taken_for_the_step(tmp_path: Path) -> None:
    model = MODELS["mlp with dropout"]()
    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        steps(model, 4, lambda step: model(torch.full((16, 8), 1e6)))
    run = lossmon.read_run(monitor.logdir)
    assert run.layers is not None
    assert run.layers.column(layersignals.STD_OUT).max() < 100


class Checkpointed(nn.Module):
    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(8, 8), nn.Linear(8, 3)
        self.inner = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
        self.reentrant = reentrant

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = checkpoint(self.inner, self.first(x), use_reentrant=self.reentrant)
        return self.last(x)


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_checkpoint_that_runs_again_counts_once(reentrant: bool, tmp_path: Path) -> None:
    model = Checkpointed(reentrant)
    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        steps(model, 6)
    counts = samples(lossmon.read_run(monitor.logdir), "inner.1")
    # Only the first step's graph tells that there are checkpoints which run without gradients.
    assert counts[-4:] == [16, 32, 48, 64] if reentrant else counts == [16 * i for i in range(1, 7)]


def test_a_module_that_runs_twice_is_recorded_as_it_ran_last(tmp_path: Path) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.act = nn.Linear(8, 8), nn.Linear(8, 8), nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.act(self.b(self.act(self.a(x)) * 100))

    model = Twice()
    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        steps(model, 3)
    run = lossmon.read_run(monitor.logdir)
    assert run.layers is not None
    a, act, b = run.layers.column(layersignals.STD_OUT)[-1]
    assert act > 3 * a
    assert [float(x) for x in samples(run, "act")] == [16, 32, 48]
    # Its output of the first run is gone: the input of `b` is read for itself.
    std_in = run.layers.column(layersignals.STD_IN)
    assert std_in[1:, 2] == pytest.approx(std_in[1:, 2], nan_ok=False)
    assert (std_in[1:, 2] > b).all()


def test_outputs_that_are_no_tensor_are_taken_apart_or_left_out(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def __init__(self, wrap: Callable[[torch.Tensor], Any]) -> None:
            super().__init__()
            self.wrap = wrap

        def forward(self, x: torch.Tensor) -> Any:
            return self.wrap(x)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(8, 8)
            self.pair, self.dict = Odd(lambda x: (x, None)), Odd(lambda x: {"k": x})
            self.none, self.index = Odd(lambda x: None), Odd(lambda x: x.argmax(1))
            self.scalar, self.low = Odd(lambda x: x.sum()), Odd(lambda x: x.bfloat16())
            self.complex = Odd(lambda x: torch.view_as_complex(x.view(16, 4, 2)))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.dict(self.pair(self.fc(x))[0])["k"]
            for module in (self.none, self.index, self.scalar, self.complex):
                module(x)
            return self.low(x)

    model = Model()
    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        steps(model, 2)
    run = lossmon.read_run(monitor.logdir)
    assert run.meta is not None
    assert run.layers is not None
    rows = zip(run.meta.layers, run.layers.column(layersignals.STD_OUT)[0], strict=True)
    known = {info.name: bool(np.isfinite(std)) for info, std in rows}
    assert known == {
        "fc": True, "pair": True, "dict": True, "low": True,
        "none": False, "index": False, "scalar": False, "complex": False,
    }  # fmt: skip


def test_texts_of_any_length_are_read(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 20))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        for length in range(40, 60):
            optimizer.zero_grad()
            model(torch.randint(0, 20, (4, length))).square().mean().backward()
            optimizer.step()
    counts = samples(lossmon.read_run(monitor.logdir), "1")
    assert counts[:4] == [128, 256, 384, 512]
    assert not np.isnan(counts).any()


def test_batches_that_become_smaller_are_read_after_a_while(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        for size in (64, 64, 10, 64, *[10] * 10):
            optimizer.zero_grad()
            model(torch.randn(size, 8)).square().mean().backward()
            optimizer.step()
    counts = samples(lossmon.read_run(monitor.logdir), "1")
    assert counts[:2] == [64, 128]
    assert np.isnan(counts[2])
    assert counts[3] == 192
    assert counts[-1] >= 8


def test_a_layer_that_runs_later_gets_its_row(tmp_path: Path) -> None:
    class Late(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.early, self.late, self.is_late = nn.Linear(8, 8), nn.Linear(8, 8), False

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.early(x)
            return self.late(torch.relu(x)) if self.is_late else x

    model = Late()

    def change(step: int) -> None:
        model.is_late = step >= 2

    with lossmon.watch(model, logdir=tmp_path / "run", every=1) as monitor:
        steps(model, 8, change)
    run = lossmon.read_run(monitor.logdir)
    assert run.meta is not None
    assert run.layers is not None
    std = run.layers.column(layersignals.STD_OUT)
    assert not np.isnan(std[:, 0]).any()
    assert np.isnan(std[:3, 1]).all()
    assert not np.isnan(std[-3:, 1]).any()
    assert run.meta.layers[1].between == ("relu",)
    assert run.meta.layers[0].activation == "relu"
