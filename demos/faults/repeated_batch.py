"""The loader is begun anew in every step, and always starts with the same batch."""

from __future__ import annotations

import torch
from _task import CLASSES, PIXELS, arguments, gratings, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=400)
    images, labels = gratings()
    loader = DataLoader(TensorDataset(images[:3200], labels[:3200]), batch_size=32)
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    batches = iter(loader)
    for step in range(args.steps):
        if not args.fixed or step % len(loader) == 0:  # the fault
            batches = iter(loader)
        x, y = next(batches)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 50 == 49:
            with torch.no_grad():
                print("  validation", criterion(model(images[3200:]), labels[3200:]).item())


if __name__ == "__main__":
    main()
