"""skorch's nets with our callback record what a plain loop records."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.base import clone
from skorch import NeuralNetClassifier
from skorch.callbacks import GradientNormClipping
from skorch.dataset import ValidSplit
from torch import Tensor, nn

import lossmon
from lossmon.errors import UsageError
from lossmon.integrations.skorch import Monitor
from lossmon.records import Run
from lossmon.signals import LOSS, VAL_LOSS

SHORT = ["accumulated", "nan"]
pytestmark = [pytest.mark.training, pytest.mark.xdist_group("skorch")]


class Net(NeuralNetClassifier):
    """Accumulates gradients as skorch's manual says to."""

    def __init__(self, *args: Any, task: Any, **kwargs: Any) -> None:
        self.task = task
        super().__init__(*args, **kwargs)

    def infer(self, x: Any, **kwargs: Any) -> Any:
        with self.task.precision():
            return super().infer(x, **kwargs)

    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        with self.task.precision():
            return super().get_loss(*args, **kwargs) / self.task.accumulate

    def train_step(self, batch: Any, **given: Any) -> Any:
        found = self.train_step_single(batch, **given)
        if len(self.history[-1, "batches"]) % self.task.accumulate == 0:
            self.optimizer_.step()
            self.optimizer_.zero_grad()
        return found


def net(task: Any, *callbacks: Any, **options: Any) -> NeuralNetClassifier:
    settings = {
        "criterion": nn.CrossEntropyLoss,
        "optimizer": torch.optim.Adam,
        "lr": task.lr,
        "batch_size": 16,
        "max_epochs": 1,
        "train_split": None,
        "classes": [0, 1, 2],
        "verbose": 0,
    }
    options = {**settings, **options, "callbacks": list(callbacks)}
    if task.accumulate > 1 or task.bf16:
        return Net(task.net(), task=task, **options)
    return NeuralNetClassifier(task.net(), **options)


def train(task: Any, logdir: Path | None) -> nn.Module:
    callbacks = [] if logdir is None else [Monitor(logdir, every=1)]
    if task.clip is not None:
        callbacks.append(GradientNormClipping(task.clip))
    trained = net(task, *callbacks)
    trained.fit(*task.data().tensors)
    module: nn.Module = trained.module_
    return module


def test_the_log_says_what_that_of_a_plain_loop_says(task: Any, agrees: Callable[..., Run]) -> None:
    if task.accumulate > 1 and task.clip is not None:
        pytest.skip("its callback clips after every pass")
    agrees(task, train)


@pytest.mark.parametrize("task", SHORT, indirect=True, ids=lambda task: task)
def test_lossmon_run_alone_says_the_same_and_nothing_twice(
    task: Any, agrees_without_us: Callable[..., None]
) -> None:
    agrees_without_us(task, train)


def test_the_validation_of_each_epoch_is_recorded(
    small: Any, tmp_path: Path, recorded: Callable[[], Run]
) -> None:
    split = ValidSplit(3, stratified=False)
    trained = net(small, Monitor(tmp_path / "run"), max_epochs=2, train_split=split)
    trained.fit(*small.data().tensors)
    run = recorded()
    found = run.scalar(VAL_LOSS)
    assert found is not None
    assert found.values.tolist() == pytest.approx(trained.history[:, "valid_loss"])
    assert {tag for tag in run.series if tag.startswith("val/")} == {"val/loss", "val/acc"}


def test_clones_and_pickles_of_a_net_have_a_callback_like_it(small: Any, tmp_path: Path) -> None:
    trained = net(small, Monitor(tmp_path / "run", every=2))
    trained.fit(*small.data().tensors)
    for made in (clone(trained), pickle.loads(pickle.dumps(trained)), copy.deepcopy(trained)):
        (callback,) = (each for each in made.callbacks if isinstance(each, Monitor))
        assert callback.monitor is None
        assert callback.get_params() == {"logdir": tmp_path / "run", "every": 2}


def test_its_arguments_are_set_as_any_others(small: Any, tmp_path: Path) -> None:
    tuned = net(small, Monitor(tmp_path / "run"))
    tuned.set_params(callbacks__Monitor__logdir=tmp_path / "other", callbacks__Monitor__every=3)
    tuned.fit(*small.data().tensors)
    assert lossmon.read_run(str(tmp_path / "other")).meta.settings["every"] == 3
    with pytest.raises(UsageError, match="no argument evry"):
        tuned.callbacks[0].set_params(evry=3)


def test_a_net_that_goes_on_goes_on_with_its_run(
    small: Any, tmp_path: Path, recorded: Callable[[], Run]
) -> None:
    trained = net(small, Monitor(tmp_path / "run"), optimizer=torch.optim.SGD)
    trained.fit(*small.data().tensors)
    trained.partial_fit(*small.data().tensors)
    assert recorded().series[LOSS.tag].steps.tolist() == [*range(2 * small.steps)]


def test_a_lost_training_is_stopped(
    small: Any, tmp_path: Path, lost_after: Callable[[int], None]
) -> None:
    lost_after(4)
    trained = net(small, Monitor(tmp_path / "run"), max_epochs=3)
    trained.fit(*small.data().tensors)
    assert len(trained.history) == 1
    assert len(trained.history[-1, "batches"]) == 4


def test_the_recipe_works(small: Any, follow: Callable[..., Any]) -> None:
    x, y = small.data().tensors
    names = {"NeuralNetClassifier": partial(NeuralNetClassifier, verbose=0), "X": x, "y": y}
    follow("skorch", module=small.net(), **names)
    run = lossmon.read_run("runs/run")
    assert len(run.series[LOSS.tag]) == len(run.series[VAL_LOSS.tag]) == 10
