"""What the capture benchmark compares: ways to watch a training, each from the loop it needs.

A watcher is entered with model, optimizer and an empty folder, and gives what the loop calls after
each step with its loss.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

After = Callable[[Tensor], Any]
Watcher = Callable[[nn.Module, Optimizer, Path], AbstractContextManager[After]]


@contextmanager
def nothing(model: nn.Module, optimizer: Optimizer, folder: Path) -> Iterator[After]:
    """The control: a second copy of the model, watched by nobody."""
    yield lambda loss: None


def lossmon_watch(**options: Any) -> Watcher:
    """Our own, with these options of `watch`."""

    @contextmanager
    def watcher(model: nn.Module, optimizer: Optimizer, folder: Path) -> Iterator[After]:
        import lossmon

        with lossmon.watch(model, optimizer, logdir=folder / "run", **options) as monitor:
            yield monitor.step

    return watcher


def wandb_watch(log_freq: int | None) -> Watcher:
    """`wandb.watch(log="all")`, offline, and the loss of every step; None: its own frequency."""

    @contextmanager
    def watcher(model: nn.Module, optimizer: Optimizer, folder: Path) -> Iterator[After]:
        os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
        import wandb

        with wandb.init(project="benchmark", dir=folder) as run:
            often = {} if log_freq is None else {"log_freq": log_freq}
            run.watch(model, log="all", **often)
            yield lambda loss: run.log({"loss": loss.item()})

    return watcher


@contextmanager
def unheard() -> Iterator[None]:
    """Keep a block of the unwatched copy from lossmon, which listens to every optimizer."""
    if "lossmon.capture.routes" not in sys.modules:
        yield
        return
    from lossmon.capture.hooks import TAPS
    from lossmon.capture.routes import ROUTES

    TAPS.discard(ROUTES)
    yield
    TAPS.add(ROUTES)


@contextmanager
def norm_scalars(model: nn.Module, optimizer: Optimizer, folder: Path) -> Iterator[After]:
    """Each gradient's `.norm().item()` by `add_scalar`: what people write by hand."""
    from torch.utils.tensorboard import SummaryWriter

    writer, step = SummaryWriter(folder), 0

    def after(loss: Tensor) -> None:
        nonlocal step
        writer.add_scalar("loss", loss.item(), step)
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                writer.add_scalar(f"grad/{name}", parameter.grad.norm().item(), step)
        step += 1

    with writer:
        yield after


@contextmanager
def histograms(model: nn.Module, optimizer: Optimizer, folder: Path) -> Iterator[After]:
    """`add_histogram` of every weight and gradient."""
    from torch.utils.tensorboard import SummaryWriter

    writer, step = SummaryWriter(folder), 0

    def after(loss: Tensor) -> None:
        nonlocal step
        writer.add_scalar("loss", loss.item(), step)
        for name, parameter in model.named_parameters():
            writer.add_histogram(name, parameter, step)
            if parameter.grad is not None and bool(torch.isfinite(parameter.grad).all()):
                writer.add_histogram(f"grad/{name}", parameter.grad, step)
        step += 1

    with writer:
        yield after


WATCHERS: dict[str, Watcher] = {
    "nobody (control)": nothing,
    "lossmon": lossmon_watch(),
    "lossmon norms, every step": lossmon_watch(every=1, signals="norms"),
    "lossmon all, every step": lossmon_watch(every=1),
    "wandb.watch all, default": wandb_watch(None),
    "wandb.watch all, 10": wandb_watch(10),
    "wandb.watch all, 1": wandb_watch(1),
    ".norm().item() + add_scalar": norm_scalars,
    "add_histogram": histograms,
}
