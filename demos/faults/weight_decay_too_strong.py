"""The decay pulls the weights to zero faster than the data can push them away.

A typical way here: the same number handed to an optimizer to which it means something else.
"""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn

DECAYS = {"adam": (1.0, 1e-5), "sgd": (0.5, 1e-4), "adamw": (100.0, 0.01)}


def build_optimizer(name: str, model: nn.Module, decay: float) -> torch.optim.Optimizer:
    if name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=decay)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
    return kind(model.parameters(), lr=1e-3, weight_decay=decay)


def main() -> None:
    args = arguments(__doc__, steps=600, optimizer=("adam", "sgd", "adamw"))
    images, labels = gratings()
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = build_optimizer(args.optimizer, model, DECAYS[args.optimizer][args.fixed])
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
