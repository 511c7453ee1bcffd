"""Lightning's Trainer with our callback records what a plain loop records."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import lightning as L
import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor, nn

import lossmon
from lossmon.capture.monitor import OPEN
from lossmon.errors import UsageError
from lossmon.integrations.lightning import Monitor
from lossmon.records import Run
from lossmon.signals import LOSS, UPDATE_NORM, VAL_LOSS

SHORT = ["accumulated", "nan"]
pytestmark = [pytest.mark.training, pytest.mark.xdist_group("lightning")]


class Module(L.LightningModule):
    def __init__(self, task: Any) -> None:
        super().__init__()
        self.task, self.net = task, task.net()

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        self.log("val_loss", self.training_step(batch, index))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.task.optimizer(self.net)


def trainer(task: Any, callbacks: list[Any], **options: Any) -> L.Trainer:
    settings = {
        "max_epochs": 1,
        "accelerator": "cpu",
        "logger": False,
        "accumulate_grad_batches": task.accumulate,
        "gradient_clip_val": task.clip,
        "precision": "bf16-mixed" if task.bf16 else "32-true",
        "enable_progress_bar": False,
        "enable_checkpointing": False,
        "enable_model_summary": False,
    }
    return L.Trainer(callbacks=callbacks, **{**settings, **options})


def train(task: Any, logdir: Path | None) -> nn.Module:
    module = Module(task)
    callbacks = [] if logdir is None else [Monitor(logdir, every=1)]
    trainer(task, callbacks).fit(module, task.loader())
    return module.net


def test_the_log_says_what_that_of_a_plain_loop_says(task: Any, agrees: Callable[..., Run]) -> None:
    agrees(task, train)


@pytest.mark.parametrize("task", SHORT, indirect=True, ids=lambda task: task)
def test_lossmon_run_alone_says_the_same_and_nothing_twice(
    task: Any, agrees_without_us: Callable[..., None]
) -> None:
    agrees_without_us(task, train)


def test_validation_is_recorded_at_the_step_that_it_follows(
    small: Any, tmp_path: Path, recorded: Callable[[], Run]
) -> None:
    fit = trainer(small, [Monitor(tmp_path / "run")], max_epochs=2, num_sanity_val_steps=1)
    fit.fit(Module(small), small.loader(), small.loader())
    series = recorded().scalar(VAL_LOSS)
    assert series is not None
    assert series.steps.tolist() == [small.steps - 1, 2 * small.steps - 1]


def test_the_run_lies_where_the_trainer_logs(small: Any, tmp_path: Path) -> None:
    mine = Monitor()
    logged = trainer(small, [mine], logger=CSVLogger(tmp_path, name="mine", version=3))
    logged.fit(Module(small), small.loader())
    assert mine.monitor is not None
    assert Path(mine.monitor.logdir) == tmp_path / "mine" / "version_3"
    trainer(small, [mine], default_root_dir=tmp_path).fit(Module(small), small.loader())
    assert Path(mine.monitor.logdir) == tmp_path / "runs" / "run"


@pytest.mark.parametrize("remembers", [True, False], ids=["Adam", "SGD"])
def test_a_checkpoint_is_where_the_run_goes_on(
    small: Any, tmp_path: Path, recorded: Callable[[], Run], remembers: bool
) -> None:
    def module() -> Module:
        found = Module(small)
        if not remembers:
            found.configure_optimizers = lambda: torch.optim.SGD(found.parameters(), lr=0.1)
        return found

    first = trainer(small, [Monitor(tmp_path / "run")])
    first.fit(module(), small.loader())
    first.save_checkpoint(tmp_path / "it.ckpt")
    again = trainer(small, [Monitor(tmp_path / "run")], max_epochs=2)
    again.fit(module(), small.loader(), ckpt_path=tmp_path / "it.ckpt")
    series = recorded().scalar(LOSS)
    assert series is not None
    assert series.steps.tolist() == list(range(2 * small.steps))


def test_an_exception_ends_the_log_and_passes_on(
    small: Any, tmp_path: Path, recorded: Callable[[], Run], ending: Callable[[Run], str]
) -> None:
    class Failing(Module):
        def on_train_batch_end(self, *_: Any) -> None:
            if self.global_step == 3:
                raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        trainer(small, [Monitor(tmp_path / "run")]).fit(Failing(small), small.loader())
    assert ending(recorded()) == "ValueError: on purpose"


def test_a_lost_training_is_stopped(
    small: Any, tmp_path: Path, lost_after: Callable[[int], None]
) -> None:
    lost_after(4)
    fit = trainer(small, [Monitor(tmp_path / "run")])
    fit.fit(Module(small), small.loader())
    assert fit.global_step == 4


def test_optimizers_that_a_module_steps_itself_are_watched(
    small: Any, tmp_path: Path, recorded: Callable[[], Run]
) -> None:
    class Manual(Module):
        automatic_optimization = False
        losses: ClassVar[list[float]] = []

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
            loss = super().training_step(batch, index)
            self.losses.append(loss.item())
            self.manual_backward(loss)
            for optimizer in self.optimizers():
                optimizer.step()
                optimizer.zero_grad()

        def configure_optimizers(self) -> Any:
            first, _, last = self.net
            return [self.task.optimizer(first), torch.optim.SGD(last.parameters(), lr=0.1)]

    trainer(small, [Monitor(tmp_path / "run", every=1)]).fit(Manual(small), small.loader())
    run = recorded()
    series = run.scalar(LOSS)
    assert series is not None
    assert series.values.tolist() == pytest.approx(Manual.losses)
    assert [group.optimizer for group in run.meta.groups] == ["Adam", "SGD"]
    assert (run.parameters.column(UPDATE_NORM) > 0).all()


def test_a_copy_watches_nothing_until_it_trains(small: Any, tmp_path: Path) -> None:
    class Copying(Callback):
        copies: ClassVar[list[Any]] = []

        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            self.copies += [copy.deepcopy(trainer.callbacks[0])]
            self.copies += [pickle.loads(pickle.dumps(trainer.callbacks[0]))]

    mine = Monitor(tmp_path / "run", every=2)
    trainer(small, [mine, Copying()]).fit(Module(small), small.loader())
    assert {made.monitor for made in Copying.copies} == {None}
    assert {(made.logdir, made.options["every"]) for made in Copying.copies} == {
        (tmp_path / "run", 2)
    }


def test_a_logdir_that_cannot_be_written_leaves_the_training_unwatched(
    small: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    fit = trainer(small, [Monitor(tmp_path / "file" / "run")])
    with pytest.warns(RuntimeWarning, match="cannot write to logdir .* goes on unwatched"):
        fit.fit(Module(small), small.loader())
    assert fit.global_step == small.steps


@pytest.mark.parametrize(
    ("options", "says"),
    [({"every": 0}, "every must be at least 1"), ({"evry": 1}, "no argument evry")],
)
def test_arguments_that_cannot_be_used_are_refused_at_once(
    options: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        Monitor(**options)


def test_either_package_takes_the_callback(small: Any, tmp_path: Path) -> None:
    import pytorch_lightning

    class Other(pytorch_lightning.LightningModule):
        training_step, configure_optimizers = Module.training_step, Module.configure_optimizers

        def __init__(self) -> None:
            super().__init__()
            self.task, self.net = small, small.net()

    mine = Monitor(tmp_path / "run")
    pytorch_lightning.Trainer(
        max_epochs=1, accelerator="cpu", logger=False, callbacks=[mine],
        enable_progress_bar=False, enable_checkpointing=False, enable_model_summary=False,
    ).fit(Other(), small.loader())  # fmt: skip
    assert len(lossmon.read_run(str(tmp_path / "run")).series[LOSS.tag]) == small.steps


def test_the_recipe_works(small: Any, tmp_path: Path, follow: Callable[..., Any]) -> None:
    follow("lightning", L=L, module=Module(small), val_loader=small.loader())
    run = lossmon.read_run(str(tmp_path / "lightning_logs" / "version_0"))
    assert len(run.series[LOSS.tag]) == 2 * small.steps
    assert len(run.series[VAL_LOSS.tag]) == 2
    stopping = follow("stopping", lossmon=lossmon)["callback"]
    assert stopping.options == {"stop_on": ("nan-in-loss", "error")}


def test_the_recipe_for_a_gan_gives_each_part_its_run(
    small: Any, tmp_path: Path, follow: Callable[..., Any]
) -> None:
    class Game(follow("gan", L=L, lossmon=lossmon)["GAN"]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.generator, self.critic = nn.Linear(2, 6), nn.Linear(6, 1)

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
            paint, judge = self.optimizers()
            fake = self.generator(batch[0][:, :2])
            doubt = nn.functional.softplus(self.critic(fake.detach()) - self.critic(batch[0]))
            self.manual_backward(doubt.mean())
            judge.step()
            judge.zero_grad()
            self.manual_backward(nn.functional.softplus(-self.critic(fake)).mean())
            paint.step()
            paint.zero_grad()

        def configure_optimizers(self) -> Any:
            return [small.optimizer(self.generator), small.optimizer(self.critic)]

    trainer(small, []).fit(Game(), small.loader())
    for monitor in list(OPEN):
        monitor.close()
    for part in ("generator", "critic"):
        run = lossmon.read_run(str(tmp_path / "runs" / "gan" / part))
        assert len(run.series[LOSS.tag]) == small.steps
