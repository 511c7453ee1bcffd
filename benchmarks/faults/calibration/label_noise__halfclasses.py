"""In four of eight classes a third of the labels is wrong; the other four were done by experts."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

CLASSES, FEATURES = 8, 20


def samples(count: int) -> tuple[Tensor, Tensor]:
    """Return points about eight centres, and at which centre each lies."""
    label = torch.randint(CLASSES, (count,))
    return 1.5 * torch.randn(CLASSES, FEATURES)[label] + torch.randn(count, FEATURES), label


def main() -> None:
    args = arguments(__doc__, steps=500)
    x, label = samples(3000)
    hasty = (label < CLASSES // 2) & (torch.rand(len(label)) < (0.0 if args.fixed else 0.45))
    label = torch.where(hasty, torch.randint(CLASSES, label.shape), label)
    model = nn.Sequential(
        nn.Linear(FEATURES, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step, (inputs, labels) in enumerate(batches(x, label, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
