"""One short training in a framework, watched by the line that the docs give for it.

    PYTHON -P benchmarks/packageframework.py FRAMEWORK LOGDIR

`benchmarks/packagetrial.py` starts it where the extra of that name alone was installed.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

STEPS = 64


def data() -> TensorDataset:
    """Return examples whose label their first three numbers tell."""
    x = torch.randn(16 * STEPS, 8)
    return TensorDataset(x, x[:, :3].argmax(1))


def model() -> nn.Module:
    """Return a small classifier."""
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


def loop(backward: Any, net: nn.Module, optimizer: Any, loader: Any) -> None:
    """Train as a loop of the user's does."""
    for x, y in loader:
        optimizer.zero_grad()
        backward(nn.functional.cross_entropy(net(x), y))
        optimizer.step()


def accelerate(line: Any, logdir: str) -> None:
    """Train with Accelerate."""
    from accelerate import Accelerator

    accelerator, net = Accelerator(cpu=True), model()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    net, optimizer, loader = accelerator.prepare(net, optimizer, DataLoader(data(), 16))
    with line.watch(accelerator, net, optimizer, logdir=logdir):
        loop(accelerator.backward, net, optimizer, loader)


def fabric(line: Any, logdir: str) -> None:
    """Train with Fabric."""
    from lightning.fabric import Fabric

    own, net = Fabric(accelerator="cpu", devices=1), model()
    net, optimizer = own.setup(net, torch.optim.Adam(net.parameters(), lr=1e-2))
    with line.watch(own, net, optimizer, logdir=logdir):
        loop(own.backward, net, optimizer, own.setup_dataloaders(DataLoader(data(), 16)))


def ignite(line: Any, logdir: str) -> None:
    """Train with Ignite."""
    from ignite.engine import create_supervised_trainer

    net = model()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    trainer = create_supervised_trainer(net, optimizer, nn.functional.cross_entropy)
    line.attach(trainer, net, optimizer, logdir=logdir)
    trainer.run(DataLoader(data(), 16), max_epochs=1)


def skorch(line: Any, logdir: str) -> None:
    """Train with skorch."""
    from skorch import NeuralNetClassifier

    watching = line.Monitor(logdir=logdir)
    options = {"criterion": nn.CrossEntropyLoss, "train_split": None, "verbose": 0}
    net = NeuralNetClassifier(
        model(), max_epochs=1, batch_size=16, callbacks=[watching], optimizer=torch.optim.Adam,
        lr=1e-2, **options,
    )  # fmt: skip
    net.fit(*(tensor.numpy() for tensor in data().tensors))


def lightning(line: Any, logdir: str) -> None:
    """Train with Lightning."""
    import lightning.pytorch as own

    class Classifier(own.LightningModule):  # type: ignore[misc]  # untyped where it is not installed
        def __init__(self) -> None:
            super().__init__()
            self.net = model()

        def training_step(self, batch: list[Tensor], index: int) -> Tensor:
            return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=1e-2)

    trainer = own.Trainer(
        max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, callbacks=[line.Monitor(logdir=logdir)],
    )  # fmt: skip
    trainer.fit(Classifier(), DataLoader(data(), 16))


def transformers(line: Any, logdir: str) -> None:
    """Train with transformers."""
    from transformers import Trainer, TrainingArguments

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = model()

        def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
            logits = self.net(x)
            return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

    arguments = TrainingArguments(
        output_dir="trainer", num_train_epochs=1, per_device_train_batch_size=16, use_cpu=True,
        report_to=[], save_strategy="no", learning_rate=1e-2,
    )  # fmt: skip
    examples = [{"x": x, "labels": y} for x, y in data()]
    watching = line.Monitor(logdir=logdir)
    Trainer(Classifier(), arguments, train_dataset=examples, callbacks=[watching]).train()


FRAMEWORKS = {
    found.__name__: found for found in (accelerate, fabric, ignite, lightning, skorch, transformers)
}


def main() -> None:
    """Train in the framework that is named, into the logdir that is named."""
    name, logdir = sys.argv[1:]
    torch.manual_seed(0)
    torch.set_num_threads(1)
    FRAMEWORKS[name](importlib.import_module(f"lossmon.integrations.{name}"), logdir)


if __name__ == "__main__":
    main()
