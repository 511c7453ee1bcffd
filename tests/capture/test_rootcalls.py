"""Which forward counts as the model's next one, and what is left behind: nothing."""

from __future__ import annotations

import copy
import io
import pickle
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.modules.module import _global_forward_pre_hooks

from lossmon.capture.compiling import has_compiled
from lossmon.capture.foreign import training_clock
from lossmon.capture.guard import Guard
from lossmon.capture.rootcalls import PATIENCE, RootCalls

Seen = list[tuple[tuple[Any, ...], dict[str, Any]]]


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 2)

    def forward(self, x: Tensor, *, scale: float = 1.0) -> Tensor:
        return self.inner(x * scale)


@pytest.fixture(autouse=True)
def nothing_is_compiled() -> None:
    if has_compiled():
        torch._dynamo.reset()


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def seen() -> Seen:
    return []


@pytest.fixture
def calls(model: Model, seen: Seen) -> Iterator[RootCalls]:
    def see(args: Any, kwargs: Any) -> None:
        seen.append((args, dict(kwargs)))

    found = RootCalls([model], see, Guard(lambda collector, error: None))
    yield found
    found.remove()


X = torch.ones(3, 4)


def test_the_models_next_forward_is_seen_once(model: Model, calls: RootCalls, seen: Seen) -> None:
    calls.arm()
    model(X)
    model(X)
    assert len(seen) == 1
    assert seen[0][0][0] is X
    assert not _global_forward_pre_hooks


def test_keyword_arguments_are_seen_too(model: Model, calls: RootCalls, seen: Seen) -> None:
    calls.arm()
    model(x=X, scale=2.0)
    assert seen[0][0] == ()
    assert seen[0][1]["x"] is X
    assert not model._forward_hooks
    model(x=X)
    assert len(seen) == 1


def test_a_forward_that_raises_leaves_nothing_behind(
    model: Model, calls: RootCalls, seen: Seen
) -> None:
    calls.arm()
    with pytest.raises(RuntimeError):
        model(x=torch.ones(3, 5))
    calls.arm()
    assert not model._forward_hooks
    model(X)
    assert len(seen) == 1


def test_a_wrapper_around_the_model_counts_as_the_model(
    model: Model, calls: RootCalls, seen: Seen
) -> None:
    class Wrapper(nn.Module):
        def __init__(self, module: nn.Module) -> None:
            super().__init__()
            self.module = module

        def forward(self, x: Tensor, y: int) -> Tensor:
            return self.module(x)

    calls.arm()
    Wrapper(model)(X, 3)
    assert [len(args) for args, _ in seen] == [2]


def test_a_part_counts_where_the_whole_is_never_called(
    model: Model, calls: RootCalls, seen: Seen
) -> None:
    calls.arm()
    model.inner(X)
    assert len(seen) == 1


def test_other_models_do_not_count(calls: RootCalls, seen: Seen) -> None:
    calls.arm()
    nn.Linear(4, 2)(X)
    assert seen == []
    assert _global_forward_pre_hooks


def test_the_wait_ends_with_the_forward(model: Model, calls: RootCalls) -> None:
    calls.arm(training_clock() - 5)
    model(X)
    waited = calls.take_wait()
    assert waited is not None
    assert 5 <= waited < 60
    assert calls.take_wait() is None


def test_an_evaluation_is_not_looked_at_and_its_time_is_not_called_waiting(
    model: Model, calls: RootCalls, seen: Seen
) -> None:
    calls.arm(training_clock())
    with torch.no_grad():
        model(X)
    assert seen == []
    model(X)
    assert len(seen) == 1
    assert calls.take_wait() is None


def test_a_long_evaluation_is_not_watched_to_its_end(
    model: Model, calls: RootCalls, seen: Seen
) -> None:
    calls.arm()
    with torch.no_grad():
        for _ in range(PATIENCE):
            model(X)
    assert not _global_forward_pre_hooks
    calls.arm()
    model(X)
    assert len(seen) == 1


def test_forwards_of_other_threads_do_not_count(model: Model, calls: RootCalls, seen: Seen) -> None:
    calls.arm()
    actor = threading.Thread(target=model, args=(X,))
    actor.start()
    actor.join()
    assert seen == []


def test_an_armed_model_can_be_copied_saved_scripted_and_traced(
    model: Model, calls: RootCalls, seen: Seen
) -> None:
    calls.arm()
    copy.deepcopy(model)
    pickle.dumps(model)
    torch.save(model, io.BytesIO())
    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        torch.jit.script(nn.Sequential(model.inner))
        torch.jit.trace(model, (X,))
        torch.fx.symbolic_trace(model.inner)
    assert seen == []


def test_transforms_of_torch_func_are_no_training(
    model: Model, calls: RootCalls, seen: Seen
) -> None:
    parameters = dict(model.named_parameters())
    calls.arm()
    grad(lambda p: functional_call(model, p, (X,)).sum())(parameters)
    vmap(lambda x: functional_call(model, parameters, (x,)))(X)
    assert seen == []


def test_a_failing_look_never_reaches_the_training(model: Model) -> None:
    def fail(args: Any, kwargs: Any) -> None:
        raise ValueError("ours")

    calls = RootCalls([model], fail, Guard(lambda collector, error: None))
    calls.arm()
    with pytest.warns(RuntimeWarning, match="inputs could not be recorded"):
        model(X)
    calls.arm()
    assert model(x=X).shape == (3, 2)
    calls.remove()


def test_the_model_is_not_kept_alive() -> None:
    model = Model()
    calls = RootCalls([model], lambda args, kwargs: None, Guard(lambda collector, error: None))
    calls.arm()
    calls.remove()
    reference = calls._roots[0]
    del model
    assert reference() is None


@pytest.fixture
def compiling() -> Iterator[Any]:
    import torch._dynamo.testing

    torch._dynamo.reset()
    yield torch._dynamo.testing.CompileCounter()
    torch._dynamo.reset()


@pytest.mark.parametrize("whole", [True, False], ids=["the compiled one", "the one inside"])
def test_nothing_is_compiled_anew_and_nothing_warned_of(
    whole: bool, model: Model, seen: Seen, compiling: Any
) -> None:
    compiled = torch.compile(model, backend=compiling)
    assert has_compiled()
    calls = RootCalls(
        [compiled if whole else model],
        lambda args, kwargs: seen.append((args, dict(kwargs))),
        Guard(lambda collector, error: None),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for step in range(6):
            if step % 2:
                calls.arm()
            compiled(X)
            calls.disarm()
    calls.remove()
    assert compiling.frame_count == 1
    assert len(seen) == (3 if whole else 0)
